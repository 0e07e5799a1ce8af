package task

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
)

// FitBlock chooses the block size where it is free: no holder's tensor too large, and an even number of blocks,
// so that two workers have the same to do. It depends on the network and the number of samples only.
func (p *Task) FitBlock(ctx context.Context, asked int) error {
	if asked > 0 || blocks.Fixed(p.Model) > 0 || blocks.Alone(p.Model, p.Data) {
		return nil
	}
	if p.Groups != nil {
		return p.setBlocks(func(q *Task) (int, error) { return q.fittingBlock(ctx) })
	}
	block, err := p.fittingBlock(ctx)
	if err != nil {
		return err
	}
	return p.SetBlock(block)
}

// fittingBlock is the size that FitBlock chooses for samples of one shape.
func (p *Task) fittingBlock(ctx context.Context) (int, error) {
	s, err := p.Measured(ctx)
	if err != nil {
		return 0, err
	}
	return s.Block(p.Data.Len(), p.Network.Activations()), nil
}

// ActivationBytes is the size of all holders' tensors of one block, in bytes, by the shapes of the network's tensors:
// more than is alive at any time.
func (p *Task) ActivationBytes(known *blocks.Shapes) (bytes int64) {
	for _, h := range p.Network.Activations() {
		// which no shape is measured of
		if at := slices.IndexFunc(p.Inputs, func(t backend.Tensor) bool { return t.Name == h.Tensor }); at >= 0 {
			bytes += int64(p.Inputs[at].Bytes())
			continue
		}
		bytes += known.Bytes(h, p.Block)
	}
	return bytes
}

// SetBlock shapes the data into blocks of one size. Where the batch is free no block is larger than the data: what
// would be computed beyond that is padding.
func (p *Task) SetBlock(block int) (err error) {
	if err := p.findShapes(); err != nil {
		return err
	}
	fitted := func(q *Task) (int, error) {
		switch {
		case blocks.Alone(p.Model, p.Data):
			return 1, nil
		case blocks.Fixed(p.Model) == 0:
			return max(1, min(block, q.Data.Len())), nil
		}
		return block, nil
	}
	if p.Groups != nil {
		return p.setBlocks(fitted)
	}
	if p.Block, err = fitted(p); err != nil {
		return err
	}
	p.Inputs, err = blocks.Inputs(p.Model, p.Data, p.Block)
	return err
}

// Activations is the size of all holders' tensors of one block, in bytes: more than is alive at any
// time.
func (p *Task) Activations(ctx context.Context) (int64, error) {
	known, err := p.Measured(ctx)
	if err != nil {
		return 0, err
	}
	return p.ActivationBytes(known), nil
}
