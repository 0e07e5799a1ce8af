package fold

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
)

// foldConstant gives the value of a Constant node. Strings and sparse tensors stay nodes.
func foldConstant(c *Call) ([]ir.Tensor, error) {
	for _, a := range c.Node.GetAttribute() {
		switch a.GetName() {
		case "value":
			if a.GetT() == nil {
				return nil, mistake.Errorf("attribute value is no tensor")
			}
			if err := ir.CheckTensor(a.GetT()); err != nil {
				return nil, err
			}
			return one(a.GetT())
		case "value_float":
			return one(ir.NewFloats("", nil, []float32{a.GetF()}))
		case "value_floats":
			return one(ir.NewFloats("", []int64{int64(len(a.GetFloats()))}, a.GetFloats()))
		case "value_int":
			return one(ir.NewInts("", ir.Int64, nil, []int64{a.GetI()}))
		case "value_ints":
			return one(intList(a.GetInts()))
		}
	}
	return nil, nil
}

func intList(values []int64) ir.Tensor {
	return ir.NewInts("", ir.Int64, []int64{int64(len(values))}, values)
}

func foldIdentity(c *Call) ([]ir.Tensor, error) {
	return one(c.Args[0])
}

// dims returns the known dimensions of operand 0.
func (c *Call) dims() ([]int64, bool) {
	if t := c.arg(0); t != nil {
		return t.GetDims(), true
	}
	dims, known := c.Folder.Shapes[ir.Input(c.Node, 0)]
	return dims, known
}

func foldShape(c *Call) ([]ir.Tensor, error) {
	dims, known := c.dims()
	if !known {
		return nil, nil
	}
	rank := int64(len(dims))
	clamp := func(v int64) int64 {
		if v < 0 {
			v += rank
		}
		return min(max(v, 0), rank)
	}
	start := clamp(ir.AttrInt(c.Node, "start", 0))
	end := max(start, clamp(ir.AttrInt(c.Node, "end", rank)))
	return one(intList(dims[start:end]))
}

func foldSize(c *Call) ([]ir.Tensor, error) {
	dims, known := c.dims()
	if !known {
		return nil, nil
	}
	n, err := ir.Count(dims)
	if err != nil {
		return nil, err
	}
	return one(ir.NewInts("", ir.Int64, nil, []int64{n}))
}

func foldConstantOfShape(c *Call) ([]ir.Tensor, error) {
	dims, err := c.ints(0)
	if err != nil {
		return nil, err
	}
	value := ir.NewFloats("", []int64{1}, []float32{0})
	if a := ir.Attr(c.Node, "value"); a != nil {
		if value = a.GetT(); value == nil {
			return nil, mistake.Errorf("attribute value is no tensor")
		}
	}
	if err := ir.CheckTensor(value); err != nil {
		return nil, err
	}
	if ir.MustCount(value) != 1 {
		return nil, mistake.Errorf("attribute value has %d elements, it needs 1", ir.MustCount(value))
	}
	return c.view(value, 0, dims, make([]int64, len(dims)))
}

// foldRange counts from the first operand to before the second; only integers, since a float32 sum depends on its
// order.
func foldRange(c *Call) ([]ir.Tensor, error) {
	var v [3]int64
	for i := range v {
		if elemFloat(c.Args[i]) || ir.ElemBits(ir.DType(c.Args[i].GetDataType())) < 8 {
			return nil, nil
		}
		values, err := c.ints(i)
		if err != nil {
			return nil, err
		}
		if len(values) != 1 {
			return nil, mistake.Errorf("operand %d has %d elements, it needs 1", i, len(values))
		}
		v[i] = values[0]
	}
	first, limit, delta := v[0], v[1], v[2]
	if delta == 0 {
		return nil, mistake.Errorf("a step of 0")
	}
	n := math.Ceil((float64(limit) - float64(first)) / float64(delta))
	if !(n < foldFree) {
		return nil, nil
	}
	typ, size := ir.DType(c.Args[0].GetDataType()), int64(max(0, n))
	if ok, err := c.fits(typ, []int64{size}); !ok || err != nil || !c.mayCompute(size) {
		return nil, err
	}
	values := make([]int64, size)
	for i := range values {
		values[i] = first + int64(i)*delta
	}
	return one(ir.NewInts("", typ, []int64{int64(len(values))}, values))
}

// foldNonZero lists the places of what is not zero: one row a dimension, in row-major order.
func foldNonZero(c *Call) ([]ir.Tensor, error) {
	values, dims, err := c.numbers(0)
	if values == nil || err != nil || len(dims) == 0 {
		return nil, err
	}
	var at []int64
	for i, v := range values {
		if v != 0 {
			at = append(at, int64(i))
		}
	}
	shape := []int64{int64(len(dims)), int64(len(at))}
	if ok, err := c.fits(ir.Int64, shape); !ok || err != nil {
		return nil, err
	}
	out := make([]int64, 0, len(dims)*len(at))
	inner := int64(len(values))
	for _, d := range dims {
		if d == 0 {
			break
		}
		inner /= d
		for _, i := range at {
			out = append(out, i/inner%d)
		}
	}
	return one(ir.NewInts("", ir.Int64, shape, out))
}

// elemFloat reports whether a tensor's elements are of a float type.
func elemFloat(t ir.Tensor) bool { return ir.IsFloat(ir.DType(t.GetDataType())) }

// numbers returns operand i as float64, exactly: float32, float16, bfloat16, booleans, integers below 2^53. Nil where
// it is absent, of another type, or not exact.
func (c *Call) numbers(i int) ([]float64, []int64, error) {
	t := c.arg(i)
	if t == nil || ir.DType(t.GetDataType()) == ir.Double || ir.DType(t.GetDataType()) == onnxpb.TensorProto_STRING {
		return nil, nil, nil
	}
	if elemFloat(t) {
		values, err := ir.Floats(t)
		out := make([]float64, len(values))
		for i, v := range values {
			out[i] = float64(v)
		}
		return out, t.GetDims(), err
	}
	values, err := ir.Ints(t)
	if err != nil {
		return nil, nil, nil // a type that this package does not compute with
	}
	out := make([]float64, len(values))
	for i, v := range values {
		if v > 1<<53 || v < -1<<53 {
			return nil, nil, nil
		}
		out[i] = float64(v)
	}
	return out, t.GetDims(), nil
}
