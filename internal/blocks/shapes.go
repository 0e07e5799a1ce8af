package blocks

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/dataset"
	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
)

// Shapes are the shapes of a model's tensors, by name, as the runtime reports them for one and for two samples. The
// axis that grows is the batch.
type Shapes struct {
	One, Two map[string][]int64
	Growing  bool // they were measured with two batches
}

// Measure gets the shapes of all tensors of a model from the runtime, by a run on the first samples. If the batch is
// fixed, or blocks have one sample, both shapes are those of a block.
func Measure(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, block int) (*Shapes, error) {
	names := m.Computed()
	if len(names) == 0 {
		return &Shapes{}, nil
	}
	probe := variants.WithOutputs(m, names...)
	model, err := ModelOf(probe)
	if err != nil {
		return nil, err
	}
	measure := func(batch int) (map[string][]int64, error) {
		at := slices.Clone(inputs)
		for i := range at {
			at[i] = at[i].At(batch)
		}
		return direct.Measure(ctx, model, at, names)
	}
	s := &Shapes{}
	if Fixed(m) > 0 || inputs[0].Alone || block == 1 {
		s.One, err = measure(block)
		s.Two = s.One
	} else if s.One, err = measure(1); err == nil {
		s.Two, err = measure(2)
		s.Growing = true
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, mistake.Errorf("%s: %w", m.Path, tooLarge(err))
	}
	return s, nil
}

// At returns a tensor's shape for n samples; nil if it is unknown.
func (s *Shapes) At(name string, samples int) []int64 {
	a, b := s.One[name], s.Two[name]
	if len(a) != len(b) {
		return nil
	}
	full := make([]int64, len(a))
	for i := range a {
		full[i] = a[i] + (b[i]-a[i])*int64(samples-1)
	}
	return full
}

// Fix returns the model with the shape of every tensor for blocks of one size, and with all nodes that depend on shapes
// alone folded into constants. The tensors open, and nodes that depend on them, are not folded, see fold.Model.
func (s *Shapes) Fix(m *onnx.Model, inputs []backend.Tensor, block int, open []string) (*onnx.Model, error) {
	dims := map[string][]int64{}
	for name, a := range s.One {
		if len(a) == len(s.Two[name]) {
			dims[name] = s.At(name, block)
		}
	}
	for _, in := range inputs {
		dims[in.Name] = in.At(block).Dims
	}
	fixed := variants.WithShapes(m, dims)
	fixed.Alone, fixed.Steps, fixed.Axes = inputs[0].Alone, stepsBy(inputs), s.axes(inputs, block)
	if err := fold.Model(fixed, open...); err != nil {
		return nil, err
	}
	return fixed, nil
}

// Fixed is the model's fixed batch size; 0 if the batch is free.
func Fixed(m *onnx.Model) int {
	for _, v := range m.Inputs() {
		at := variants.BatchElsewhere(m, v.Name)
		if len(v.Dims) > 0 && v.Dims[at] > 0 && (at > 0 || !notFirst(m, v)) {
			return int(v.Dims[at])
		}
	}
	return 0
}

// Samples are the inputs of a network: a dataset, or those of a test.
type Samples interface {
	backend.Samples
	Shape(input int) []int64 // of one sample
	// the input has no batch in front: a sample is all of it, with 1 for a batch that lies inside
	Whole(input int) bool
	Steps(input int) int // along the first axis of the shape; 0: it has none for them
}

// DataInputs describes a model's inputs to the dataset.
func DataInputs(m *onnx.Model) []dataset.Input {
	var list []dataset.Input
	for _, v := range m.Inputs() {
		dims := v.Dims
		if at := inside(m, v); at > 0 {
			dims = slices.Clone(dims)
			dims[at] = -1 // a sample has 1 there, whatever the batch is
		}
		list = append(list, dataset.Input{Name: v.Name, Dims: dims, Type: dataset.Type(v.Type), Batched: batched(m, v) && !notFirst(m, v), Whole: notFirst(m, v), Inside: inside(m, v),
			Steps: len(m.States) > 0 && variants.FedBy(m, v.Name) == "", State: variants.FedBy(m, v.Name) != "", Back: backFlag(m, v)})
	}
	return list
}

