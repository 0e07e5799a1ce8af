package backend

import "example.org/demote/mistake"

// resident is the evaluation data where the computing happens: the network's inputs in blocks of a
// fixed size. The last block is padded with its first sample, and the padding is never counted.
type resident struct {
	block  int
	order  []int // position -> sample
	blocks []block
}

// newResident reads all samples in the given order; nil stands for their own.
func newResident(d device, src Samples, inputs []Tensor, size int, order []int) (*resident, error) {
	n := src.Len()
	if n == 0 {
		return nil, mistake.Errorf("the data has no samples")
	}
	if order == nil {
		order = make([]int, n)
		for i := range order {
			order[i] = i
		}
	}
	r := &resident{block: size, order: order}
	for first := 0; first < n; first += size {
		b, err := loadBlock(d, src, inputs, size, order[first:min(first+size, n)])
		if err != nil {
			r.Close()
			return nil, err
		}
		r.blocks = append(r.blocks, b)
	}
	return r, nil
}

// loadBlock makes a block of so many slots resident, with the first sample in those that are left.
func loadBlock(d device, src Samples, inputs []Tensor, slots int, samples []int) (block, error) {
	return d.load(inputs, samples, func(input int, dst []byte) error {
		for slot := range slots {
			sample := samples[0]
			if slot < len(samples) {
				sample = samples[slot]
			}
			if err := readSlot(src, input, inputs[input], sample, slot, slots, dst); err != nil {
				return err
			}
		}
		return nil
	})
}

// samplesOf lists the samples of a block's slots, without the padding.
func (r *resident) samplesOf(block int) []int { return r.blocks[block].samples() }

// sizes are the numbers of samples of all blocks, without the padding.
func (r *resident) sizes() []int {
	sizes := make([]int, len(r.blocks))
	for b := range sizes {
		sizes[b] = len(r.samplesOf(b))
	}
	return sizes
}

// len is the number of blocks.
func (r *resident) len() int { return len(r.blocks) }

// Close gives the memory back. It may be called more than once.
func (r *resident) Close() {
	for _, b := range r.blocks {
		b.Close()
	}
	r.blocks = nil
}
