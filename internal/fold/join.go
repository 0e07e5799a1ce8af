package fold

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/mistake"
)

// foldConcat joins tensors along an axis.
func foldConcat(c *Call) ([]ir.Tensor, error) {
	first := c.Args[0]
	dims := slices.Clone(first.GetDims())
	axis, err := ir.AxisOf(ir.AttrInt(c.Node, "axis", 0), len(dims))
	if err != nil {
		return nil, err
	}
	parts, steps := make([][]byte, len(c.Args)), make([]int, len(c.Args))
	dims[axis] = 0
	for i, t := range c.Args {
		if t == nil || t.GetDataType() != first.GetDataType() || len(t.GetDims()) != len(dims) {
			return nil, mistake.Errorf("operand %d is not like the first", i)
		}
		var size int
		if parts[i], size, err = ir.RawBytes(t); size == 0 || err != nil {
			return nil, err
		}
		for d, n := range t.GetDims() {
			if d != axis && n != dims[d] {
				return nil, mistake.Errorf("operand %d has dimensions %v, the first %v", i, t.GetDims(), first.GetDims())
			}
		}
		dims[axis] += t.GetDims()[axis]
		steps[i] = size * int(ir.StridesOf(t.GetDims())[axis]*t.GetDims()[axis])
	}
	typ := ir.DType(first.GetDataType())
	if ok, err := c.fits(typ, dims); !ok || err != nil {
		return nil, err
	}
	total, err := ir.Count(dims)
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return one(ir.NewTensor("", typ, dims, nil))
	}
	outer := total / (ir.StridesOf(dims)[axis] * dims[axis])
	var out []byte
	for row := range int(outer) {
		for i, part := range parts {
			out = append(out, part[row*steps[i]:][:steps[i]]...)
		}
	}
	return one(ir.NewTensor("", typ, dims, out))
}

// foldSplit cuts a tensor along an axis, into parts of given sizes or equal ones, of which the last may be smaller.
func foldSplit(c *Call) ([]ir.Tensor, error) {
	dims := c.Args[0].GetDims()
	axis, err := ir.AxisOf(ir.AttrInt(c.Node, "axis", 0), len(dims))
	if err != nil {
		return nil, err
	}
	sizes, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	outputs := int64(len(c.Node.GetOutput()))
	if sizes == nil { // equal parts, the last may be smaller
		part := (dims[axis] + outputs - 1) / outputs
		for left := dims[axis]; int64(len(sizes)) < outputs; left -= part {
			sizes = append(sizes, max(0, min(part, left)))
		}
	}
	var all []ir.Tensor
	own, offset, used := ir.StridesOf(dims), int64(0), int64(0)
	for _, n := range sizes {
		if n < 0 || n > dims[axis]-used {
			return nil, mistake.Errorf("parts %v of %d", sizes, dims[axis])
		}
		shape := slices.Clone(dims)
		shape[axis] = n
		part, err := c.view(c.Args[0], offset, shape, own)
		if err != nil || part == nil {
			return nil, err
		}
		all = append(all, part...)
		used += n
		offset += n * own[axis]
	}
	if used != dims[axis] || int64(len(all)) != outputs {
		return nil, mistake.Errorf("parts %v of %d for %d outputs", sizes, dims[axis], outputs)
	}
	return all, nil
}
