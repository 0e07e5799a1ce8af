package ir

import (
	"encoding/binary"
	"math"

	"example.org/demote/mistake"
)

// RawBytes returns the elements of a tensor as little-endian bytes, row-major, and the size of an element in bytes, 1
// to 8. The size is 0, without bytes, for strings and for types below 8 or above 64 bits; and for 8-bit floats and
// complex64 that are not stored as raw data. The tensor may own the bytes: read only. The error is a mistake.Err if
// the data do not fit the shape.
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

// AxisOf returns an axis as 0 to rank-1; a negative axis counts from the end. The error is a mistake.Err for an axis
// out of range.
func AxisOf(axis int64, rank int) (int, error) {
	if axis < -int64(rank) || axis >= int64(rank) {
		return 0, mistake.Errorf("axis %d of %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += int64(rank)
	}
	return int(axis), nil
}

// Truth returns the number of a boolean in ONNX, 0 or 1.
func Truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// StridesOf returns the distance, in elements, between neighbours along each axis of a row-major tensor: 1 for the
// last, and for each other the product of the sizes behind it. The slice is new.
func StridesOf(dims []int64) []int64 {
	strides := make([]int64, len(dims))
	step := int64(1)
	for d := len(dims) - 1; d >= 0; d-- {
		strides[d] = step
		step *= dims[d]
	}
	return strides
}
