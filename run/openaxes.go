package run

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// hasFreeAxes tells whether a network takes inputs of several shapes. ONNX Runtime then knows fewer dimensions, and joins fewer
// operators, than where all are fixed.
func hasFreeAxes(m *onnx.Model) bool {
	return slices.ContainsFunc(m.Inputs(), func(v onnx.Value) bool { return slices.ContainsFunc(v.Dims, func(d int64) bool { return d < 0 }) })
}

// asOpen returns a model with its shapes fixed so that it computes what the model m that it was made of computes, whose axes may be
// free.
func (s *shapes) asOpen(fixed, m *onnx.Model) *onnx.Model {
	if !hasFreeAxes(m) {
		return fixed
	}
	return variants.LooseBiases(fixed, s.dynamic)
}

// dynamic tells whether the runtime does not know all dimensions of a tensor of three axes or more while its model's axes are free.
func (s *shapes) dynamic(tensor string) bool {
	one, known := s.one[tensor]
	if !known { // an input
		return true
	}
	return len(one) > 2 && (!s.growing || !slices.Equal(one, s.two[tensor]))
}

// axes writes the axes of the search into a file where that is wanted.
func (s *searching) axes(ctx context.Context, m *onnx.Model) (*onnx.Model, error) {
	if !s.config.FixShapes || !hasFreeAxes(m) {
		return m, nil
	}
	known, err := s.measured(ctx)
	if err != nil {
		return nil, err
	}
	return s.withAxes(m, s.fixShapes, known), nil
}

// withCalibAxes returns a file with the axes of the calibration samples written into it, for one sample at a time.
func withCalibAxes(ctx context.Context, m *onnx.Model, c Config) (*onnx.Model, error) {
	calib, err := openData(c.Calib, "", m, c, 0)
	if err != nil {
		return nil, err
	}
	defer calib.Close()
	if err := needOneShape(calib, "--fix-shapes", c.Calib); err != nil {
		return nil, err
	}
	p := &prepared{block: 1}
	if p.inputs, err = blockInputs(m, calib, 1); err != nil {
		return nil, err
	}
	known, err := measureShapes(ctx, m, p.inputs, 1)
	if err != nil {
		return nil, err
	}
	return p.withAxes(m, true, known), nil
}

// withAxes returns a file with the axes of the search written into it: of its inputs and outputs, in blocks.
func (p *prepared) withAxes(m *onnx.Model, searchedFixed bool, s *shapes) *onnx.Model {
	dims := map[string][]int64{}
	for _, in := range p.inputs {
		dims[in.Name] = in.Dims
	}
	for _, v := range m.Outputs() {
		if at := s.at(v.Name, p.block); at != nil {
			dims[v.Name] = at
		}
	}
	fixed := variants.WithShapes(m, dims)
	for _, in := range p.inputs {
		if in.Axis > 0 { // which nobody sees by a size
			variants.DenoteBatch(fixed, in.Name, in.Axis)
		}
	}
	if searchedFixed {
		return fixed
	}
	return s.asOpen(fixed, m)
}

// writtenFile is a file as it is written, its axes free, run in batches of one size: a source of one segment.
type writtenFile struct {
	backend.SourceBase
	model  []byte
	inputs []backend.Tensor
	all    []backend.Tensor // its outputs
}

func (w writtenFile) Holders() int                      { return 0 }
func (w writtenFile) Inputs() []backend.Tensor          { return w.inputs }
func (w writtenFile) Cuts() int                         { return 2 }
func (w writtenFile) Stored(int) []backend.StoredTensor { return nil }
func (w writtenFile) Probe() (*backend.Segment, error)  { return w.Segment(0, 1) }

func (w writtenFile) Segment(int, int) (*backend.Segment, error) {
	return &backend.Segment{Model: w.model, Inputs: w.inputs, Outputs: w.all}, nil
}
