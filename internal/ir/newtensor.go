package ir

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"

	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// NewFloats makes a float32 tensor of shape dims; nil dims are a scalar. values are row-major, bit by bit, NaN with its
// payload. It copies values and keeps dims. It panics if the product of dims is not len(values).
func NewFloats(name string, dims []int64, values []float32) *onnxpb.TensorProto {
	raw := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return NewTensor(name, Float, dims, raw)
}

// NewInts makes a tensor of integers of 4 to 64 bits or of booleans, of 0 and 1. values are row-major; of each it keeps
// the low bits that fit the type, so that a value out of range wraps around. It keeps dims and panics if their product
// is not len(values).
func NewInts(name string, t DType, dims []int64, values []int64) *onnxpb.TensorProto {
	if ElemBits(t) == 4 {
		raw := make([]byte, (len(values)+1)/2)
		for i, v := range values {
			raw[i/2] |= byte(v) & 0xf << (i % 2 * 4)
		}
		return NewTensor(name, t, dims, raw)
	}
	size := int(ElemBits(t) / 8)
	raw := make([]byte, 0, size*len(values))
	for _, v := range values {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(v))
		raw = append(raw, b[:size]...)
	}
	return NewTensor(name, t, dims, raw)
}

// TakeFloats is NewFloats without the copy, which matters for gigabytes of weights: on a little-endian machine the
// tensor keeps values. The caller must not use them any more.
func TakeFloats(name string, dims []int64, values []float32) Tensor {
	one := [2]byte{1, 0}
	if len(values) == 0 || binary.NativeEndian.Uint16(one[:]) != 1 {
		return NewFloats(name, dims, values)
	}
	return NewTensor(name, Float, dims, unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), 4*len(values)))
}

// NewTensor makes a tensor of little-endian raw bytes, row-major, with elements below 8 bits packed, the first of a
// byte in its low bits (onnx.proto, TensorProto.raw_data). It keeps raw and dims, which the caller must not change any
// more. It panics if raw has not ByteSize(t, dims) bytes.
func NewTensor(name string, t DType, dims []int64, raw []byte) Tensor {
	size, err := ByteSize(t, dims)
	if err != nil || size != int64(len(raw)) {
		panic(fmt.Sprintf("onnx: %d bytes for tensor %q of type %s and dimensions %v", len(raw), name, t, dims))
	}
	return &onnxpb.TensorProto{Name: &name, DataType: (*int32)(t.Enum()), Dims: dims, RawData: raw}
}

// rawTensor returns t with its data as raw bytes: t itself if it has them so, else a new tensor; nil for strings.
func rawTensor(t Tensor) (Tensor, error) {
	if t.RawData != nil {
		return t, nil
	}
	if err := CheckTensor(t); err != nil {
		return nil, err
	}
	var raw []byte
	le := binary.LittleEndian
	bits := ElemBits(DType(t.GetDataType()))
	switch typ := DType(t.GetDataType()); typ {
	case onnxpb.TensorProto_STRING:
		return nil, nil
	case Float, onnxpb.TensorProto_COMPLEX64:
		for _, v := range t.FloatData {
			raw = le.AppendUint32(raw, math.Float32bits(v))
		}
	case Double, onnxpb.TensorProto_COMPLEX128:
		for _, v := range t.DoubleData {
			raw = le.AppendUint64(raw, math.Float64bits(v))
		}
	case Int64:
		for _, v := range t.Int64Data {
			raw = le.AppendUint64(raw, uint64(v))
		}
	case onnxpb.TensorProto_UINT64, onnxpb.TensorProto_UINT32:
		for _, v := range t.Uint64Data {
			raw = append(raw, le.AppendUint64(nil, v)[:bits/8]...)
		}
	default: // packed elements below 8 bits take a byte each time
		for _, v := range t.Int32Data {
			raw = append(raw, le.AppendUint32(nil, uint32(v))[:max(bits, 8)/8]...)
		}
	}
	if raw == nil {
		raw = []byte{}
	}
	c := wire.CloneTensor(t)
	c.RawData, c.FloatData, c.DoubleData, c.Int32Data, c.Int64Data, c.Uint64Data = raw, nil, nil, nil, nil, nil
	return c, nil
}

// NewValue makes the declaration of a tensor: of an input, an output or a value info. A size of -1 has neither value
// nor symbol there. Without dims it is a scalar's; one without a known rank has no shape, which this does not make.
func NewValue(name string, t DType, dims []int64) *onnxpb.ValueInfoProto {
	elem := int32(t)
	v := &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem}}}}
	SetShape(v, dims)
	return v
}

// SetShape sets the shape in the declaration of a tensor. A size of -1 keeps the symbol of that axis if the rank does
// not change. It does nothing if v is no tensor.
func SetShape(v *onnxpb.ValueInfoProto, dims []int64) {
	t := v.GetType().GetTensorType()
	if t == nil {
		return
	}
	old := t.GetShape().GetDim()
	t.Shape = &onnxpb.TensorShapeProto{Dim: make([]*onnxpb.TensorShapeProto_Dimension, len(dims))}
	for i, d := range dims {
		t.Shape.Dim[i] = new(onnxpb.TensorShapeProto_Dimension)
		if d >= 0 {
			t.Shape.Dim[i].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}
		} else if len(old) == len(dims) {
			t.Shape.Dim[i] = old[i]
		}
	}
}
