package blocks

import (
	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
)

// largestActivation is the most bytes that one holder's tensor ought to have in a block. FakeQuant reads what
// the node before it has just written, and the next node reads that: once for each, out of a cache if it is
// still there. On an EfficientNet-Lite0, whose largest tensor has 4.6 MiB a sample, blocks of 2 to 5 took 0.83 to
// 0.9 of the time of blocks of 10 and 20.
const largestActivation = 16 << 20

// Fitting returns the number of samples in a block for which no holder's tensor is too large, at least 1.
func (s *Shapes) Fitting(holders []onnx.Holder) int {
	largest := int64(1)
	for _, h := range holders {
		largest = max(largest, s.Bytes(h, 2)/2)
	}
	return int(max(1, largestActivation/largest))
}

// Block returns the block size for n samples: no holder's tensor is too large, and the number of blocks is even.
func (s *Shapes) Block(samples int, holders []onnx.Holder) int {
	return even(samples, int(min(mostBlock(samples), int64(s.Fitting(holders)))))
}

// Within returns the number of samples in a block whose holders' tensors together take at most that many bytes, at
// least 1.
func (s *Shapes) Within(holders []onnx.Holder, bytes int64) int {
	all := int64(1)
	for _, h := range holders {
		all += s.Bytes(h, 2) / 2
	}
	return int(max(1, bytes/all))
}

// Bytes returns the size of a holder's tensor for n samples; 0 if its axes are unknown.
func (s *Shapes) Bytes(h onnx.Holder, samples int) int64 {
	dims := s.At(h.Tensor, samples)
	if len(dims) == 0 {
		return 0
	}
	size := int64(backend.DType(ir.Float).Size())
	for _, d := range dims {
		size *= d
	}
	return size
}

// fewBlocks is how many blocks few samples are cut into: what is proven and timed before the first trial takes some
// blocks, however many there are. leastBlock is how small that makes them at most.
const fewBlocks, leastBlock = 20, 4

// mostBlock is the largest block for that many samples.
func mostBlock(samples int) int64 {
	return int64(max(leastBlock, min(backend.DefaultBlock, samples/fewBlocks)))
}

// even returns the largest block size up to a limit that makes an even number of blocks of about the same size.
func even(samples, most int) int {
	most = max(1, most)
	blocks := (samples + most - 1) / most
	blocks += blocks % 2
	return max(1, (samples+blocks-1)/max(1, blocks))
}
