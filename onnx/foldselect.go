package onnx

import (
	"encoding/binary"
	"math"
)

// foldCast converts between float types and integers. What C leaves undefined (a float outside the integer's range, NaN)
// stays a node.
func foldCast(c *call) ([]tensor, error) {
	t := c.args[0]
	from, to := DType(t.GetDataType()), DType(attrInt(c.node, "to", 0))
	dims := t.GetDims()
	if from == to {
		return one(t)
	}
	if ok, err := c.fits(to, dims); !ok || err != nil {
		return nil, nil // strings have no size
	}
	switch {
	case isFloat(from) && isFloat(to):
		if to == BFloat16 || to == Double || from == Double && to == Float16 {
			return nil, nil
		}
		values, err := Floats(t)
		if err != nil || to == Float {
			return one(NewFloats("", dims, values))
		}
		raw := make([]byte, 0, 2*len(values))
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint16(raw, toHalf(v))
		}
		return one(newTensor("", Float16, dims, raw))
	case isFloat(from) && wholeInt(to):
		if from == Double {
			return nil, nil
		}
		values, err := Floats(t)
		if err != nil {
			return nil, err
		}
		out := make([]int64, len(values))
		for i, v := range values {
			switch {
			case to == Bool:
				out[i] = int64(truth(v != 0))
			case !inRange(float64(v), to):
				return nil, nil
			default:
				out[i] = int64(v)
			}
		}
		return one(NewInts("", to, dims, out))
	case wholeInt(from) && (wholeInt(to) || to == Float):
		values, err := Ints(t)
		if err != nil {
			return nil, err
		}
		if to == Float {
			out := make([]float32, len(values))
			for i, v := range values {
				out[i] = float32(v)
			}
			return one(NewFloats("", dims, out))
		}
		for i, v := range values {
			if to == Bool {
				values[i] = int64(truth(v != 0))
			}
		}
		return one(NewInts("", to, dims, values))
	}
	return nil, nil
}

// inRange reports whether a number, cut towards zero, is one of an integer type.
func inRange(v float64, t DType) bool {
	bits := float64(elemBits(t))
	low, high := -math.Exp2(bits-1), math.Exp2(bits-1)
	if !signedInt(t) {
		low, high = 0, math.Exp2(bits)
	}
	v = math.Trunc(v)
	return v >= low && v < high
}

func signedInt(t DType) bool { return t == Int8 || t == Int16 || t == Int32 || t == Int64 }

// foldWhere picks each element from the second or the third operand, all three broadcast.
func foldWhere(c *call) ([]tensor, error) {
	cond, a, b := c.args[0], c.args[1], c.args[2]
	if DType(cond.GetDataType()) != Bool || a.GetDataType() != b.GetDataType() {
		return nil, badf("operands of types %s, %s and %s", DType(cond.GetDataType()), DType(a.GetDataType()), DType(b.GetDataType()))
	}
	dims, err := broadcast(a.GetDims(), b.GetDims())
	if err != nil {
		return nil, err
	}
	if dims, err = broadcast(cond.GetDims(), dims); err != nil {
		return nil, err
	}
	n, err := count(dims)
	if err != nil || !c.mayCompute(n) {
		return nil, err
	}
	first, size, errA := rawBytes(a)
	second, _, errB := rawBytes(b)
	choice, errC := Ints(cond)
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
	return one(newTensor("", DType(a.GetDataType()), dims, out))
}

// reduceOps join two integers; floats are left to the runtime, whose order of summation is its own.
var reduceOps = map[string]func(a, b int64) int64{
	"ReduceProd": func(a, b int64) int64 { return a * b },
	"ReduceSum":  func(a, b int64) int64 { return a + b },
	"ReduceMax":  func(a, b int64) int64 { return max(a, b) },
	"ReduceMin":  func(a, b int64) int64 { return min(a, b) },
}

// foldReduce reduces a list of integers (a shape) to one.
func foldReduce(c *call) ([]tensor, error) {
	t, join := c.args[0], reduceOps[c.node.GetOpType()]
	typ := DType(t.GetDataType())
	axes := attr(c.node, "axes").GetInts()
	if len(c.args) > 1 && axes == nil {
		var err error
		if axes, err = c.ints(1); err != nil {
			return nil, err
		}
	}
	if !wholeInt(typ) || len(t.GetDims()) != 1 || len(axes) == 0 && attrInt(c.node, "noop_with_empty_axes", 0) != 0 {
		return nil, nil
	}
	values, err := Ints(t)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	result := values[0]
	for _, v := range values[1:] {
		result = join(result, v)
	}
	var dims []int64
	if attrInt(c.node, "keepdims", 1) != 0 {
		dims = []int64{1}
	}
	return one(NewInts("", typ, dims, []int64{result}))
}
