package dataset

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// Names of the arrays of an archive that hold samples of different shapes: NAME_0, NAME_1 and so on, one a sample, or
// NAME with all of them one behind the other and NAME_offsets with the row at which each begins, and the number of rows
// last.
const offsetsKey = "_offsets"

func itemKey(name string, sample int) string { return name + "_" + strconv.Itoa(sample) }

// openItems opens an input of which each sample is an array of its own.
func (z *archive) openItems(name string) (array, error) {
	a := array{what: fmt.Sprintf("%s: the list of arrays from %q on", z.f.path, itemKey(name, 0))}
	var joined *os.File // of what had to be unpacked: one file, since many cannot be open at once
	end := int64(0)
	for z.has(itemKey(name, len(a.items))) {
		opened := len(z.f.temp.files)
		item, err := z.open(itemKey(name, len(a.items)))
		if err != nil {
			return array{}, err
		}
		if item.r != z.f.r {
			if joined == nil {
				if joined, err = z.f.temp.create(); err != nil {
					return array{}, mistake.Errorf("%s %w", a.what, err)
				}
				last := len(z.f.temp.files) - 1 // in front of those that are given back
				z.f.temp.files = slices.Insert(z.f.temp.files[:last], opened, joined)
				opened++
			}
			size := product(item.shape) * int64(item.elem.Size())
			if _, err := io.Copy(io.NewOffsetWriter(joined, end), io.NewSectionReader(item.r, item.off, size)); err != nil {
				return array{}, mistake.Errorf("%s %w", a.what, z.f.temp.unwritable(err))
			}
			item.r, item.off = joined, end
			end += size
			if err := z.f.temp.giveBack(opened); err != nil {
				return array{}, mistake.Errorf("%s %w", a.what, err)
			}
		}
		a.items = append(a.items, item)
	}
	if after, found := z.numberBehind(name, len(a.items)); found {
		return array{}, mistake.Errorf("%s ends before %q, and there is %q: give every sample an array, numbered from 0 on without a gap", a.what, itemKey(name, len(a.items)), after)
	}
	a.elem, a.text, a.shape = a.items[0].elem, a.items[0].text, []int64{int64(len(a.items))}
	return a, nil
}

// numberBehind is the first array of a list that has a number from so many on; without one the list is whole.
func (z *archive) numberBehind(name string, from int) (key string, found bool) {
	least := math.MaxInt
	for k := range z.entries {
		digits, ours := strings.CutPrefix(k, name+"_")
		if n, err := strconv.Atoi(digits); ours && err == nil && n >= from && n < least && k == itemKey(name, n) {
			least, key, found = n, k, true
		}
	}
	return key, found
}

// openJoined opens an input whose samples lie behind each other in one array.
func (z *archive) openJoined(name string) (array, error) {
	all, err := z.open(name)
	if err != nil {
		return array{}, err
	}
	o, err := z.open(name + offsetsKey)
	if err != nil {
		return array{}, err
	}
	if o.elem.Float() || o.elem == Text || len(o.shape) != 1 || o.shape[0] < 2 {
		return array{}, mistake.Errorf("%s has shape %s of %s: give a row number for the begin of each sample and the number of rows last, as integers", o.what, dims(o.shape), o.elem)
	}
	if o.shape[0] > mostSamples {
		return array{}, mistake.Errorf("%s has %d samples, and %d is the most: use a part of them", o.what, o.shape[0], mostSamples)
	}
	var rows []int64
	err = each(o, Int64, int(o.shape[0]), 1, func(_ int, b []byte) error {
		rows = append(rows, int64(binary.LittleEndian.Uint64(b)))
		return nil
	})
	if err != nil {
		return array{}, err
	}
	row := product(all.shape[1:]) * int64(all.elem.Size())
	a := array{what: all.what, elem: all.elem, text: all.text, shape: []int64{int64(len(rows) - 1)}}
	for i, from := range rows[:len(rows)-1] {
		to := rows[i+1]
		if from < 0 || to <= from || to > all.shape[0] || i == 0 && from != 0 || i == len(rows)-2 && to != all.shape[0] {
			return array{}, mistake.Errorf("%s has sample %d from row %d to row %d, of %d rows: give rising numbers from 0 to the number of rows", o.what, i, from, to, all.shape[0])
		}
		item := all
		item.off, item.shape = all.off+from*row, append([]int64{to - from}, all.shape[1:]...)
		a.items = append(a.items, item)
	}
	return a, nil
}

