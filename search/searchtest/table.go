package searchtest

import (
	"context"
	"math/rand/v2"
	"slices"

	"example.org/demote/search"
)

// Table is a lookup-table model: what it says of a sample under a mask is a pure function of both. Each sample has a
// margin and each demoted unit takes something off it, pairs of units more or less; the sample counts while its margin
// is above zero. So scores behave like those of a network: not monotone, with units that repair each other.
type Table struct {
	N, Samples int
	margin     []float64   // of each sample under the all-high mask, rising
	take       [][]float64 // by unit, then by sample
	pairs      []pair
}

// pair is what two units take together, beyond what each takes alone, off each sample; below zero they repair each
// other.
type pair struct {
	a, b int
	take []float64
}

// NewTable makes a random model. harm scales what demotions take; about a tenth of the units take ten times as much.
func NewTable(rng *rand.Rand, n, samples int, harm float64) *Table {
	t := &Table{N: n, Samples: samples, margin: make([]float64, samples)}
	for s := range t.margin {
		t.margin[s] = rng.NormFloat64() + 1.5
	}
	slices.Sort(t.margin) // wrong samples first, then by margin, as a backend lays them out
	noise := func(scale float64) []float64 {
		list := make([]float64, samples)
		for s := range list {
			list[s] = scale * (rng.NormFloat64() + 0.3)
		}
		return list
	}
	for range n {
		scale := harm * rng.Float64()
		if rng.IntN(10) == 0 {
			scale *= 10
		}
		t.take = append(t.take, noise(scale))
	}
	for range n {
		t.pairs = append(t.pairs, pair{rng.IntN(n), rng.IntN(n), noise(harm * rng.NormFloat64())})
	}
	return t
}

// Correct says whether the sample counts under the mask.
func (t *Table) Correct(m search.Mask, sample int) bool { return t.Margin(m, sample) > 0 }

// Margin returns what is left of the sample's margin under the mask.
func (t *Table) Margin(m search.Mask, sample int) float64 {
	v := t.margin[sample]
	for u, take := range t.take {
		if m.Low(u) {
			v -= take[sample]
		}
	}
	for _, p := range t.pairs {
		if m.Low(p.a) && m.Low(p.b) {
			v -= p.take[sample]
		}
	}
	return v
}

// Count returns how many of the samples from..to-1 count.
func (t *Table) Count(m search.Mask, from, to int) int {
	count := 0
	for s := from; s < to; s++ {
		if t.Correct(m, s) {
			count++
		}
	}
	return count
}

// Score is the full score of a mask; it makes the model a search.Naive evaluator.
func (t *Table) Score(_ context.Context, m search.Mask) (search.Score, error) {
	return search.Score{Count: t.Count(m, 0, t.Samples), Total: t.Samples}, nil
}

// Model is the naive evaluator of a table that also tells distances.
type Model struct {
	search.Naive
	*Table
}

// Model returns the table as an evaluator.
func (t *Table) Model() Model { return Model{t.Score, t} }

// Score is the full score of a mask.
func (m Model) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	return m.Naive.Score(ctx, mask)
}

// Distance is the mean squared change of the samples' margins, as a network's outputs would tell.
func (t *Table) Distance(_ context.Context, m search.Mask) (float64, error) {
	sum := 0.0
	for s := range t.Samples {
		d := t.Margin(m, s) - t.margin[s]
		sum += d * d
	}
	return sum / float64(t.Samples), nil
}
