package backend

import (
	"fmt"

	"demote/cgo"
)

// Samples is where the data comes from; read once, block by block. dst of Read takes one sample of
// one input in the network's element type.
type Samples interface {
	Len() int
	Read(input, sample int, dst []byte) error
}

// resident is the evaluation data where the computing happens: the network's inputs in blocks of a
// fixed size. The last block is padded with its first sample, and the padding is never counted.
type resident struct {
	samples int
	block   int
	order   []int           // position -> sample
	inputs  []Tensor        // the network's inputs
	blocks  [][]*cgo.Tensor // [block][input]
}

// newResident reads all samples in the given order; nil stands for their own.
func newResident(src Samples, inputs []Tensor, block int, order []int) (*resident, error) {
	n := src.Len()
	if n == 0 {
		return nil, badf("the data has no samples")
	}
	if order == nil {
		order = make([]int, n)
		for i := range order {
			order[i] = i
		}
	}
	r := &resident{samples: n, block: block, order: order, inputs: inputs}
	for first := 0; first < n; first += block {
		tensors := make([]*cgo.Tensor, 0, len(inputs))
		r.blocks = append(r.blocks, tensors)
		for i, in := range inputs {
			t, err := cgo.NewTensor(in.Type, in.Dims...)
			if err != nil {
				r.Close()
				return nil, fmt.Errorf("no memory for the data: %w", err)
			}
			tensors = append(tensors, t)
			r.blocks[len(r.blocks)-1] = tensors
			size := in.sampleBytes(block)
			data := t.Bytes()
			for slot := range block {
				pos := first + slot
				if pos >= n {
					pos = first
				}
				if err := src.Read(i, order[pos], data[slot*size:(slot+1)*size]); err != nil {
					r.Close()
					return nil, err
				}
			}
		}
	}
	return r, nil
}

// samplesOf lists the samples of a block's slots, without the padding.
func (r *resident) samplesOf(block int) []int {
	return r.order[block*r.block : min((block+1)*r.block, r.samples)]
}

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
		for _, t := range b {
			t.Close()
		}
	}
	r.blocks = nil
}
