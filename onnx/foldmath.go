package onnx

import (
	"math"

	"demote/onnx/onnxpb"
)

// binaryOps compute one element from two. Each is exact in float64 for float32 operands up to the one rounding at the end:
// float64 has more than twice the bits of float32 and two, so that rounding twice gives what rounding once gives
// (Figueroa, When is double rounding innocuous?, 1995).
var binaryOps = map[string]struct {
	float   func(a, b float64) float64
	integer func(a, b int64) int64
	boolean bool // the result is one
}{
	"Add": {float: func(a, b float64) float64 { return a + b }, integer: func(a, b int64) int64 { return a + b }},
	"Sub": {float: func(a, b float64) float64 { return a - b }, integer: func(a, b int64) int64 { return a - b }},
	"Mul": {float: func(a, b float64) float64 { return a * b }, integer: func(a, b int64) int64 { return a * b }},
	"Div": {float: func(a, b float64) float64 { return a / b }, integer: quotient},
	"Min": {float: math.Min, integer: func(a, b int64) int64 { return min(a, b) }},
	"Max": {float: math.Max, integer: func(a, b int64) int64 { return max(a, b) }},
	"Equal": {float: func(a, b float64) float64 { return truth(a == b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(truth(a == b)) }},
	"Less": {float: func(a, b float64) float64 { return truth(a < b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(truth(a < b)) }},
	"LessOrEqual": {float: func(a, b float64) float64 { return truth(a <= b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(truth(a <= b)) }},
	"Greater": {float: func(a, b float64) float64 { return truth(a > b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(truth(a > b)) }},
	"GreaterOrEqual": {float: func(a, b float64) float64 { return truth(a >= b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(truth(a >= b)) }},
	"And": {integer: func(a, b int64) int64 { return a & b }, boolean: true},
	"Or":  {integer: func(a, b int64) int64 { return a | b }, boolean: true},
	"Xor": {integer: func(a, b int64) int64 { return a ^ b }, boolean: true},
}

// unaryOps compute one element from one; exact in the same sense.
var unaryOps = map[string]struct {
	float   func(float64) float64
	integer func(int64) int64
}{
	"Neg":        {float: func(a float64) float64 { return -a }, integer: func(a int64) int64 { return -a }},
	"Abs":        {float: math.Abs, integer: func(a int64) int64 { return max(a, -a) }},
	"Sqrt":       {float: math.Sqrt},
	"Reciprocal": {float: func(a float64) float64 { return 1 / a }},
	"Floor":      {float: math.Floor},
	"Ceil":       {float: math.Ceil},
	"Not":        {integer: func(a int64) int64 { return 1 - a }},
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// quotient rounds towards zero as C does; division by zero never gets here.
func quotient(a, b int64) int64 { return a / b }

// foldBinary applies one of binaryOps under broadcasting. Min and Max of more or fewer than two operands stay nodes.
func foldBinary(c *call) ([]tensor, error) {
	op := binaryOps[c.node.GetOpType()]
	a, b := c.args[0], c.args[1]
	typ := DType(a.GetDataType())
	if len(c.args) != 2 || DType(b.GetDataType()) != typ || typ != Float && !wholeInt(typ) {
		return nil, nil
	}
	dims, err := broadcast(a.GetDims(), b.GetDims())
	if err != nil {
		return nil, err
	}
	to := typ
	if op.boolean {
		to = Bool
	}
	n, err := count(dims)
	if err != nil || !c.mayCompute(n) {
		return nil, err
	}
	left, right := walk(a.GetDims(), dims, n), walk(b.GetDims(), dims, n)
	if typ == Float {
		x, errX := Floats(a)
		y, errY := Floats(b)
		if op.float == nil || errX != nil || errY != nil {
			return nil, nil
		}
		out := make([]float64, n)
		for i := range out {
			out[i] = op.float(float64(x[left[i]]), float64(y[right[i]]))
		}
		return one(fromFloats(to, dims, out))
	}
	x, errX := Ints(a)
	y, errY := Ints(b)
	if op.integer == nil || errX != nil || errY != nil {
		return nil, nil
	}
	out := make([]int64, n)
	for i := range out {
		if c.node.GetOpType() == "Div" && y[right[i]] == 0 {
			return nil, badf("an integer is divided by 0")
		}
		out[i] = op.integer(x[left[i]], y[right[i]])
	}
	return one(NewInts("", to, dims, out))
}

// walk lists, for each element of a shape, the element of a tensor that is stretched to it.
func walk(from, to []int64, n int64) []int64 {
	strides, at := stretch(from, to), make([]int64, len(to))
	out := make([]int64, n)
	offset := int64(0)
	for i := range out {
		out[i] = offset
		for d := len(to) - 1; d >= 0; d-- {
			at[d]++
			offset += strides[d]
			if at[d] < to[d] {
				break
			}
			offset -= at[d] * strides[d]
			at[d] = 0
		}
	}
	return out
}

// wholeInt reports whether a type is an integer or boolean of whole bytes that int64 holds.
func wholeInt(t DType) bool {
	switch t {
	case Bool, Int8, Uint8, Int16, Uint16, Int32, onnxpb.TensorProto_UINT32, Int64:
		return true
	}
	return false
}

// fromFloats rounds to float32, or makes booleans.
func fromFloats(t DType, dims []int64, values []float64) tensor {
	if t == Bool {
		out := make([]int64, len(values))
		for i, v := range values {
			out[i] = int64(v)
		}
		return NewInts("", Bool, dims, out)
	}
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return NewFloats("", dims, out)
}

func foldUnary(c *call) ([]tensor, error) {
	op, t := unaryOps[c.node.GetOpType()], c.args[0]
	typ := DType(t.GetDataType())
	if ok, err := c.fits(typ, t.GetDims()); !ok || err != nil {
		return nil, err
	}
	if typ == Float && op.float != nil {
		values, err := Floats(t)
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			values[i] = float32(op.float(float64(v)))
		}
		return one(NewFloats("", t.GetDims(), values))
	}
	if !wholeInt(typ) || op.integer == nil {
		return nil, nil
	}
	values, err := Ints(t)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		values[i] = op.integer(v)
	}
	return one(NewInts("", typ, t.GetDims(), values))
}
