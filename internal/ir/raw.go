package ir

import (
	"encoding/binary"
	"math"

	"example.org/demote/mistake"
)

// RawBytes returns the little-endian elements of a tensor, and the size of one; 0 for types that are not whole bytes.
// The bytes belong to the tensor.
func RawBytes(t Tensor) ([]byte, int, error) {
	typ := DType(t.GetDataType())
	bits := ElemBits(typ)
	if bits < 8 || bits > 64 {
		return nil, 0, nil
	}
	if err := CheckTensor(t); err != nil {
		return nil, 0, err
	}
	size := int(bits / 8)
	if t.GetRawData() != nil {
		return t.GetRawData(), size, nil
	}
	n := int(MustCount(t))
	out := make([]byte, 0, n*size)
	switch typ {
	case Float:
		for _, v := range t.FloatData {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	case Double:
		for _, v := range t.DoubleData {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	case Float16, BFloat16:
		for i := range n {
			out = binary.LittleEndian.AppendUint16(out, bits16(t, i))
		}
	default:
		values, err := Ints(t)
		if err != nil {
			return nil, 0, nil // 8-bit floats, complex numbers
		}
		out = NewInts("", typ, t.GetDims(), values).RawData
	}
	return out, size, nil
}

// axis maps a negative axis to its place; the error is for one outside rank dimensions.
func AxisOf(axis int64, rank int) (int, error) {
	if axis < -int64(rank) || axis >= int64(rank) {
		return 0, mistake.Errorf("axis %d of %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += int64(rank)
	}
	return int(axis), nil
}

// Truth is the number that ONNX has for a boolean.
func Truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// strides returns the distances between neighbours along each dimension of a row-major tensor.
func StridesOf(dims []int64) []int64 {
	strides := make([]int64, len(dims))
	step := int64(1)
	for d := len(dims) - 1; d >= 0; d-- {
		strides[d] = step
		step *= dims[d]
	}
	return strides
}
