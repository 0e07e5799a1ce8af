package blocks

import (
	"regexp"
	"slices"
	"strings"

	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// Alone reports whether the samples of a network must run one by one, because some input has no axis for them.
func Alone(m *onnx.Model, data Samples) bool {
	for i := range m.Inputs() {
		if Axis(m, data, i) < 0 {
			return true
		}
	}
	return false
}

// Axis returns the axis of an input on which the samples of a block lie: the first one, or a later batch axis that has
// size 1 in the data; -1: there is none.
func Axis(m *onnx.Model, data Samples, input int) int {
	if !data.Whole(input) {
		return 0
	}
	v, shape := m.Inputs()[input], data.Shape(input)
	if data.Steps(input) > 0 {
		shape = shape[1:]
	}
	if at := inside(m, v); at > 0 && shape[at] == 1 {
		return at
	}
	return -1
}

// Mixed reports whether the first axes of a network's inputs have different sizes, so that not all of them are the
// batch.
func mixed(m *onnx.Model) bool {
	inputs := m.Inputs()
	for _, v := range inputs {
		if len(v.Dims) > 0 && len(inputs[0].Dims) > 0 && v.Dims[0] != inputs[0].Dims[0] {
			return true
		}
	}
	return false
}

// anyName matches the names that exporters give to axes without a name.
var anyName = regexp.MustCompile(`^(unk__\d+|unk_\d+|dynamic_axes_\d+|dim_?\d+|s\d+|none|\?)$`)

// batched reports whether the first axis of an input is free and, as far as its name goes, the batch: an array with an
// axis more is then of another shape, and not one with the whole input in each sample.
func batched(m *onnx.Model, v onnx.Value) bool {
	if len(v.Dims) == 0 || v.Dims[0] >= 0 {
		return false
	}
	name := strings.ToLower(variants.AxisName(m, v.Name, 0))
	return name == "" || variants.IsBatchName(name) || strings.Contains(name, "sample") || anyName.MatchString(name)
}

// notFirst reports whether the first axis of an input is not the batch: another axis has the name of a batch, or the
// first one has a fixed size while the batch of another input is free.
func notFirst(m *onnx.Model, v onnx.Value) bool {
	if len(v.Dims) == 0 {
		return false
	}
	free := slices.ContainsFunc(m.Inputs(), func(u onnx.Value) bool { return len(u.Dims) > 0 && u.Dims[0] < 0 })
	return variants.BatchElsewhere(m, v.Name) > 0 || InsideInput(m, v) > 0 || v.Dims[0] > 1 && free
}

// inside returns the batch axis of an input if it is not the first one: by its name, or as the only free axis. 0: there
// is none.
func inside(m *onnx.Model, v onnx.Value) (axis int) {
	if at := max(variants.BatchElsewhere(m, v.Name), InsideInput(m, v)); at > 0 || !notFirst(m, v) {
		return at
	}
	for i, d := range v.Dims {
		if d >= 0 {
			continue
		}
		if axis > 0 {
			return 0
		}
		axis = i
	}
	return axis
}

// InsideInput returns the free axis of an input that is the batch by its name and not the first one, such as that of a
// state [layers, batch, size]; 0: there is none.
func InsideInput(m *onnx.Model, v onnx.Value) int {
	if len(v.Dims) == 0 || v.Dims[0] < 0 {
		return 0
	}
	for i, d := range v.Dims {
		name := variants.AxisName(m, v.Name, i)
		if d >= 0 || name == "" {
			continue
		}
		for _, u := range m.Inputs() {
			if u.Name != v.Name && batched(m, u) && variants.AxisName(m, u.Name, 0) == name {
				return i
			}
		}
	}
	return 0
}
