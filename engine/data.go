package engine

import (
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
