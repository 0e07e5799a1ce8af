package blocks

import (
	"fmt"
	"math"
	"slices"

	"example.org/demote/backend/direct"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// A look is an output of blocks of two samples, or of as many as the network's fixed batch has: of a and b in turn,
// of copies of a, and of copies of b.
type look struct {
	output          string
	size            int
	mixed, ofA, ofB direct.Seen
}

// free decides about a network with a free batch; one is the output of a alone.
func (l look) free(one direct.Seen, quantized bool) Batching {
	if len(one.Dims) != len(l.mixed.Dims) {
		return Batching{Axis: -1, Alone: fmt.Sprintf("output %s has %d axes for one sample and %d for two", l.output, len(one.Dims), len(l.mixed.Dims))}
	}
	grown, axis := 0, -1
	for i, d := range one.Dims {
		if l.mixed.Dims[i] != d {
			grown++
			axis = i
		}
	}
	switch {
	case grown != 1:
		return Batching{Axis: wholeAxis(one.Dims), Alone: fmt.Sprintf("output %s has no axis for the samples, %v for one and %v for two", l.output, one.Dims, l.mixed.Dims)}
	case l.mixed.Dims[axis] != 2*one.Dims[axis] || axis > 0 && one.Dims[axis] != 1:
		return Batching{Axis: -1, Alone: fmt.Sprintf("output %s does not grow with the samples, %v for one and %v for two", l.output, one.Dims, l.mixed.Dims)}
	case l.touch(axis) || !quantized && !Near32(slot(l.ofA, axis, 2, 0), one.Values, 0.05):
		return Batching{Axis: axisOfOne(axis, one.Dims), Alone: fmt.Sprintf("output %s of a sample depends on the samples beside it", l.output)}
	}
	return Batching{Axis: axis}
}

// axisOfOne is the axis for blocks of one sample: a first axis with several rows a sample is the sample's own where
// it is run alone.
func axisOfOne(axis int, one []int64) int {
	if one[axis] != 1 {
		return -1
	}
	return axis
}

// fixed decides about a network whose batch is fixed to more than one sample, so that samples cannot run one by one.
func (l look) fixed(m *onnx.Model) (Batching, error) {
	at := -1
	for i, d := range l.mixed.Dims {
		if d%int64(l.size) == 0 && d > 0 && (i == 0 || d == int64(l.size)) && !l.touch(i) {
			at = i
			break
		}
	}
	switch {
	case at >= 0:
		return Batching{Axis: at}, nil
	case slices.ContainsFunc(l.mixed.Dims, func(d int64) bool { return d%int64(l.size) == 0 }):
		return Batching{}, mistake.Errorf("%s: output %s of a sample depends on the samples beside it, and the network's batch is fixed to %d: %s", m.Path, l.output, l.size, fixedCure(m))
	}
	return Batching{}, mistake.Errorf("%s: output %s %v has no axis for the samples, and the network's batch is fixed to %d: %s", m.Path, l.output, l.mixed.Dims, l.size, fixedCure(m))
}

// fixedCure is what to do if a network has a batch that is fixed to several samples and cannot run so: another axis may
// be the batch.
func fixedCure(m *onnx.Model) string {
	if cure := axisCure(m, true); cure != "" {
		return cure + "; otherwise export it with a batch of 1"
	}
	return "export it with a free batch axis, or with a batch of 1"
}

// touch reports whether the samples of a block touch each other in the output, if they lie on an axis: a sample is then
// another beside others than beside its copies, or its copies differ.
func (l look) touch(axis int) bool {
	for i, copies := range []direct.Seen{l.ofA, l.ofB} {
		want := slot(copies, axis, l.size, 0)
		for k := 1; k < l.size; k++ {
			if !Near32(slot(copies, axis, l.size, k), want, TouchTolerance) {
				return true
			}
		}
		for k := i; k < l.size; k += 2 {
			if !Near32(slot(l.mixed, axis, l.size, k), want, TouchTolerance) {
				return true
			}
		}
	}
	return false
}

// slot is what belongs to one of the samples that lie on an axis of an output.
func slot(o direct.Seen, axis, of, at int) []float32 {
	if axis >= len(o.Dims) {
		return nil
	}
	outer, inner := 1, 1
	for i, d := range o.Dims {
		if i < axis {
			outer *= int(d)
		} else {
			inner *= int(d)
		}
	}
	inner /= of
	var list []float32
	for i := range outer {
		list = append(list, o.Values[(i*of+at)*inner:][:inner]...)
	}
	return list
}

// Near32 reports whether two lists of values are equal up to a tolerance relative to the largest value.
func Near32(a, b []float32, tolerance float64) bool {
	if len(a) != len(b) {
		return false
	}
	largest := 0.0
	for i := range a {
		for _, v := range []float32{a[i], b[i]} {
			if x := math.Abs(float64(v)); !math.IsInf(x, 0) && x > largest {
				largest = x
			}
		}
	}
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		if x == y || x != x && y != y {
			continue
		}
		if !(math.Abs(x-y) <= tolerance*largest) {
			return false
		}
	}
	return true
}
