package number

import "fmt"

// Type is the type of an element, numbered as in ONNX (TensorProto.DataType), so that a network's types convert as they
// are.
type Type int32

// The element types that files and networks can have here.
const (
	Float32 Type = 1
	Uint8   Type = 2
	Int8    Type = 3
	Uint16  Type = 4
	Int16   Type = 5
	Int32   Type = 6
	Int64   Type = 7
	Text    Type = 8 // fixed-width text, which only labels may be: NumPy's S and U
	Bool    Type = 9
	Float16 Type = 10
	Float64 Type = 11
	Uint32  Type = 12
	Uint64  Type = 13
)

var types = map[Type]struct {
	name  string
	size  int
	float bool
}{
	Float16: {"float16", 2, true},
	Float32: {"float32", 4, true},
	Float64: {"float64", 8, true},
	Bool:    {"bool", 1, false},
	Int8:    {"int8", 1, false},
	Int16:   {"int16", 2, false},
	Int32:   {"int32", 4, false},
	Int64:   {"int64", 8, false},
	Uint8:   {"uint8", 1, false},
	Uint16:  {"uint16", 2, false},
	Uint32:  {"uint32", 4, false},
	Uint64:  {"uint64", 8, false},
}

// TypeNames lists the types for messages.
const TypeNames = "float16, float32, float64, int8 to int64, uint8 to uint64 or bool"

// Size is the number of bytes of an element; 0 for a type that this package does not read.
func (t Type) Size() int { return types[t].size }

// Float tells the floating-point types from the integers and bool.
func (t Type) Float() bool { return types[t].float }

// String is the name of the type as NumPy has it, or its number if this package does not read it.
func (t Type) String() string {
	if d, ok := types[t]; ok {
		return d.name
	}
	if t == Text {
		return "text"
	}
	return fmt.Sprintf("ONNX type %d", int32(t))
}
