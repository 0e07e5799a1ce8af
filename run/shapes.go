package run

import (
	"slices"

	"demote/backend"
	"demote/dataset"
	"demote/onnx"
)

// fixShapes returns the model with every tensor's shape written into it for blocks of one size, and
// whatever is computed from shapes alone folded into constants. The runtime itself is asked for the
// shapes, with one and with two samples: what grows with them is the batch. The tensors open are
// not folded, nor what hangs on them, see onnx.Model.FoldConstants.
func fixShapes(m *onnx.Model, inputs []backend.Tensor, block int, open ...string) (*onnx.Model, error) {
	names := m.Computed()
	probe := m.WithOutputs(names...)
	model, err := probe.Bytes()
	if err != nil {
		return nil, err
	}
	measure := func(batch int) (map[string][]int64, error) {
		at := slices.Clone(inputs)
		for i := range at {
			at[i].Dims = append([]int64{int64(batch)}, at[i].Dims[1:]...)
		}
		return backend.Measure(model, at, names)
	}
	var one, two map[string][]int64
	scale := int64(block - 1)
	if batchOf(m) > 0 {
		one, err = measure(block)
		two, scale = one, 0
	} else if one, err = measure(1); err == nil {
		two, err = measure(2)
	}
	if err != nil {
		return nil, mistakef("%s: %w", m.Path, tooLarge(err))
	}
	dims := map[string][]int64{}
	for name, a := range one {
		b := two[name]
		if len(a) != len(b) {
			continue
		}
		full := make([]int64, len(a))
		for i := range a {
			full[i] = a[i] + (b[i]-a[i])*scale
		}
		dims[name] = full
	}
	for _, in := range inputs {
		dims[in.Name] = append([]int64{int64(block)}, in.Dims[1:]...)
	}
	fixed := m.WithShapes(dims)
	if err := fixed.FoldConstants(open...); err != nil {
		return nil, err
	}
	return fixed, nil
}

// batchOf is the model's fixed batch size; 0 if the batch is free.
func batchOf(m *onnx.Model) int {
	for _, v := range m.Inputs() {
		if len(v.Dims) > 0 && v.Dims[0] > 0 {
			return int(v.Dims[0])
		}
	}
	return 0
}

// samples are what a network is fed with: a dataset, or a test's own.
type samples interface {
	backend.Samples
	Shape(input int) []int64 // of one sample
}

// dataInputs describes a model's inputs to the dataset.
func dataInputs(m *onnx.Model) []dataset.Input {
	var list []dataset.Input
	for _, v := range m.Inputs() {
		list = append(list, dataset.Input{Name: v.Name, Dims: v.Dims, Type: dataset.Type(v.Type)})
	}
	return list
}

// blockInputs are the network's inputs as blocks of the data's samples.
func blockInputs(m *onnx.Model, data samples, block int) ([]backend.Tensor, error) {
	var list []backend.Tensor
	for i, v := range m.Inputs() {
		if v.Type == onnx.Undefined || len(v.Dims) == 0 {
			return nil, mistakef("%s: input %s is no tensor with a batch axis; demote feeds one sample a row", m.Path, v.Name)
		}
		list = append(list, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: append([]int64{int64(block)}, data.Shape(i)...)})
	}
	if len(list) == 0 {
		return nil, mistakef("%s: the network has no input", m.Path)
	}
	return list, nil
}

// chooseBlock is the block size of a run: the network's own fixed batch, else the one asked for.
func chooseBlock(m *onnx.Model, asked int) (int, error) {
	fixed := batchOf(m)
	switch {
	case asked < 0:
		return 0, mistakef("--block %d: give a number of samples", asked)
	case fixed > 0 && asked > 0 && fixed != asked:
		return 0, mistakef("--block %d: the network's batch is fixed to %d", asked, fixed)
	case fixed > 0:
		return fixed, nil
	case asked > 0:
		return asked, nil
	}
	return backend.DefaultBlock, nil
}

// wantOutput checks the name of the output that the metric is to read and returns it.
func wantOutput(m *onnx.Model, name string) (string, error) {
	var names []string
	for _, v := range m.Outputs() {
		if v.Name == name {
			return name, nil
		}
		names = append(names, v.Name)
	}
	switch {
	case name != "":
		return "", mistakef("%s: --output %s: the network's outputs are %q", m.Path, name, names)
	case len(names) == 1:
		return names[0], nil
	}
	return "", mistakef("%s: the network has %d outputs; choose one with --output: %q", m.Path, len(names), names)
}
