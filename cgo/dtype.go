package cgo

/*
#include "bridge.h"
*/
import "C"

import "fmt"

// DType is the element type of a tensor, numbered as in ONNX (TensorProto.DataType) and in ONNX Runtime.
type DType int

// Element types of a fixed size.
const (
	Float32  = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
	Uint8    = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8)
	Int8     = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8)
	Uint16   = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16)
	Int16    = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16)
	Int32    = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32)
	Int64    = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64)
	Bool     = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL)
	Float16  = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16)
	Float64  = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE)
	Uint32   = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32)
	Uint64   = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64)
	BFloat16 = DType(C.ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16)
)

var dtypes = map[DType]struct {
	name string
	size int
}{
	Float32: {"float32", 4}, Float64: {"float64", 8}, Float16: {"float16", 2}, BFloat16: {"bfloat16", 2},
	Uint8: {"uint8", 1}, Uint16: {"uint16", 2}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8},
	Int8: {"int8", 1}, Int16: {"int16", 2}, Int32: {"int32", 4}, Int64: {"int64", 8}, Bool: {"bool", 1},
}

// Size returns the bytes of one element, 0 for a type that has no fixed size or is unknown.
func (t DType) Size() int { return dtypes[t].size }

// String returns the type's name as NumPy writes it.
func (t DType) String() string {
	if d, ok := dtypes[t]; ok {
		return d.name
	}
	return fmt.Sprintf("element type %d", int(t))
}
