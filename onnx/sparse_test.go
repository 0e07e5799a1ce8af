package onnx

import (
	"math"
	"slices"
	"testing"

	"demote/onnx/onnxpb"
)

// sparse makes a sparse tensor with linear indices, or one a dimension.
func sparse(values tensor, at []int64, perAxis bool, dims ...int64) *onnxpb.SparseTensorProto {
	shape := []int64{int64(len(at))}
	if perAxis {
		shape = []int64{int64(len(at) / max(1, len(dims))), int64(len(dims))}
	}
	return &onnxpb.SparseTensorProto{Values: values, Indices: NewInts("", Int64, shape, at), Dims: dims}
}

// TestSparseIsDense holds that sparse tensors are read as the dense ones that they stand for, wherever they are and in every type.
func TestSparseIsDense(t *testing.T) {
	want := []float32{0, 2, 0, 0, 0, -3}
	for name, s := range map[string]*onnxpb.SparseTensorProto{
		"linear":   sparse(NewFloats("w", []int64{2}, []float32{2, -3}), []int64{1, 5}, false, 2, 3),
		"by axis":  sparse(NewFloats("w", []int64{2}, []float32{2, -3}), []int64{0, 1, 1, 2}, true, 2, 3),
		"unsorted": sparse(NewFloats("w", []int64{2}, []float32{-3, 2}), []int64{5, 1}, false, 2, 3),
		"typed":    sparse(&onnxpb.TensorProto{Name: str("w"), Dims: []int64{2}, DataType: new(int32(Float)), FloatData: []float32{2, -3}}, []int64{1, 5}, false, 2, 3),
	} {
		t.Run(name, func(t *testing.T) {
			b := newNet(17, -1, 2).node("MatMul", []string{"x", "w"}, []string{"y"}).output("y")
			b.p.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{s}
			m := b.model(t)
			if got, err := Floats(initializer(t, m, "w")); err != nil || !slices.Equal(got, want) || len(m.Graph().SparseInitializer) > 0 {
				t.Errorf("%v, %v", got, err)
			}
			body := &onnxpb.GraphProto{Name: str("body"), SparseInitializer: []*onnxpb.SparseTensorProto{s}, Output: []*onnxpb.ValueInfoProto{newValue("w", Float, []int64{2, 3})}}
			m = newNet(17, -1, 2).node("If", []string{"c"}, []string{"y"}, &onnxpb.AttributeProto{Name: str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body},
				&onnxpb.AttributeProto{Name: str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).output("y").with("c").model(t)
			if g := subgraphs(find(t, m, "y"))[0]; len(g.Initializer) != 1 || len(g.SparseInitializer) != 0 {
				t.Errorf("in a body: %v", g)
			}
			m = newNet(17, -1, 2).node("Constant", nil, []string{"w"}, &onnxpb.AttributeProto{Name: str("sparse_value"), Type: onnxpb.AttributeProto_SPARSE_TENSOR.Enum(), SparseTensor: s}).
				node("MatMul", []string{"x", "w"}, []string{"y"}).output("y").model(t)
			if got, err := Floats(constantValue(find(t, m, "w"))); err != nil || !slices.Equal(got, want) {
				t.Errorf("of a Constant: %v, %v", got, err)
			}
		})
	}
	for typ, values := range map[DType]tensor{
		Int64: NewInts("w", Int64, []int64{1}, []int64{-7}), Int8: NewInts("w", Int8, []int64{1}, []int64{-7}), Int32: {Name: str("w"), Dims: []int64{1}, DataType: new(int32(Int32)), Int32Data: []int32{-7}},
		Int16: {Name: str("w"), Dims: []int64{1}, DataType: new(int32(Int16)), Int32Data: []int32{-7}}, Uint8: {Name: str("w"), Dims: []int64{1}, DataType: new(int32(Uint8)), Int32Data: []int32{249}},
	} {
		b := newNet(17, -1, 3).node("Identity", []string{"x"}, []string{"y"}).node("Cast", []string{"w"}, []string{"z"}, intAttr("to", 1)).output("y", "z")
		b.p.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{sparse(values, []int64{2}, false, 3)}
		got, err := Ints(initializer(t, b.model(t), "w"))
		if last := map[bool]int64{true: 249, false: -7}[typ == Uint8]; err != nil || !slices.Equal(got, []int64{0, 0, last}) {
			t.Errorf("%s: %v, %v", typ, got, err)
		}
	}
	double := sparse(&onnxpb.TensorProto{Name: str("w"), Dims: []int64{1}, DataType: new(int32(Double)), DoubleData: []float64{math.Pi}}, []int64{0}, false, 1)
	b := newNet(17, -1, 2).node("Identity", []string{"x"}, []string{"y"}).output("y")
	b.p.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{double}
	if got, err := Floats(initializer(t, b.model(t), "w")); err != nil || got[0] != math.Pi {
		t.Errorf("double: %v, %v", got, err)
	}
}

// with adds a boolean input.
func (b *net) with(name string) *net {
	b.p.Graph.Input = append(b.p.Graph.Input, newValue(name, Bool, []int64{1}))
	return b
}

// TestBadSparse refuses sparse tensors that say what cannot be, before anything is made for them.
func TestBadSparse(t *testing.T) {
	one := NewFloats("w", []int64{1}, []float32{2})
	for text, s := range map[string]*onnxpb.SparseTensorProto{
		"index 6 lies outside of":                        sparse(one, []int64{6}, false, 2, 3),
		"index -1 lies outside of":                       sparse(one, []int64{-1}, false, 2, 3),
		"index [1 3] lies outside of":                    sparse(one, []int64{1, 3}, true, 2, 3),
		"have indices of dimensions [2]":                 sparse(one, []int64{1, 3}, false, 2, 3),
		"have indices of dimensions [2 2]":               sparse(one, []int64{1, 1, 0, 0}, true, 2, 3),
		"take more than 1024 MiB":                        sparse(one, []int64{1}, false, 1<<20, 1<<20),
		"are too large":                                  sparse(one, []int64{1}, false, 1<<40, 1<<40),
		"index 0 lies outside of [0]":                    sparse(one, []int64{0}, false, 0),
		"of type FLOAT and dimensions [1] has 0 values":  sparse(&onnxpb.TensorProto{Name: str("w"), Dims: []int64{1}, DataType: new(int32(Float))}, []int64{1}, false, 2, 3),
		"sparse tensors of type UINT4 are not supported": sparse(&onnxpb.TensorProto{Name: str("w"), Dims: []int64{1}, DataType: new(int32(onnxpb.TensorProto_UINT4)), RawData: []byte{1}}, []int64{1}, false, 2, 3),
	} {
		b := newNet(17, -1, 2).node("Identity", []string{"x"}, []string{"y"}).output("y")
		b.p.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{s}
		_, err := Parse(b.bytes(t), "")
		checkBad(t, err, text)
	}
}
