package run

import (
	"context"

	"example.org/demote/backend"
	"example.org/demote/onnx"
)

// largestActivation is the most bytes that one holder's tensor ought to have in a block. FakeQuant reads what
// the node before it has just written, and the next node reads that: once for each, out of a cache if it is
// still there. On an EfficientNet-Lite0, whose largest tensor has 4.6 MiB a sample, blocks of 2 to 5 took 0.83 to
// 0.9 of the time of blocks of 10 and 20.
const largestActivation = 16 << 20

// fitBlock settles the block size where it is free: no holder's tensor too large, and an even number of blocks,
// so that two workers have the same to do. It depends on the network and the number of samples only.
func (p *prepared) fitBlock(ctx context.Context, asked int) error {
	if asked > 0 || batchOf(p.model) > 0 || alone(p.model, p.data) {
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
	return evenBlock(p.data.Len(), int(min(mostBlock(p.data.Len()), int64(s.fitting(p.network.Holders))))), nil
}

// fitting is the number of samples in a block whose holders' tensors are none too large, at least 1.
func (s *shapes) fitting(holders []onnx.Holder) int {
	largest := int64(1)
	for _, h := range holders {
		size := int64(4)
		for _, d := range s.at(h.Tensor, 2) {
			size *= d
		}
		largest = max(largest, size/2)
	}
	return int(max(1, largestActivation/largest))
}

// fewBlocks is how many blocks few samples are cut into: what is proven and timed before the first trial takes some blocks, however
// many there are. leastBlock is how small that makes them at most.
const fewBlocks, leastBlock = 20, 4

// mostBlock is the largest block for so many samples.
func mostBlock(samples int) int64 {
	return int64(max(leastBlock, min(backend.DefaultBlock, samples/fewBlocks)))
}

// evenBlock is the size, of at most so many samples, that makes an even number of blocks of about the same size.
func evenBlock(samples, most int) int {
	most = max(1, most)
	blocks := (samples + most - 1) / most
	blocks += blocks % 2
	return max(1, (samples+blocks-1)/max(1, blocks))
}