// rows are the samples of an array as arrays of their own.
func (a array) rows() array {
	size := product(a.shape[1:]) * int64(a.elem.Size())
	out := a
	out.shape = a.shape[:1]
	for i := range a.shape[0] {
		item := a
		item.off, item.shape = a.off+i*size, a.shape[1:]
		out.items = append(out.items, item)
	}
	return out
}

// raggedColumn matches samples of different shapes with an input: each axis is as long as the network has it, or where
// that is free as that of the longest sample of the file, and what a sample lacks at its ends has the value pad, in the
// network's type. Without a pad samples keep their own shapes, see column.of.
func raggedColumn(a array, in Input, o Options, floats int) (*column, error) {
	if in.Steps {
		return raggedSteps(a, in, o, floats)
	}
	want, whole, ones := raggedFit(len(a.items[0].shape), in)
	if want == nil {
		want = in.Dims[min(1, len(in.Dims)):] // no sample has so many axes
	}
	items := slices.Clone(a.items)
	shape, full := slices.Clone(want), true
	for i, item := range items {
		if ones && len(item.shape)+axesOf(want, 1) == len(want) {
			items[i].shape = withOnes(item.shape, want)
		}
		if len(items[i].shape) != len(want) || item.elem != a.elem {
			return nil, mistake.Errorf("%s has shape %s of %s for sample %d, but the network's input is %s: save every sample with its axes, and all in one type", a.what, dims(item.shape), item.elem, i, in)
		}
		for axis, d := range items[i].shape {
			if want[axis] == -1 {
				shape[axis] = max(shape[axis], d)
			} else if d > want[axis] {
				return nil, mistake.Errorf("%s has shape %s for sample %d, but the network's input is %s: cut it, or leave it out", a.what, dims(item.shape), i, in)
			}
		}
	}
	if n, err := byteCount(append([]int64{1}, shape...), in.Type.Size()); err != nil || n > math.MaxInt/2 {
		return nil, mistake.Errorf("%s: samples of shape %s are too large: leave out the longest", a.what, dims(shape))
	}
	for _, item := range items {
		full = full && slices.Equal(item.shape, shape)
	}
	pad := o.Pad[in.Name]
	if !full && pad == nil && (o.oneShape || !free(items, want)) {
		return nil, mistake.Errorf("%s has samples of different shapes, that become %s: give the value that is put behind the shorter ones, --pad %s=0 for one", a.what, dims(shape), in.Name)
	}
	of := func(shape []int64) (*column, error) {
		first, o := items[0], o
		first.shape = append([]int64{int64(len(items))}, shape...)
		first.what = a.what
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
func free(items []array, want []int64) bool {
	for _, item := range items {
		for axis, d := range item.shape {
			if want[axis] != -1 && d != want[axis] {
				return false
			}
		}
	}
	return true
}

// raggedFit says what samples with so many axes have of an input, as fit does: all but its first axis, the batch, or
// all of it, whole, with one for a batch that lies inside. ones: they lack the axes of size 1. nil: neither.
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

// readPadded is read of samples of different shapes: line by line along the last axis, those that a sample lacks with
// the pad alone.
func (c *column) readPadded(row, first, n int, dst []byte) error {
	item, to := c.items[row], c.in.Type.Size()
	width, have := 1, 1
	if last := len(c.shape) - 1; last >= 0 {
		width, have = int(c.shape[last]), int(item.shape[last])
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
func (c *column) lineOf(item array, line int) (own int, ok bool) {
	scale := 1
	for axis := len(c.shape) - 2; axis >= 0; axis-- {
		at := line % int(c.shape[axis])
		if line /= int(c.shape[axis]); at >= int(item.shape[axis]) {
			return 0, false
		}
		own, scale = own+at*scale, scale*int(item.shape[axis])
	}
	return own, true
}
