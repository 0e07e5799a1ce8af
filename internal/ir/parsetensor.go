package ir

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"example.org/demote/internal/float16"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// ParseTensor makes a tensor of the numbers that a user types: one per element, row-major, or one for all elements.
// Integers, decimal, must fit the type, booleans are true and false or 1 and 0, and floats are rounded to the type
// once, ties to even; NaN and infinities are refused, and what rounds to one. The tensor keeps dims. The error is a
// mistake.Err and names the wrong number, or how many are needed.
func ParseTensor(name string, t DType, dims []int64, texts []string) (*onnxpb.TensorProto, error) {
	n, err := Count(dims)
	if err == nil {
		_, err = ByteSize(t, dims)
	}
	switch {
	case err != nil:
		return nil, err
	case int64(len(texts)) != n && len(texts) != 1:
		return nil, mistake.Errorf("%d numbers for %d elements: give %d, or one for all", len(texts), n, n)
	case n > maxParsed:
		return nil, mistake.Errorf("%d elements, and %d are the most that a command line gives", n, maxParsed)
	}
	var raw []byte
	for _, text := range texts {
		if raw, err = appendNumber(raw, t, strings.TrimSpace(text)); err != nil {
			return nil, err
		}
	}
	if len(texts) == 1 {
		one := raw
		raw = make([]byte, 0, int64(len(one))*n)
		for range n {
			raw = append(raw, one...)
		}
	}
	return NewTensor(name, t, dims, raw), nil
}

// maxParsed is the largest number of elements of a typed tensor.
const maxParsed = 1 << 24

// appendNumber appends the bytes of one number of a type.
func appendNumber(raw []byte, t DType, text string) ([]byte, error) {
	le, bits := binary.LittleEndian, int(ElemBits(t))
	switch t {
	case Float, Double, Float16:
		width := 64
		if t == Float {
			width = 32
		}
		v, err := strconv.ParseFloat(text, width)
		if t == Float16 && err == nil && math.Abs(v) >= 65520 { // what rounds to infinity
			err = strconv.ErrRange
		}
		if err != nil || v-v != 0 {
			return nil, mistake.Errorf("%q is no finite number of type %s", text, numberType(t))
		}
		switch t {
		case Float:
			return le.AppendUint32(raw, math.Float32bits(float32(v))), nil
		case Double:
			return le.AppendUint64(raw, math.Float64bits(v)), nil
		}
		return le.AppendUint16(raw, float16.Bits(v)), nil
	case Bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return nil, mistake.Errorf("%q is neither true nor false", text)
		}
		return append(raw, map[bool]byte{true: 1}[v]), nil
	case Int8, Int16, Int32, Int64:
		v, err := strconv.ParseInt(text, 10, bits)
		if err != nil {
			return nil, mistake.Errorf("%q is no integer of type %s", text, numberType(t))
		}
		return append(raw, le.AppendUint64(nil, uint64(v))[:bits/8]...), nil
	case Uint8, Uint16, onnxpb.TensorProto_UINT32, onnxpb.TensorProto_UINT64:
		v, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return nil, mistake.Errorf("%q is no integer of type %s", text, numberType(t))
		}
		return append(raw, le.AppendUint64(nil, v)[:bits/8]...), nil
	}
	return nil, mistake.Errorf("a command line gives no values of type %s", numberType(t))
}

// numberType is an element type by NumPy's name.
func numberType(t DType) string {
	switch t {
	case Float:
		return "float32"
	case Double:
		return "float64"
	}
	return strings.ToLower(t.String())
}
