package blocks

import (
	"hash/maphash"
)

// Twice returns the samples of the first block a second time before all others. So a pass shows whether the network
// gives other bits in a repeated run. If the samples do not fill the block, it is padded as in every pass.
type Twice struct {
	Samples
	Block int
}

// Len implements backend.Samples.
func (t Twice) Len() int { return t.Block + t.Samples.Len() }

// Read implements backend.Samples.
func (t Twice) Read(input, sample int, dst []byte) error {
	switch {
	case sample >= t.Block:
		sample -= t.Block
	case sample >= t.Samples.Len():
		sample = 0
	}
	return t.Samples.Read(input, sample, dst)
}

// Repeats compares the outputs of a block with those of its first run.
type Repeats struct {
	Seed maphash.Seed
	Sums []uint64
}

// Sum takes the outputs of the first time.
func (r *Repeats) Sum(outputs [][]float32) {
	r.Seed, r.Sums = maphash.MakeSeed(), make([]uint64, len(outputs))
	for i, values := range outputs {
		r.Sums[i] = maphash.Bytes(r.Seed, BytesOf(values))
	}
}

// Differs is the first output whose bits are others now; -1 if none is.
func (r *Repeats) Differs(outputs [][]float32) int {
	for i, values := range outputs {
		if maphash.Bytes(r.Seed, BytesOf(values)) != r.Sums[i] {
			return i
		}
	}
	return -1
}
