package dataset

import (
	"math"
	"slices"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/mistake"
)

// raggedColumn matches ragged samples, which have different shapes, with an input. With a pad all get one shape: each
// axis is as long as the network has it, or where the network leaves it free as long as in the longest sample of the
// file, and behind its own elements a sample has the value pad, in the network's type. Without a pad samples keep their
// own shapes, see column.of. Example: [3,8] and [5,8] for an input [N,?,8] become [5,8], or stay two groups.
func raggedColumn(a arrays.Array, in Input, o Options, floats int) (*column, error) {
	if in.Steps {
		return raggedSteps(a, in, o, floats)
	}
	want, whole, ones := raggedFit(len(a.Items[0].Shape), in)
	if want == nil {
		want = in.Dims[min(1, len(in.Dims)):] // no sample has so many axes
	}
	items := slices.Clone(a.Items)
	shape, full := slices.Clone(want), true
	for i, item := range items {
		if ones && len(item.Shape)+axesOf(want, 1) == len(want) {
			items[i].Shape = withOnes(item.Shape, want)
		}
		if len(items[i].Shape) != len(want) || item.Elem != a.Elem {
			return nil, mistake.Errorf("%s has shape %s of %s for sample %d, but the network's input is %s: save every sample with its axes, and all in one type", a.What, arrays.Dims(item.Shape), item.Elem, i, in)
		}
		for axis, d := range items[i].Shape {
			if want[axis] == -1 {
				shape[axis] = max(shape[axis], d)
			} else if d > want[axis] {
				return nil, mistake.Errorf("%s has shape %s for sample %d, but the network's input is %s: cut it, or leave it out", a.What, arrays.Dims(item.Shape), i, in)
			}
		}
	}
	if n, err := arrays.Bytes(append([]int64{1}, shape...), in.Type.Size()); err != nil || n > math.MaxInt/2 {
		return nil, mistake.Errorf("%s: samples of shape %s are too large: leave out the longest", a.What, arrays.Dims(shape))
	}
	for _, item := range items {
		full = full && slices.Equal(item.Shape, shape)
	}
	pad := o.Pad[in.Name]
	if !full && pad == nil && (o.oneShape || !free(items, want)) {
		return nil, mistake.Errorf("%s has samples of different shapes, that become %s: give the value that is put behind the shorter ones, --pad %s=0 for one", a.What, arrays.Dims(shape), in.Name)
	}
	of := func(shape []int64) (*column, error) {
		first, o := items[0], o
		first.Shape = append([]int64{int64(len(items))}, shape...)
		first.What = a.What
		plain := Input{Name: in.Name, Dims: append([]int64{-1}, shape...), Type: in.Type, Batched: true}
		o.Pad = nil
		c, err := newColumn(first, plain, o, floats)
		if err != nil {
			return nil, err
		}
		c.in, c.whole, c.items, c.pad = in, whole, items, pad
		return c, nil
	}
	c, err := of(shape)
	if err == nil && !full && pad == nil {
		c.of = of
	}
	return c, err
}

// free tells whether samples have the network's own size on all axes that it does not leave free.
func free(items []arrays.Array, want []int64) bool {
	for _, item := range items {
		for axis, d := range item.Shape {
			if want[axis] != -1 && d != want[axis] {
				return false
			}
		}
	}
	return true
}

// raggedFit says what samples with so many axes have of an input, as fit does for samples of one shape: all axes but
// the first, which is the batch; or, whole, all axes, with the size 1 for a batch axis that is not the first. ones:
// they lack the axes of size 1. want is nil if nothing fits.
func raggedFit(axes int, in Input) (want []int64, whole, ones bool) {
	all := slices.Clone(in.Dims)
	if in.Inside > 0 && all[in.Inside] == -1 {
		all[in.Inside] = 1
	}
	for _, ones := range []bool{false, true} {
		for _, whole := range []bool{false, true} {
			want := all
			switch {
			case whole && in.Batched, !whole && (len(all) == 0 || in.Whole || in.Inside > 0):
				continue
			case !whole:
				want = all[1:]
			}
			left := len(want)
			if ones {
				left -= axesOf(want, 1)
			}
			if left == axes {
				return want, whole, ones
			}
		}
	}
	return nil, false, false
}

// axesOf is how many axes have a size.
func axesOf(shape []int64, size int64) (n int) {
	for _, d := range shape {
		if d == size {
			n++
		}
	}
	return n
}

// withOnes puts the axes of size 1 of want into a shape that lacks them all.
func withOnes(shape, want []int64) (full []int64) {
	for _, d := range want {
		if d == 1 {
			full = append(full, 1)
			continue
		}
		full, shape = append(full, shape[0]), shape[1:]
	}
	return full
}

// readPadded is read for ragged samples. It goes line by line along the last axis of the padded shape; a line that the
// sample lacks, or the rest of one, is filled with the pad.
func (c *column) readPadded(row, first, n int, dst []byte) error {
	item, to := c.items[row], c.in.Type.Size()
	width, have := 1, 1
	if last := len(c.shape) - 1; last >= 0 {
		width, have = int(c.shape[last]), int(item.Shape[last])
	}
	for n > 0 {
		line, at := first/width, first%width
		m := min(n, width-at)
		inside := 0 // of the m elements those that the sample has
		if start, ok := c.lineOf(item, line); ok && at < have {
			inside = min(m, have-at)
			if err := c.readRun(item, int64(start*have+at), row, first, inside, dst[:inside*to]); err != nil {
				return err
			}
		}
		for i := inside; i < m; i++ {
			copy(dst[i*to:], c.pad)
		}
		dst, first, n = dst[m*to:], first+m, n-m
	}
	return nil
}

// lineOf is the number of a line of the padded sample among the sample's own.
func (c *column) lineOf(item arrays.Array, line int) (own int, ok bool) {
	scale := 1
	for axis := len(c.shape) - 2; axis >= 0; axis-- {
		at := line % int(c.shape[axis])
		if line /= int(c.shape[axis]); at >= int(item.Shape[axis]) {
			return 0, false
		}
		own, scale = own+at*scale, scale*int(item.Shape[axis])
	}
	return own, true
}
