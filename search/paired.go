package search

import (
	"fmt"
	"math/bits"
)

// Paired is what two networks do on the same samples, as far as a difference between them goes.
type Paired struct {
	N int // samples
	B int // samples that only the reference gets right
	C int // samples that only the mix gets right
}

// Compare counts where two outcomes of n samples differ; a bit is a sample, as Outcomes has them. It panics if one of them
// is too short.
func Compare(reference, mix []uint64, n int) Paired {
	if words := maskWords(n); len(reference) < words || len(mix) < words {
		panic(fmt.Sprintf("search: outcomes of %d and %d words for %d samples", len(reference), len(mix), n))
	}
	p := Paired{N: n}
	for i := range maskWords(n) {
		in := inside(i, n)
		p.B += bits.OnesCount64(reference[i] &^ mix[i] & in)
		p.C += bits.OnesCount64(mix[i] &^ reference[i] & in)
	}
	return p
}

// Correct counts the samples of n that an outcome gets right.
func Correct(outcome []uint64, n int) int {
	count := 0
	for i := range maskWords(n) {
		count += bits.OnesCount64(outcome[i] & inside(i, n))
	}
	return count
}

// inside are the bits of word i that belong to one of n samples.
func inside(i, n int) uint64 {
	if rest := n - i*wordBits; rest < wordBits {
		return 1<<rest - 1
	}
	return ^uint64(0)
}

// Loss is by how much the mix scores below the reference on these samples, as a fraction of them; below zero it scores higher.
func (p Paired) Loss() float64 { return float64(p.B-p.C) / float64(p.N) }

// Changed is the fraction of samples that one network gets right and the other does not.
func (p Paired) Changed() float64 { return float64(p.B+p.C) / float64(p.N) }
