package store

import (
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/mistake"
)

// Resident is the evaluation data where the computing happens: the network's inputs in blocks of a
// fixed size. The last block is padded with its first sample, and the padding is never counted.
type Resident struct {
	Block  int
	Order  []int // position -> sample
	Blocks []device.Block
}

// NewResident reads the samples of an order, all or some of them; nil stands for all, in their own order.
func NewResident(d device.Device, src device.Samples, inputs []device.Tensor, size int, order []int) (*Resident, error) {
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
	r := &Resident{Block: size, Order: order}
	n = len(order)
	for first := 0; first < n; first += size {
		b, err := LoadBlock(d, src, inputs, size, order[first:min(first+size, n)])
		if err != nil {
			r.Close()
			return nil, err
		}
		r.Blocks = append(r.Blocks, b)
	}
	return r, nil
}

// Kept says of each block of an order which block here has the same samples in the same slots; -1: none.
func (r *Resident) Kept(order []int) (at []int) {
	first := map[int]int{}
	for b := range r.Blocks {
		first[r.SamplesOf(b)[0]] = b
	}
	for samples := range slices.Chunk(order, r.Block) {
		b, is := first[samples[0]]
		if !is || !slices.Equal(r.SamplesOf(b), samples) {
			b = -1
		}
		at = append(at, b)
	}
	return at
}

// Relaid are the samples of an order, of which the blocks that at names are here already. The others of here are
// closed. The error leaves nothing: all are closed then, and there are no data.
func (r *Resident) Relaid(d device.Device, src device.Samples, inputs []device.Tensor, order, at []int) (*Resident, error) {
	own := &Resident{Block: r.Block, Order: order, Blocks: make([]device.Block, len(at))}
	for b, from := range at {
		if from >= 0 {
			own.Blocks[b], r.Blocks[from] = r.Blocks[from], nil
		}
	}
	r.Blocks = slices.DeleteFunc(r.Blocks, func(b device.Block) bool { return b == nil })
	r.Close() // first: there is to be memory for the new ones
	for b, from := range at {
		if from >= 0 {
			continue
		}
		var err error
		own.Blocks[b], err = LoadBlock(d, src, inputs, r.Block, order[b*r.Block:min((b+1)*r.Block, len(order))])
		if err != nil {
			own.Blocks = slices.DeleteFunc(own.Blocks, func(b device.Block) bool { return b == nil })
			own.Close()
			return nil, err
		}
	}
	return own, nil
}

// LoadBlock makes a block of so many slots resident, with the first sample in those that are left.
func LoadBlock(d device.Device, src device.Samples, inputs []device.Tensor, slots int, samples []int) (device.Block, error) {
	return d.Load(inputs, samples, func(input int, dst []byte) error {
		for slot := range slots {
			sample := samples[0]
			if slot < len(samples) {
				sample = samples[slot]
			}
			if err := device.ReadSlot(src, input, inputs[input], sample, slot, slots, dst); err != nil {
				return err
			}
		}
		return nil
	})
}

// SamplesOf lists the samples of a block's slots, without the padding.
func (r *Resident) SamplesOf(block int) []int { return r.Blocks[block].Samples() }

// Sizes are the numbers of samples of all blocks, without the padding.
func (r *Resident) Sizes() []int {
	sizes := make([]int, len(r.Blocks))
	for b := range sizes {
		sizes[b] = len(r.SamplesOf(b))
	}
	return sizes
}

// Len is the number of blocks.
func (r *Resident) Len() int { return len(r.Blocks) }

// Close gives the memory back. It may be called more than once.
func (r *Resident) Close() {
	for _, b := range r.Blocks {
		b.Close()
	}
	r.Blocks = nil
}
