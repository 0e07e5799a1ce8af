package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/onnx"
)

// measured is what the runtime says of the shapes of the network's tensors. It is asked once.
func (p *prepared) measured(ctx context.Context) (*blocks.Shapes, error) {
	var err error
	if p.shapes == nil {
		p.shapes, err = blocks.Measure(ctx, p.network.Model, p.inputs, p.block)
		if p.own != nil {
			p.own.shapes = p.shapes
		}
	}
	return p.shapes, p.ofShape(err)
}

// fixed is the network with shapes for blocks of the chosen size, see blocks.Shapes.Fix.
func (p *prepared) fixed(ctx context.Context, open ...string) (*onnx.Model, error) {
	s, err := p.measured(ctx)
	if err != nil {
		return nil, err
	}
	return s.Fix(p.network.Model, p.inputs, p.block, open)
}

// source is the switchable network, cut for the metric's output.
func (p *prepared) source(ctx context.Context) (*segments.Source, error) {
	src, _, err := p.sourceFor(ctx, false, false)
	return src, err
}

// sourceFor is source with the samples that it takes: bytes where the data have them, if it is asked for.
func (p *prepared) sourceFor(ctx context.Context, bytes, gpu bool) (*segments.Source, backend.Samples, error) {
	known, err := p.measured(ctx)
	if err != nil {
		return nil, nil, err
	}
	return segments.Switchable(p.network, p.records, segments.Blocks{Data: p.data, Inputs: p.inputs, Size: p.block, Shapes: known,
		Output: p.output, Fixed: p.fixShapes, Bytes: bytes, GPU: gpu})
}
