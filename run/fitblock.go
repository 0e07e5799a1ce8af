package run

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/blocks"
)

// fitBlock settles the block size where it is free: no holder's tensor too large, and an even number of blocks,
// so that two workers have the same to do. It depends on the network and the number of samples only.
func (p *prepared) fitBlock(ctx context.Context, asked int) error {
	if asked > 0 || blocks.Fixed(p.model) > 0 || blocks.Alone(p.model, p.data) {
		return nil
	}
	if p.groups != nil {
		return p.setBlocks(func(q *prepared) (int, error) { return q.fittingBlock(ctx) })
	}
	block, err := p.fittingBlock(ctx)
	if err != nil {
		return err
	}
	return p.setBlock(block)
}

// fittingBlock is the size that fitBlock settles on for samples of one shape.
func (p *prepared) fittingBlock(ctx context.Context) (int, error) {
	s, err := p.measured(ctx)
	if err != nil {
		return 0, err
	}
	return s.Block(p.data.Len(), p.network.Holders), nil
}

// activationBytes is the size of all holders' tensors of one block, in bytes, by the shapes of the network's tensors:
// more than is alive at any time.
func (p *prepared) activationBytes(known *blocks.Shapes) (bytes int64) {
	for _, h := range p.network.Holders {
		// which no shape is measured of
		if at := slices.IndexFunc(p.inputs, func(t backend.Tensor) bool { return t.Name == h.Tensor }); at >= 0 {
			bytes += int64(p.inputs[at].Bytes())
			continue
		}
		bytes += known.Bytes(h, p.block)
	}
	return bytes
}

// setBlock shapes the data into blocks of one size. Where the batch is free no block is larger than the data: what
// would be computed beyond that is padding.
func (p *prepared) setBlock(block int) (err error) {
	if err := p.findShapes(); err != nil {
		return err
	}
	fitted := func(q *prepared) (int, error) {
		switch {
		case blocks.Alone(p.model, p.data):
			return 1, nil
		case blocks.Fixed(p.model) == 0:
			return max(1, min(block, q.data.Len())), nil
		}
		return block, nil
	}
	if p.groups != nil {
		return p.setBlocks(fitted)
	}
	if p.block, err = fitted(p); err != nil {
		return err
	}
	p.inputs, err = blocks.Inputs(p.model, p.data, p.block)
	return err
}
