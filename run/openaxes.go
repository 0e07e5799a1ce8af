package run

import (
	"context"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// axes writes the axes of the search into a file where that is wanted.
func (s *compiled) axes(ctx context.Context, m *onnx.Model) (*onnx.Model, error) {
	if !s.config.FixShapes || !blocks.HasFreeAxes(m) {
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
	if p.inputs, err = blocks.Inputs(m, calib, 1); err != nil {
		return nil, err
	}
	known, err := blocks.Measure(ctx, m, p.inputs, 1)
	if err != nil {
		return nil, err
	}
	return p.withAxes(m, true, known), nil
}

// withAxes returns a file with the axes of the search written into it: of its inputs and outputs, in blocks.
func (p *prepared) withAxes(m *onnx.Model, searchedFixed bool, s *blocks.Shapes) *onnx.Model {
	dims := map[string][]int64{}
	for _, in := range p.inputs {
		dims[in.Name] = in.Dims
	}
	for _, v := range m.Outputs() {
		if at := s.At(v.Name, p.block); at != nil {
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
	return s.AsOpen(fixed, m)
}
