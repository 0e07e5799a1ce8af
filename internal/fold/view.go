package fold

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/mistake"
)

// view makes the tensor of those dimensions whose element (i, j, ...) is element offset + i*strides[0] + j*strides[1]
// + ... of t: a slice, a transposition, a repetition.
func (c *Call) view(t ir.Tensor, offset int64, dims, strides []int64) ([]ir.Tensor, error) {
	typ := ir.DType(t.GetDataType())
	raw, size, err := ir.RawBytes(t)
	if size == 0 || err != nil {
		return nil, err
	}
	if ok, err := c.fits(typ, dims); !ok || err != nil {
		return nil, err
	}
	n, err := ir.Count(dims)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, n*int64(size))
	at := make([]int64, len(dims))
	for range n {
		out = append(out, raw[offset*int64(size):][:size]...)
		for d := len(dims) - 1; d >= 0; d-- {
			at[d]++
			offset += strides[d]
			if at[d] < dims[d] {
				break
			}
			offset -= at[d] * strides[d]
			at[d] = 0
		}
	}
	return one(ir.NewTensor("", typ, dims, out))
}

// segment returns the strides by which a tensor of shape from is read as one of shape to.
func segment(from, to []int64) []int64 {
	own, out := ir.StridesOf(from), make([]int64, len(to))
	for i := range from {
		if from[i] != 1 {
			out[len(to)-len(from)+i] = own[i]
		}
	}
	return out
}

func foldTranspose(c *Call) ([]ir.Tensor, error) {
	dims := c.Args[0].GetDims()
	rank := len(dims)
	perm := ir.Attr(c.Node, "perm").GetInts()
	if perm == nil {
		for d := rank - 1; d >= 0; d-- {
			perm = append(perm, int64(d))
		}
	}
	if len(perm) != rank {
		return nil, mistake.Errorf("attribute perm %v for %d dimensions", perm, rank)
	}
	own, seen := ir.StridesOf(dims), make([]bool, rank)
	shape, strides := make([]int64, rank), make([]int64, rank)
	for i, p := range perm {
		d, err := ir.AxisOf(p, rank)
		if err != nil || seen[d] {
			return nil, mistake.Errorf("attribute perm %v for %d dimensions", perm, rank)
		}
		seen[d] = true
		shape[i], strides[i] = dims[d], own[d]
	}
	return c.view(c.Args[0], 0, shape, strides)
}

func foldExpand(c *Call) ([]ir.Tensor, error) {
	shape, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	dims := c.Args[0].GetDims()
	out, err := shapes.Broadcast(dims, shape)
	if err != nil {
		return nil, err
	}
	return c.view(c.Args[0], 0, out, segment(dims, out))
}

// foldTile repeats along each dimension: dimension d becomes a pair (repeat, d) whose first stride is 0.
func foldTile(c *Call) ([]ir.Tensor, error) {
	repeats, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	dims := c.Args[0].GetDims()
	if len(repeats) != len(dims) {
		return nil, mistake.Errorf("%d repeats for %d dimensions", len(repeats), len(dims))
	}
	own := ir.StridesOf(dims)
	var pairs, strides, shape []int64
	for d, n := range repeats {
		pairs, strides = append(pairs, n, dims[d]), append(strides, 0, own[d])
		if _, err := ir.Count([]int64{n, dims[d]}); err != nil {
			return nil, err
		}
		shape = append(shape, n*dims[d])
	}
	out, err := c.view(c.Args[0], 0, pairs, strides)
	if err != nil || out == nil {
		return nil, err
	}
	out[0].Dims = shape
	return out, nil
}

func foldSlice(c *Call) ([]ir.Tensor, error) {
	var lists [5][]int64
	for i := 1; i < 5; i++ {
		var err error
		if lists[i], err = c.ints(i); err != nil {
			return nil, err
		}
	}
	starts, ends, axes, steps := lists[1], lists[2], lists[3], lists[4]
	dims := c.Args[0].GetDims()
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) ||
		axes == nil && len(starts) > len(dims) {
		return nil, mistake.Errorf("starts, ends, axes and steps have %d, %d, %d and %d elements", len(starts), len(ends), len(axes), len(steps))
	}
	shape, strides, offset := append([]int64(nil), dims...), ir.StridesOf(dims), int64(0)
	for i := range starts {
		axis, step := i, int64(1)
		if axes != nil {
			var err error
			if axis, err = ir.AxisOf(axes[i], len(dims)); err != nil {
				return nil, err
			}
		}
		if steps != nil {
			step = steps[i]
		}
		if step == 0 {
			return nil, mistake.Errorf("a step of 0")
		}
		first, n := sliceRange(starts[i], ends[i], step, dims[axis])
		offset += first * strides[axis]
		shape[axis] = n
		strides[axis] *= step
	}
	if n, err := ir.Count(shape); err != nil || n == 0 {
		offset = 0
	}
	return c.view(c.Args[0], offset, shape, strides)
}

// sliceRange returns the first index and the number of elements of a slice along a dimension of that size.
func sliceRange(start, end, step, size int64) (int64, int64) {
	if start < 0 {
		start += size
	}
	if end < 0 {
		end += size
	}
	if step > 0 {
		start, end = min(max(start, 0), size), min(max(end, 0), size)
		if end <= start {
			return 0, 0
		}
		return start, (end-start-1)/step + 1
	}
	start, end = min(max(start, -1), size-1), min(max(end, -1), size-1)
	if start <= end {
		return 0, 0
	}
	return start, (start-end-1)/-max(step, -1<<62) + 1
}
