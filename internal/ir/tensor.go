package ir

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"example.org/demote/internal/float16"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// ElemBits returns the size of an element in bits, 2 to 128, or 0 for strings and unknown types. Raw data pack
// elements below 8 bits; a boolean takes a byte.
func ElemBits(t DType) int64 {
	switch t {
	case onnxpb.TensorProto_UINT2, onnxpb.TensorProto_INT2:
		return 2
	case onnxpb.TensorProto_UINT4, onnxpb.TensorProto_INT4, onnxpb.TensorProto_FLOAT4E2M1:
		return 4
	case Int8, Uint8, Bool, onnxpb.TensorProto_FLOAT8E4M3FN, onnxpb.TensorProto_FLOAT8E4M3FNUZ,
		onnxpb.TensorProto_FLOAT8E5M2, onnxpb.TensorProto_FLOAT8E5M2FNUZ, onnxpb.TensorProto_FLOAT8E8M0:
		return 8
	case Int16, Uint16, Float16, BFloat16:
		return 16
	case Float, Int32, onnxpb.TensorProto_UINT32:
		return 32
	case Double, Int64, onnxpb.TensorProto_UINT64, onnxpb.TensorProto_COMPLEX64:
		return 64
	case onnxpb.TensorProto_COMPLEX128:
		return 128
	}
	return 0
}

// Count returns the number of elements of a shape, its product: 1 for a scalar, 0 where a dimension is 0. The error is
// a mistake.Err for a negative dimension, or for dimensions other than 0 whose product is above 2^62, so that a file
// cannot have sizes wrap around.
func Count(dims []int64) (int64, error) {
	n, zero := int64(1), false
	for _, d := range dims {
		switch {
		case d < 0:
			return 0, mistake.Errorf("negative dimension in %v", dims)
		case d == 0:
			zero = true
		case n > (1<<62)/d:
			return 0, mistake.Errorf("dimensions %v are too large", dims)
		default:
			n *= d
		}
	}
	if zero {
		return 0, nil
	}
	return n, nil
}

// ByteSize returns the number of bytes of the raw data of a tensor with this type and shape. Elements below 8 bits are
// packed without gaps between rows, and the last byte is filled up (onnx.proto, TensorProto.raw_data). The error is a
// mistake.Err for shapes as in Count and for types without a fixed size.
func ByteSize(t DType, dims []int64) (int64, error) {
	n, err := Count(dims)
	if err != nil {
		return 0, err
	}
	bits := ElemBits(t)
	if bits == 0 {
		return 0, mistake.Errorf("element type %s has no fixed size", t)
	}
	if n > (1<<62)/bits {
		return 0, mistake.Errorf("dimensions %v are too large", dims)
	}
	return (n*bits + 7) / 8, nil
}

// Floats returns the values of a tensor of a float type as float32, row-major. They are exact for float, float16 and
// bfloat16, and rounded to nearest for double, beyond the largest float32 to infinity. NaN and infinities stay. The
// slice is new. The error is a mistake.Err for other types, 8-bit floats among them, or if the data do not fit the
// shape.
func Floats(t *onnxpb.TensorProto) ([]float32, error) {
	if err := CheckTensor(t); err != nil {
		return nil, err
	}
	n, raw := int(MustCount(t)), t.GetRawData()
	out := make([]float32, n)
	typ := DType(t.GetDataType())
	for i := range out {
		switch {
		case typ == Float && raw != nil:
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		case typ == Float:
			out[i] = t.FloatData[i]
		case typ == Double && raw != nil:
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:])))
		case typ == Double:
			out[i] = float32(t.DoubleData[i])
		case typ == Float16:
			out[i] = float16.Value(bits16(t, i))
		case typ == BFloat16:
			out[i] = float16.BrainValue(bits16(t, i))
		default:
			return nil, mistake.Errorf("tensor %q is of type %s, not float", t.GetName(), typ)
		}
	}
	return out, nil
}

