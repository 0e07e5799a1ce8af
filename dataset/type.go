package dataset

import "example.org/demote/dataset/internal/number"

// Type is the type of an element, numbered as in ONNX (TensorProto.DataType), so that a network's types convert as they
// are.
type Type = number.Type

// The element types that files and networks can have here.
const (
	Float32 = number.Float32
	Uint8   = number.Uint8
	Int8    = number.Int8
	Uint16  = number.Uint16
	Int16   = number.Int16
	Int32   = number.Int32
	Int64   = number.Int64
	Text    = number.Text // fixed-width text, which only labels may be: NumPy's S and U
	Bool    = number.Bool
	Float16 = number.Float16
	Float64 = number.Float64
	Uint32  = number.Uint32
	Uint64  = number.Uint64
)
