package engine

import (
	"fmt"
	"slices"

	"example.org/demote/dataset"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/sinks"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// OpenData opens samples for the inputs of a network: a .npz or .npy file, MNIST idx files or a folder of images. It
// refuses values that are not finite. The caller closes the set, behind all that use it.
func OpenData(path string, m *onnx.Model, o dataset.Options) (*dataset.Set, error) {
	if err := checkStates(m); err != nil {
		return nil, err
	}
	if o.Begin == nil {
		o.Begin = blocks.ZeroStates(m)
	}
	o.StepLabels = o.StepLabels || len(m.States) > 0
	set, err := dataset.Open(path, blocks.DataInputs(m), o)
	if err != nil {
		return nil, err
	}
	if err := set.CheckFinite(sinks.MaskInputs(m)...); err != nil {
		set.Close()
		return nil, err
	}
	return set, nil
}

// checkStates refuses states of outputs or inputs that the network does not have.
func checkStates(m *onnx.Model) error {
	outputs, inputs := blocks.ByName(m.Outputs()), blocks.ByName(m.Inputs())
	for _, s := range m.States {
		if _, ok := outputs[s.Output]; !ok {
			return mistake.Errorf("%s: a state is fed by output %s, which the network does not have", m.Path, s.Output)
		}
		if _, ok := inputs[s.Input]; !ok {
			return mistake.Errorf("%s: a state feeds input %s, which the network does not have", m.Path, s.Input)
		}
	}
	return nil
}

// checkData refuses samples that were opened for inputs of other names, types or shapes than the network's. what says
// which samples, for the message.
func checkData(m *onnx.Model, data *dataset.Set, what string) error {
	if other := differing(blocks.DataInputs(m), data); other != "" {
		return mistake.Errorf("%s: %s are of another network: %s; open them with this model", m.Path, what, other)
	}
	return nil
}

// differing says how samples are not those of a network's inputs; empty: they are.
func differing(want []dataset.Input, data *dataset.Set) string {
	have := data.Inputs()
	if len(want) != len(have) {
		return fmt.Sprintf("they are for %d inputs, and it has %d", len(have), len(want))
	}
	for i, in := range want {
		switch of := have[i]; {
		case in.Name != of.Name:
			return fmt.Sprintf("their input %d is %s, and the network's %s", i, of.Name, in.Name)
		case in.Type != of.Type:
			return fmt.Sprintf("their input %s is %s, and the network's %s", in.Name, of.Type, in.Type)
		case len(in.Dims) != len(of.Dims):
			return fmt.Sprintf("their input %s is %s, and the network's %s", in.Name, blocks.AxesText(of.Dims), blocks.AxesText(in.Dims))
		}
		for _, set := range shapes(data) {
			have, want := set.Shape(i), in.Dims
			if set.Steps(i) > 0 {
				have = have[1:]
			}
			if !set.Whole(i) && len(want) > 0 {
				want = want[1:]
			}
			if !alike(have, want) {
				return fmt.Sprintf("a sample of input %s is %s, and the network's %s", in.Name, blocks.AxesText(have), blocks.AxesText(want))
			}
		}
	}
	return ""
}

// shapes are the samples of each shape.
func shapes(data *dataset.Set) []*dataset.Set {
	groups := data.Groups()
	if groups == nil {
		return []*dataset.Set{data}
	}
	var list []*dataset.Set
	for _, g := range groups {
		list = append(list, g.Set)
	}
	return list
}

// alike tells whether two shapes can be one: of one rank, with the same sizes where both have one.
func alike(a, b []int64) bool {
	return slices.EqualFunc(a, b, func(a, b int64) bool { return a < 0 || b < 0 || a == b })
}
