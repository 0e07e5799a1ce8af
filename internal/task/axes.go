package task

import (
	"context"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// WithCalibAxes returns a file with the axes of the calibration samples written into it, for one sample at a time.
func WithCalibAxes(ctx context.Context, m *onnx.Model, c config.Config) (*onnx.Model, error) {
	calib, err := OpenCalib(m, c)
	if err != nil {
		return nil, err
	}
	defer calib.Close()
	if err := needOneShape(calib, "--fix-shapes", c.Calib); err != nil {
		return nil, err
	}
	p := &Task{Block: 1}
	if p.Inputs, err = blocks.Inputs(m, calib, 1); err != nil {
		return nil, err
	}
	known, err := blocks.Measure(ctx, m, p.Inputs, 1)
	if err != nil {
		return nil, err
	}
	return p.WithAxes(m, true, known), nil
}

// WithAxes returns a file with the axes of the search written into it: of its inputs and outputs, in blocks.
func (p *Task) WithAxes(m *onnx.Model, searchedFixed bool, s *blocks.Shapes) *onnx.Model {
	dims := map[string][]int64{}
	for _, in := range p.Inputs {
		dims[in.Name] = in.Dims
	}
	for _, v := range m.Outputs() {
		if at := s.At(v.Name, p.Block); at != nil {
			dims[v.Name] = at
		}
	}
	fixed := variants.WithShapes(m, dims)
	for _, in := range p.Inputs {
		if in.Axis > 0 { // which nobody sees by a size
			variants.DenoteBatch(fixed, in.Name, in.Axis)
		}
	}
	if searchedFixed {
		return fixed
	}
	return s.AsOpen(fixed, m)
}
