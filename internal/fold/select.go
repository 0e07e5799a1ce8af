package fold

import (
	"encoding/binary"
	"math"

	"example.org/demote/internal/float16"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// foldCast converts between float types and integers. What C leaves undefined (a float outside the integer's range,
// NaN) stays a node.
func foldCast(c *Call) ([]ir.Tensor, error) {
	t := c.Args[0]
	from, to := ir.DType(t.GetDataType()), ir.DType(ir.AttrInt(c.Node, "to", 0))
	dims := t.GetDims()
	if from == to {
		return one(t)
	}
	if ok, err := c.fits(to, dims); !ok || err != nil {
		return nil, nil // strings have no size
	}
	switch {
	case ir.IsFloat(from) && ir.IsFloat(to):
		if to == ir.BFloat16 || to == ir.Double || from == ir.Double && to == ir.Float16 {
			return nil, nil
		}
		values, err := ir.Floats(t)
		if err != nil || to == ir.Float {
			return one(ir.NewFloats("", dims, values))
		}
		raw := make([]byte, 0, 2*len(values))
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint16(raw, float16.Bits(float64(v)))
		}
		return one(ir.NewTensor("", ir.Float16, dims, raw))
	case ir.IsFloat(from) && ir.WholeInt(to):
		if from == ir.Double {
			return nil, nil
		}
		values, err := ir.Floats(t)
		if err != nil {
			return nil, err
		}
		out := make([]int64, len(values))
		for i, v := range values {
			switch {
			case to == ir.Bool:
				out[i] = int64(ir.Truth(v != 0))
			case !inRange(float64(v), to):
				return nil, nil
			default:
				out[i] = int64(v)
			}
		}
		return one(ir.NewInts("", to, dims, out))
	case ir.WholeInt(from) && (ir.WholeInt(to) || to == ir.Float):
		values, err := ir.Ints(t)
		if err != nil {
			return nil, err
		}
		if to == ir.Float {
			out := make([]float32, len(values))
			for i, v := range values {
				out[i] = float32(v)
			}
			return one(ir.NewFloats("", dims, out))
		}
		for i, v := range values {
			if to == ir.Bool {
				values[i] = int64(ir.Truth(v != 0))
			}
		}
		return one(ir.NewInts("", to, dims, values))
	}
	return nil, nil
}

// inRange reports whether a number, cut towards zero, is one of an integer type.
func inRange(v float64, t ir.DType) bool {
	bits := float64(ir.ElemBits(t))
	low, high := -math.Exp2(bits-1), math.Exp2(bits-1)
	if !signedInt(t) {
		low, high = 0, math.Exp2(bits)
	}
	v = math.Trunc(v)
	return v >= low && v < high
}

func signedInt(t ir.DType) bool {
	return t == ir.Int8 || t == ir.Int16 || t == ir.Int32 || t == ir.Int64
}

// foldWhere picks each element from the second or the third operand, all three broadcast.
func foldWhere(c *Call) ([]ir.Tensor, error) {
	cond, a, b := c.Args[0], c.Args[1], c.Args[2]
	if ir.DType(cond.GetDataType()) != ir.Bool || a.GetDataType() != b.GetDataType() {
		return nil, mistake.Errorf("operands of types %s, %s and %s", ir.DType(cond.GetDataType()), ir.DType(a.GetDataType()), ir.DType(b.GetDataType()))
	}
	dims, err := shapes.Broadcast(a.GetDims(), b.GetDims())
	if err != nil {
		return nil, err
	}
	if dims, err = shapes.Broadcast(cond.GetDims(), dims); err != nil {
		return nil, err
	}
	n, err := ir.Count(dims)
	if err != nil || !c.mayCompute(n) {
		return nil, err
	}
	first, size, errA := ir.RawBytes(a)
	second, _, errB := ir.RawBytes(b)
	choice, errC := ir.Ints(cond)
	if size == 0 || errA != nil || errB != nil || errC != nil {
		return nil, nil
	}
	atCond, atA, atB := walk(cond.GetDims(), dims, n), walk(a.GetDims(), dims, n), walk(b.GetDims(), dims, n)
	out := make([]byte, 0, n*int64(size))
	for i := range int(n) {
		if choice[atCond[i]] != 0 {
			out = append(out, first[int(atA[i])*size:][:size]...)
		} else {
			out = append(out, second[int(atB[i])*size:][:size]...)
		}
	}
	return one(ir.NewTensor("", ir.DType(a.GetDataType()), dims, out))
}

// reduceOps join two integers; floats are left to the runtime, whose order of summation is its own.
var reduceOps = map[string]func(a, b int64) int64{
	"ReduceProd": func(a, b int64) int64 { return a * b },
	"ReduceSum":  func(a, b int64) int64 { return a + b },
	"ReduceMax":  func(a, b int64) int64 { return max(a, b) },
	"ReduceMin":  func(a, b int64) int64 { return min(a, b) },
}

// foldReduce reduces a list of integers (a shape) to one.
func foldReduce(c *Call) ([]ir.Tensor, error) {
	t, join := c.Args[0], reduceOps[c.Node.GetOpType()]
	typ := ir.DType(t.GetDataType())
	axes := ir.Attr(c.Node, "axes").GetInts()
	if len(c.Args) > 1 && axes == nil {
		var err error
		if axes, err = c.ints(1); err != nil {
			return nil, err
		}
	}
	if !ir.WholeInt(typ) || len(t.GetDims()) != 1 || len(axes) == 0 && ir.AttrInt(c.Node, "noop_with_empty_axes", 0) != 0 {
		return nil, nil
	}
	values, err := ir.Ints(t)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	result := values[0]
	for _, v := range values[1:] {
		result = join(result, v)
	}
	var dims []int64
	if ir.AttrInt(c.Node, "keepdims", 1) != 0 {
		dims = []int64{1}
	}
	return one(ir.NewInts("", typ, dims, []int64{result}))
}
