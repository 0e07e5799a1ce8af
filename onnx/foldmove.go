package onnx

import "slices"

// withDims returns the same elements under other dimensions.
func withDims(t tensor, dims []int64) ([]tensor, error) {
	before, err := count(t.GetDims())
	if err != nil {
		return nil, err
	}
	after, err := count(dims)
	if err != nil {
		return nil, err
	}
	if before != after {
		return nil, badf("dimensions %v cannot become %v", t.GetDims(), dims)
	}
	out := cloneTensor(t)
	out.Dims = dims
	return one(out)
}

func foldReshape(c *call) ([]tensor, error) {
	want, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from, dims, free := c.args[0].GetDims(), slices.Clone(want), -1
	for i, d := range want {
		switch {
		case d == 0 && attrInt(c.node, "allowzero", 0) == 0:
			if i >= len(from) {
				return nil, badf("shape %v copies a dimension that %v lacks", want, from)
			}
			dims[i] = from[i]
		case d == -1 && free < 0:
			free, dims[i] = i, 1
		}
	}
	if free >= 0 {
		rest, err := count(dims)
		if err != nil {
			return nil, err
		}
		total, err := count(from)
		if err != nil {
			return nil, err
		}
		if rest == 0 || total%rest != 0 {
			return nil, badf("dimensions %v cannot become %v", from, want)
		}
		dims[free] = total / rest
	}
	return withDims(c.args[0], dims)
}

func foldFlatten(c *call) ([]tensor, error) {
	dims := c.args[0].GetDims()
	axis := attrInt(c.node, "axis", 1)
	if axis < -int64(len(dims)) || axis > int64(len(dims)) {
		return nil, badf("attribute axis %d for %d dimensions", axis, len(dims))
	}
	if axis < 0 {
		axis += int64(len(dims))
	}
	rows, err := count(dims[:axis])
	if err != nil {
		return nil, err
	}
	columns, err := count(dims[axis:])
	if err != nil {
		return nil, err
	}
	return withDims(c.args[0], []int64{rows, columns})
}

func foldSqueeze(c *call) ([]tensor, error) {
	axes, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from := c.args[0].GetDims()
	drop := make([]bool, len(from))
	for _, a := range axes {
		axis, err := axisOf(a, len(from))
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
	return withDims(c.args[0], dims)
}

func foldUnsqueeze(c *call) ([]tensor, error) {
	axes, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	from := c.args[0].GetDims()
	dims := make([]int64, len(from)+len(axes))
	for _, a := range axes {
		axis, err := axisOf(a, len(dims))
		if err != nil {
			return nil, err
		}
		if dims[axis] == 1 {
			return nil, badf("axes %v name a dimension twice", axes)
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
	return withDims(c.args[0], dims)
}

func foldGather(c *call) ([]tensor, error) {
	t, dims := c.args[0], c.args[0].GetDims()
	raw, size, err := rawBytes(t)
	if size == 0 || err != nil {
		return nil, err
	}
	axis, err := axisOf(attrInt(c.node, "axis", 0), len(dims))
	if err != nil {
		return nil, err
	}
	indices, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	shape := slices.Concat(dims[:axis], c.args[1].GetDims(), dims[axis+1:])
	typ := DType(t.GetDataType())
	if ok, err := c.fits(typ, shape); !ok || err != nil {
		return nil, err
	}
	for i, at := range indices {
		if at < -dims[axis] || at >= dims[axis] {
			return nil, badf("index %d of %d", at, dims[axis])
		}
		if at < 0 {
			indices[i] += dims[axis]
		}
	}
	total, err := count(shape)
	if err != nil {
		return nil, err
	}
	if total == 0 {
		return one(newTensor("", typ, shape, nil))
	}
	inner := stridesOf(dims)[axis] * int64(size)
	out := make([]byte, 0, total*int64(size))
	for start := int64(0); start < int64(len(raw)); start += inner * dims[axis] {
		for _, at := range indices {
			out = append(out, raw[start+at*inner:][:inner]...)
		}
	}
	return one(newTensor("", typ, shape, out))
}
