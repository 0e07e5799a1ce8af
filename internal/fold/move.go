package fold

import (
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/mistake"
)

// withDims returns the same elements under other dimensions.
func withDims(t ir.Tensor, dims []int64) ([]ir.Tensor, error) {
	before, err := ir.Count(t.GetDims())
	if err != nil {
		return nil, err
	}
	after, err := ir.Count(dims)
	if err != nil {
		return nil, err
	}
	if before != after {
		return nil, mistake.Errorf("dimensions %v cannot become %v", t.GetDims(), dims)
	}
	out := wire.CloneTensor(t)
	out.Dims = dims
	return one(out)
}

func foldReshape(c *Call) ([]ir.Tensor, error) {
	want, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from, dims, free := c.Args[0].GetDims(), slices.Clone(want), -1
	for i, d := range want {
		switch {
		case d == 0 && ir.AttrInt(c.Node, "allowzero", 0) == 0:
			if i >= len(from) {
				return nil, mistake.Errorf("shape %v copies a dimension that %v lacks", want, from)
			}
			dims[i] = from[i]
		case d == -1 && free < 0:
			free, dims[i] = i, 1
		}
	}
	if free >= 0 {
		rest, err := ir.Count(dims)
		if err != nil {
			return nil, err
		}
		total, err := ir.Count(from)
		if err != nil {
			return nil, err
		}
		if rest == 0 || total%rest != 0 {
			return nil, mistake.Errorf("dimensions %v cannot become %v", from, want)
		}
		dims[free] = total / rest
	}
	return withDims(c.Args[0], dims)
}

func foldFlatten(c *Call) ([]ir.Tensor, error) {
	dims := c.Args[0].GetDims()
	axis := ir.AttrInt(c.Node, "axis", 1)
	if axis < -int64(len(dims)) || axis > int64(len(dims)) {
		return nil, mistake.Errorf("attribute axis %d for %d dimensions", axis, len(dims))
	}
	if axis < 0 {
		axis += int64(len(dims))
	}
	rows, err := ir.Count(dims[:axis])
	if err != nil {
		return nil, err
	}
	columns, err := ir.Count(dims[axis:])
	if err != nil {
		return nil, err
	}
	return withDims(c.Args[0], []int64{rows, columns})
}

func foldSqueeze(c *Call) ([]ir.Tensor, error) {
	axes, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from := c.Args[0].GetDims()
	drop := make([]bool, len(from))
	for _, a := range axes {
		axis, err := ir.AxisOf(a, len(from))
		if err != nil {
			return nil, err
		}
		drop[axis] = true
	}
	var dims []int64
	for i, d := range from {
		if !drop[i] && (d != 1 || axes != nil) {
			dims = append(dims, d)
		}
	}
	return withDims(c.Args[0], dims)
}

func foldUnsqueeze(c *Call) ([]ir.Tensor, error) {
	axes, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from := c.Args[0].GetDims()
	dims := make([]int64, len(from)+len(axes))
	for _, a := range axes {
		axis, err := ir.AxisOf(a, len(dims))
		if err != nil {
			return nil, err
		}
		if dims[axis] == 1 {
			return nil, mistake.Errorf("axes %v name a dimension twice", axes)
		}
		dims[axis] = 1
	}
	for i, next := 0, 0; i < len(dims); i++ {
		if dims[i] == 0 {
			dims[i] = from[next]
			next++
		}
		if next == len(from) {
			break
		}
	}
	return withDims(c.Args[0], dims)
}

func foldGather(c *Call) ([]ir.Tensor, error) {
	t, dims := c.Args[0], c.Args[0].GetDims()
	raw, size, err := ir.RawBytes(t)
	if size == 0 || err != nil {
		return nil, err
	}
	axis, err := ir.AxisOf(ir.AttrInt(c.Node, "axis", 0), len(dims))
	if err != nil {
		return nil, err
	}
	indices, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(dims[:axis], c.Args[1].GetDims(), dims[axis+1:])
	typ := ir.DType(t.GetDataType())
	if ok, err := c.fits(typ, shape); !ok || err != nil {
		return nil, err
	}
	for i, at := range indices {
		if at < -dims[axis] || at >= dims[axis] {
			return nil, mistake.Errorf("index %d of %d", at, dims[axis])
		}
		if at < 0 {
			indices[i] += dims[axis]
		}
	}
	total, err := ir.Count(shape)
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return one(ir.NewTensor("", typ, shape, nil))
	}
	inner := ir.StridesOf(dims)[axis] * int64(size)
	out := make([]byte, 0, total*int64(size))
	for start := int64(0); start < int64(len(raw)); start += inner * dims[axis] {
		for _, at := range indices {
			out = append(out, raw[start+at*inner:][:inner]...)
		}
	}
	return one(ir.NewTensor("", typ, shape, out))
}
