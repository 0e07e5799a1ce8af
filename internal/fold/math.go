package fold

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// binaryOps compute one element from two. Each is exact in float64 for float32 operands up to the one rounding at the
// end: float64 has more than twice the bits of float32 and two, so that rounding twice gives what rounding once gives
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
	"Equal": {float: func(a, b float64) float64 { return ir.Truth(a == b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(ir.Truth(a == b)) }},
	"Less": {float: func(a, b float64) float64 { return ir.Truth(a < b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(ir.Truth(a < b)) }},
	"LessOrEqual": {float: func(a, b float64) float64 { return ir.Truth(a <= b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(ir.Truth(a <= b)) }},
	"Greater": {float: func(a, b float64) float64 { return ir.Truth(a > b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(ir.Truth(a > b)) }},
	"GreaterOrEqual": {float: func(a, b float64) float64 { return ir.Truth(a >= b) }, boolean: true,
		integer: func(a, b int64) int64 { return int64(ir.Truth(a >= b)) }},
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

// quotient rounds towards zero as C does; division by zero never gets here.
func quotient(a, b int64) int64 { return a / b }

// foldBinary applies one of binaryOps under broadcasting. Min and Max of more or fewer than two operands stay nodes.
func foldBinary(c *Call) ([]ir.Tensor, error) {
	op := binaryOps[c.Node.GetOpType()]
	a, b := c.Args[0], c.Args[1]
	typ := ir.DType(a.GetDataType())
	if len(c.Args) != 2 || ir.DType(b.GetDataType()) != typ || typ != ir.Float && !ir.WholeInt(typ) {
		return nil, nil
	}
	dims, err := shapes.Broadcast(a.GetDims(), b.GetDims())
	if err != nil {
		return nil, err
	}
	to := typ
	if op.boolean {
		to = ir.Bool
	}
	n, err := ir.Count(dims)
	if err != nil || !c.mayCompute(n) {
		return nil, err
	}
	left, right := walk(a.GetDims(), dims, n), walk(b.GetDims(), dims, n)
	if typ == ir.Float {
		x, errX := ir.Floats(a)
		y, errY := ir.Floats(b)
		if op.float == nil || errX != nil || errY != nil {
			return nil, nil
		}
		out := make([]float64, n)
		for i := range out {
			out[i] = op.float(float64(x[left[i]]), float64(y[right[i]]))
		}
		return one(fromFloats(to, dims, out))
	}
	x, errX := ir.Ints(a)
	y, errY := ir.Ints(b)
	if op.integer == nil || errX != nil || errY != nil {
		return nil, nil
	}
	out := make([]int64, n)
	for i := range out {
		if c.Node.GetOpType() == "Div" && y[right[i]] == 0 {
			return nil, mistake.Errorf("an integer is divided by 0")
		}
		out[i] = op.integer(x[left[i]], y[right[i]])
	}
	return one(ir.NewInts("", to, dims, out))
}

// walk lists, for each element of a shape, the element of a tensor that is stretched to it.
func walk(from, to []int64, n int64) []int64 {
	strides, at := segment(from, to), make([]int64, len(to))
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

// fromFloats rounds to float32, or makes booleans.
func fromFloats(t ir.DType, dims []int64, values []float64) ir.Tensor {
	if t == ir.Bool {
		out := make([]int64, len(values))
		for i, v := range values {
			out[i] = int64(v)
		}
		return ir.NewInts("", ir.Bool, dims, out)
	}
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return ir.NewFloats("", dims, out)
}

func foldUnary(c *Call) ([]ir.Tensor, error) {
	op, t := unaryOps[c.Node.GetOpType()], c.Args[0]
	typ := ir.DType(t.GetDataType())
	if ok, err := c.fits(typ, t.GetDims()); !ok || err != nil {
		return nil, err
	}
	if typ == ir.Float && op.float != nil {
		values, err := ir.Floats(t)
		if err != nil {
			return nil, err
		}
		for i, v := range values {
			values[i] = float32(op.float(float64(v)))
		}
		return one(ir.NewFloats("", t.GetDims(), values))
	}
	if !ir.WholeInt(typ) || op.integer == nil {
		return nil, nil
	}
	values, err := ir.Ints(t)
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		values[i] = op.integer(v)
	}
	return one(ir.NewInts("", typ, t.GetDims(), values))
}
