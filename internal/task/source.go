package task

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/segments"
	"example.org/demote/onnx"
)

// Measured is what the runtime says of the shapes of the network's tensors. It is asked once.
func (p *Task) Measured(ctx context.Context) (*blocks.Shapes, error) {
	var err error
	if p.Shapes == nil {
		p.Shapes, err = blocks.Measure(ctx, p.Network.Model, p.Inputs, p.Block)
		if p.Own != nil {
			p.Own.shapes = p.Shapes
		}
	}
	return p.Shapes, p.OfShape(err)
}

// Fixed is the network with shapes for blocks of the chosen size, see blocks.Shapes.Fix.
func (p *Task) Fixed(ctx context.Context, open ...string) (*onnx.Model, error) {
	s, err := p.Measured(ctx)
	if err != nil {
		return nil, err
	}
	return s.Fix(p.Network.Model, p.Inputs, p.Block, open)
}

// Source is the switchable network, cut for the metric's output.
func (p *Task) Source(ctx context.Context) (*segments.Source, error) {
	src, _, err := p.SourceFor(ctx, false, backend.Traits{})
	return src, err
}

// SourceFor is Source for what a device can, with the samples that it takes: bytes where the data have them, if it is
// asked for.
func (p *Task) SourceFor(ctx context.Context, bytes bool, can backend.Traits) (*segments.Source, backend.Samples, error) {
	known, err := p.Measured(ctx)
	if err != nil {
		return nil, nil, err
	}
	return segments.Switchable(p.Network, p.Records, segments.Blocks{Data: p.Data, Inputs: p.Inputs, Size: p.Block, Shapes: known,
		Output: p.Output, Beside: p.Beside, Fixed: p.FixShapes, Bytes: bytes, Divides: !can.MayRound, Fuses: can.Fuses})
}

// KnownShapes measures the shapes of a model's tensors, for the samples of each shape.
func (p *Task) KnownShapes(ctx context.Context, m *onnx.Model) (list []*blocks.Shapes, err error) {
	for _, q := range p.Members() {
		known, err := blocks.Measure(ctx, m, q.Inputs, q.yardBlock())
		if err != nil {
			return nil, err
		}
		list = append(list, known)
	}
	return list, nil
}

// yardBlock is the block whose shapes are measured for passes of other batches: of one sample where there may be no
// others.
func (p *Task) yardBlock() int {
	switch {
	case p.Alone != "":
		return 1
	case blocks.Fixed(p.Model) > 0:
		return p.Block
	}
	return max(2, p.Block)
}
