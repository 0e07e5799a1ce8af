package run

import (
	"context"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
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
		largest = max(largest, s.bytes(h, 2)/2)
	}
	return int(max(1, largestActivation/largest))
}

// activationBytes is the size of all holders' tensors of one block, in bytes, by the shapes of the network's tensors: more than is alive
// at any time.
func (p *prepared) activationBytes(known *shapes) (bytes int64) {
	for _, h := range p.network.Holders {
		if at := slices.IndexFunc(p.inputs, func(t backend.Tensor) bool { return t.Name == h.Tensor }); at >= 0 { // which no shape is measured of
			bytes += int64(p.inputs[at].Bytes())
			continue
		}
		bytes += known.bytes(h, p.block)
	}
	return bytes
}

// bytes is the size of a holder's tensor of so many samples; 0 where it has no axes, or they are not known.
func (s *shapes) bytes(h onnx.Holder, samples int) int64 {
	dims := s.at(h.Tensor, samples)
	if len(dims) == 0 {
		return 0
	}
	size := int64(backend.DType(ir.Float).Size())
	for _, d := range dims {
		size *= d
	}
	return size
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
