package claim

import (
	"fmt"
	"math/bits"
)

// Paired counts the samples on which two networks, a reference and a mix, differ. Both ran on the same N samples. The
// samples on which they agree, right or wrong, say nothing of their difference, so that B and C are all that tests of
// it need (McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12,
// 1947).
type Paired struct {
	N int // samples
	B int // samples that only the reference gets right
	C int // samples that only the mix gets right
}

// Compare counts where two outcomes of n samples differ. Outcomes have one bit per sample, as OutcomesEvaluator returns
// them. Compare panics if one of them is shorter than n bits.
func Compare(reference, mix []uint64, n int) Paired {
	if w := words(n); len(reference) < w || len(mix) < w {
		panic(fmt.Sprintf("search: outcomes of %d and %d words for %d samples", len(reference), len(mix), n))
	}
	p := Paired{N: n}
	for i := range words(n) {
		in := inside(i, n)
		p.B += bits.OnesCount64(reference[i] &^ mix[i] & in)
		p.C += bits.OnesCount64(mix[i] &^ reference[i] & in)
	}
	return p
}

// correct returns the number of correct samples among the n of an outcome.
func correct(outcome []uint64, n int) int {
	count := 0
	for i := range words(n) {
		count += bits.OnesCount64(outcome[i] & inside(i, n))
	}
	return count
}

// wordBits is the number of samples in a word of an outcome.
const wordBits = 64

// words is the number of words of an outcome of n samples.
func words(n int) int { return (n + wordBits - 1) / wordBits }

// inside returns a word with the bits of word i that belong to one of n samples.
func inside(i, n int) uint64 {
	if rest := n - i*wordBits; rest < wordBits {
		return 1<<rest - 1
	}
	return ^uint64(0)
}

// Loss returns the score of the reference less that of the mix, as a fraction of the samples. It is negative if the mix
// is better.
func (p Paired) Loss() float64 { return float64(p.B-p.C) / float64(p.N) }

// changed returns the fraction of the samples that exactly one of the networks gets right.
func (p Paired) changed() float64 { return float64(p.B+p.C) / float64(p.N) }