// Inputs are the network's inputs as blocks of the data's samples.
func Inputs(m *onnx.Model, data Samples, block int) ([]backend.Tensor, error) {
	var list []backend.Tensor
	single := Alone(m, data)
	for i, v := range m.Inputs() {
		whole := data.Whole(i)
		axis := Axis(m, data, i)
		if v.Type == ir.Undefined || len(v.Dims) == 0 && !whole {
			return nil, mistake.Errorf("%s: input %s is no tensor with a batch axis; demote feeds one sample a row", m.Path, v.Name)
		}
		if at := variants.BatchElsewhere(m, v.Name); at > 0 && !whole {
			return nil, mistake.Errorf("%s: the samples of input %s lie on axis %d by its name, and demote feeds one sample a row: export the network with that axis in front", m.Path, v.Name, at)
		}
		t := backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: data.Shape(i), Alone: single, Steps: data.Steps(i), Fed: variants.FedBy(m, v.Name)}
		if t.Steps > 0 {
			t.Dims = t.Dims[1:]
		}
		switch {
		case !whole:
			t.Dims = append([]int64{int64(block)}, t.Dims...)
		case !single:
			t.Axis = axis
			t = t.At(block)
		}
		t.First = FirstOf(data, i, t.Pieces())
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, mistake.Errorf("%s: the network has no input", m.Path)
	}
	return list, nil
}

// FirstOf reads the first samples of an input into a block; of several steps it reads the first. If there are fewer
// samples, it repeats the first one.
func FirstOf(data Samples, input, pieces int) func(dst []byte, n int) error {
	return func(dst []byte, n int) error {
		if data.Len() == 0 || n == 0 {
			return nil
		}
		size := len(dst) / n
		whole := make([]byte, size*max(1, data.Steps(input)))
		for i := range n {
			at := i
			if i >= data.Len() {
				at = 0
			}
			if err := data.Read(input, at, whole); err != nil {
				return err
			}
			backend.Place(dst, whole[:size], pieces, i, n)
		}
		return nil
	}
}

// Choose returns the first block size to try: the network's fixed batch, else the one asked for.
func Choose(m *onnx.Model, asked int) (int, error) {
	fixed := Fixed(m)
	switch {
	case asked < 0:
		return 0, mistake.Errorf("--block %d: give a number of samples", asked)
	case fixed > 0 && asked > 0 && fixed != asked && mixed(m):
		return asked, nil // the data say whether samples run alone, see checkAlone
	case fixed > 0 && asked > 0 && fixed != asked:
		return 0, mistake.Errorf("--block %d: the network's batch is fixed to %d", asked, fixed)
	case fixed > 0:
		return fixed, nil
	case asked > 0:
		return asked, nil
	}
	return backend.DefaultBlock, nil
}

// ChooseOutput checks the name of the output that the metric is to read and returns it.
func ChooseOutput(m *onnx.Model, name string) (string, error) {
	var names []string
	for _, v := range m.Outputs() {
		if v.Name == name {
			return name, Computed(m, name)
		}
		names = append(names, v.Name)
	}
	if own := variants.OwnOutputs(m); name == "" && len(own) == 1 {
		return own[0], Computed(m, own[0])
	}
	switch {
	case name != "":
		return "", mistake.Errorf("%s: --output %s: the network's outputs are %q", m.Path, name, names)
	case len(names) == 1:
		return names[0], Computed(m, names[0])
	}
	return "", mistake.Errorf("%s: the network has %d outputs; choose one with --output, or several for a metric that reads them: %q", m.Path, len(names), names)
}

// AllOutputs is the name that stands for all outputs of a network, but for those that are fed back.
const AllOutputs = "all"

// ChooseOutputs finds the outputs that a metric reads: the named one as ChooseOutput does and further ones, or all of
// them.
func ChooseOutputs(m *onnx.Model, name string, beside []string) ([]string, error) {
	own := variants.OwnOutputs(m)
	if name == AllOutputs && !slices.Contains(own, name) {
		if len(beside) > 0 {
			return nil, mistake.Errorf("--output all stands for every output: leave out --output %s", beside[0])
		}
		for _, o := range own {
			if err := Computed(m, o); err != nil {
				return nil, err
			}
		}
		return own, nil
	}
	first, err := ChooseOutput(m, name)
	if err != nil {
		return nil, err
	}
	list := []string{first}
	for _, name := range beside {
		if slices.Contains(list, name) {
			return nil, mistake.Errorf("--output %s is given twice: leave one of them out", name)
		}
		if _, err := ChooseOutput(m, name); err != nil {
			return nil, err
		}
		list = append(list, name)
	}
	return list, nil
}

// Computed refuses an output that is an initializer.
func Computed(m *onnx.Model, output string) error {
	for _, t := range m.Graph().GetInitializer() {
		if t.GetName() == output {
			return mistake.Errorf("%s: output %s is a constant, of which there is no score: choose another with --output", m.Path, output)
		}
	}
	return nil
}

// Optimization is ONNX Runtime's optimization level for all sessions of a run, also for the check of the export: all
// optimizations.
const Optimization = 99
