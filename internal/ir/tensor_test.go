package ir

import (
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/onnx/onnxpb"
)

func TestTensorValues(t *testing.T) {
	typed := func(typ DType, n int64, fill func(*onnxpb.TensorProto)) *onnxpb.TensorProto {
		x := &onnxpb.TensorProto{Name: Str("t"), DataType: proto.Int32(int32(typ)), Dims: []int64{n}}
		fill(x)
		return x
	}
	ints := []struct {
		name string
		t    *onnxpb.TensorProto
		want []int64
	}{
		{"int64 raw", NewInts("t", Int64, []int64{2}, []int64{-1, 1 << 40}), []int64{-1, 1 << 40}},
		{"int64", typed(Int64, 2, func(x *onnxpb.TensorProto) { x.Int64Data = []int64{-1, 5} }), []int64{-1, 5}},
		{"int32 raw", NewInts("t", Int32, []int64{2}, []int64{-7, 7}), []int64{-7, 7}},
		{"int8", typed(Int8, 2, func(x *onnxpb.TensorProto) { x.Int32Data = []int32{-128, 127} }), []int64{-128, 127}},
		{"uint8 raw", NewInts("t", Uint8, []int64{2}, []int64{255, 1}), []int64{255, 1}},
		{"uint16", typed(Uint16, 1, func(x *onnxpb.TensorProto) { x.Int32Data = []int32{65535} }), []int64{65535}},
		{"bool", typed(Bool, 3, func(x *onnxpb.TensorProto) { x.RawData = []byte{0, 1, 2} }), []int64{0, 1, 1}},
		{"uint32", typed(onnxpb.TensorProto_UINT32, 1, func(x *onnxpb.TensorProto) { x.Uint64Data = []uint64{1<<32 - 1} }), []int64{1<<32 - 1}},
		{"int4 raw", typed(onnxpb.TensorProto_INT4, 3, func(x *onnxpb.TensorProto) { x.RawData = []byte{0x8f, 0x07} }), []int64{-1, -8, 7}},
		{"uint4", typed(onnxpb.TensorProto_UINT4, 3, func(x *onnxpb.TensorProto) { x.Int32Data = []int32{0x8f, 0x07} }), []int64{15, 8, 7}},
		{"none", NewInts("t", Int64, []int64{0}, nil), []int64{}},
	}
	for _, c := range ints {
		t.Run(c.name, func(t *testing.T) {
			got, err := Ints(c.t)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("values %v, %v, want %v", got, err, c.want)
			}
			raw, err := rawTensor(c.t)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Ints(raw); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("raw values %v, %v, want %v", got, err, c.want)
			}
		})
	}
	floats := []struct {
		name string
		t    *onnxpb.TensorProto
		want []float32
	}{
		{"float raw", NewFloats("t", []int64{2}, []float32{1.5, -2}), []float32{1.5, -2}},
		{"float", typed(Float, 2, func(x *onnxpb.TensorProto) { x.FloatData = []float32{1.5, -2} }), []float32{1.5, -2}},
		{"double", typed(Double, 1, func(x *onnxpb.TensorProto) { x.DoubleData = []float64{0.1} }), []float32{0.1}},
		{"float16 raw", typed(Float16, 1, func(x *onnxpb.TensorProto) { x.RawData = []byte{0, 0x3c} }), []float32{1}},
		{"float16", typed(Float16, 1, func(x *onnxpb.TensorProto) { x.Int32Data = []int32{0xc000} }), []float32{-2}},
		{"bfloat16", typed(BFloat16, 1, func(x *onnxpb.TensorProto) { x.RawData = []byte{0x80, 0x3f} }), []float32{1}},
		{"scalar", NewFloats("t", nil, []float32{3}), []float32{3}},
	}
	for _, c := range floats {
		t.Run(c.name, func(t *testing.T) {
			got, err := Floats(c.t)
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("values %v, %v, want %v", got, err, c.want)
			}
			if raw, err := rawTensor(c.t); err != nil {
				t.Error(err)
			} else if got, err := Floats(raw); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("raw values %v, %v, want %v", got, err, c.want)
			}
		})
	}
	if _, err := Floats(NewInts("t", Int64, nil, []int64{1})); err == nil {
		t.Error("integers pass for floats")
	}
	if _, err := Ints(NewFloats("t", nil, []float32{1})); err == nil {
		t.Error("floats pass for integers")
	}
}

func TestCount(t *testing.T) {
	cases := []struct {
		dims []int64
		n    int64
		ok   bool
	}{
		{nil, 1, true}, {[]int64{2, 3}, 6, true}, {[]int64{0, 7}, 0, true}, {[]int64{0, math.MaxInt64, math.MaxInt64}, 0, false}, {[]int64{-1}, 0, false},
		{[]int64{1 << 31, 1 << 31}, 1 << 62, true}, {[]int64{1 << 31, 1 << 32}, 0, false}, {[]int64{0, -1}, 0, false},
	}
	for _, c := range cases {
		if n, err := Count(c.dims); n != c.n || (err == nil) != c.ok {
			t.Errorf("count(%v) = %d, %v", c.dims, n, err)
		}
	}
}