// bits16 returns the bits of element i of a tensor of 16-bit floats, which raw data or Int32Data hold.
func bits16(t Tensor, i int) uint16 {
	if raw := t.GetRawData(); raw != nil {
		return binary.LittleEndian.Uint16(raw[2*i:])
	}
	return uint16(t.Int32Data[i])
}

// Ints returns the values of a tensor of integers or booleans (0 and 1), row-major, also of 2 and 4 bits; a uint64 of
// 2^63 and more wraps around to a negative number. The slice is new. The error is a mistake.Err for other types, or if
// the data do not fit the shape.
func Ints(t *onnxpb.TensorProto) ([]int64, error) {
	if err := CheckTensor(t); err != nil {
		return nil, err
	}
	n, raw := int(MustCount(t)), t.GetRawData()
	out := make([]int64, n)
	typ := DType(t.GetDataType())
	for i := range out {
		var v uint64
		switch {
		case raw != nil:
			v = rawInt(raw, i, ElemBits(typ))
		case typ == Int64:
			v = uint64(t.Int64Data[i])
		case typ == onnxpb.TensorProto_UINT64 || typ == onnxpb.TensorProto_UINT32:
			v = t.Uint64Data[i]
		case ElemBits(typ) < 8:
			v = uint64(t.Int32Data[i*int(ElemBits(typ))/8]) >> (i * int(ElemBits(typ)) % 8)
		default:
			v = uint64(t.Int32Data[i])
		}
		switch typ {
		case Int64, onnxpb.TensorProto_UINT64:
			out[i] = int64(v)
		case Int8, Int16, Int32, onnxpb.TensorProto_INT4, onnxpb.TensorProto_INT2:
			shift := 64 - ElemBits(typ)
			out[i] = int64(v) << shift >> shift
		case Uint8, Uint16, onnxpb.TensorProto_UINT32, onnxpb.TensorProto_UINT4, onnxpb.TensorProto_UINT2:
			out[i] = int64(v & (1<<ElemBits(typ) - 1))
		case Bool:
			if v != 0 {
				out[i] = 1
			}
		default:
			return nil, mistake.Errorf("tensor %q is of type %s, not an integer", t.GetName(), typ)
		}
	}
	return out, nil
}

// rawInt returns element i of little-endian raw data, without sign extension.
func rawInt(raw []byte, i int, bits int64) uint64 {
	switch bits {
	case 8:
		return uint64(raw[i])
	case 16:
		return uint64(binary.LittleEndian.Uint16(raw[2*i:]))
	case 32:
		return uint64(binary.LittleEndian.Uint32(raw[4*i:]))
	case 64:
		return binary.LittleEndian.Uint64(raw[8*i:])
	case 2, 4:
		bit := i * int(bits)
		return uint64(raw[bit/8] >> (bit % 8))
	}
	return 0
}

// MustCount returns the number of elements of a checked tensor. It panics if its shape has no valid product.
func MustCount(t Tensor) int64 {
	n, err := Count(t.GetDims())
	if err != nil {
		panic(fmt.Sprintf("onnx: tensor %q was not checked: %v", t.GetName(), err))
	}
	return n
}

// IsZero reports whether all values of a constant are 0 or -0, which holds for one without values. It is false for
// types other than floats, integers and booleans.
func IsZero(t Tensor) bool {
	if values, err := Floats(t); err == nil {
		return !slices.ContainsFunc(values, func(v float32) bool { return v != 0 })
	}
	values, err := Ints(t)
	return err == nil && !slices.ContainsFunc(values, func(v int64) bool { return v != 0 })
}

// LeastNormal is the smallest positive normal float32, 2^-126. Below it values have fewer bits, and a processor may
// take them for 0.
const LeastNormal = 0x1p-126

// IsVector reports whether all axes but the last have size 1, as a bias of shape [n] or [1, n].
func IsVector(dims []int64) bool {
	return len(dims) > 0 && !slices.ContainsFunc(dims[:len(dims)-1], func(d int64) bool { return d != 1 })
}
