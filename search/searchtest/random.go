package searchtest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search"
)

// Problem is a random search on a random model: units of one or more holders, some holders pinned or left out, costs
// and prices, perhaps a start mix, and a target near the 16-bit score.
type Problem struct {
	Table   *Table
	Options search.Options
}

// NewProblem makes a random problem of up to nine holders.
func NewProblem(rng *rand.Rand) *Problem {
	t := NewTable(rng, 1+rng.IntN(9), 5+rng.IntN(60), 0.6*rng.Float64())
	o := search.NewOptions(t.N, 0)
	o.Pinned = search.NewMask(t.N)
	o.Units = [][]int{}
	for h := range t.N {
		switch k := rng.IntN(12); {
		case k == 0:
			o.Pinned.Demote(h)
		case k == 1: // stays high
		case k < 4 && len(o.Units) > 0:
			u := rng.IntN(len(o.Units))
			o.Units[u] = append(o.Units[u], h)
		default:
			o.Units = append(o.Units, []int{h})
		}
	}
	high, _ := t.Score(context.Background(), o.Pinned)
	o.Target = high.Float() - 0.15*rng.Float64()
	o.Seed, o.Multiplier = rng.Uint32(), rng.Float64()
	if rng.IntN(3) == 0 {
		for range o.Units {
			o.Cost = append(o.Cost, float64(rng.IntN(4)))
		}
	}
	if rng.IntN(4) == 0 {
		o.Start = o.Pinned.Clone()
		for _, holders := range o.Units {
			for _, h := range holders {
				if rng.IntN(2) == 0 && h == holders[0] || h != holders[0] && o.Start.Low(holders[0]) {
					o.Start.Demote(h)
				}
			}
		}
	}
	if rng.IntN(8) == 0 {
		o.Low = &search.Score{Count: rng.IntN(t.Samples + 1), Total: t.Samples}
	}
	o.NoSwaps = rng.IntN(4) == 0
	o.Curve = rng.IntN(4) == 0
	if rng.IntN(6) == 0 { // at or above the 16-bit score, where only a mix that is better holds
		o.Target = high.Float() + float64(rng.IntN(3))/float64(t.Samples)
	}
	o.Price = priceOf(rand.New(rand.NewPCG(uint64(o.Seed), 91)), t.N)
	return &Problem{t, o}
}

// priceOf is a random price of mixes of n holders, or nil: what each high holder costs, and what two cost together.
func priceOf(rng *rand.Rand, n int) func(search.Mask) float64 {
	if rng.IntN(3) == 0 {
		return nil
	}
	each := make([]float64, n)
	for h := range each {
		each[h] = float64(rng.IntN(4))
	}
	a, b := rng.IntN(n), rng.IntN(n)
	return func(m search.Mask) (price float64) {
		for h, v := range each {
			if !m.Low(h) {
				price += v
			}
		}
		if !m.Low(a) || !m.Low(b) {
			price++
		}
		return price
	}
}

// CheckResult sees that a result holds the target, that its parts agree with each other, and that the chain leads to
// it: what every strategy promises, whatever mix it finds. The first thing that is wrong ends the test.
func (p *Problem) CheckResult(t testing.TB, r *search.Result) {
	t.Helper()
	o := &p.Options
	score, _ := p.Table.Score(context.Background(), r.Mask)
	if score != r.Score {
		t.Fatalf("%s: mask %s scores %v, told %v", r.Strategy, r.Mask, score, r.Score)
	}
	if above := score.Float() > o.Target; r.Holds != above || !r.Found && above || r.Found && !above && !(r.Mask.Equal(o.Pinned) && score.Float() == o.Target) {
		t.Fatalf("%s: mask %s scores %v, target %v, found %v, holds %v", r.Strategy, r.Mask, score.Float(), o.Target, r.Found, r.Holds)
	}
	p.checkEnds(t, r)
	want, saved := o.Pinned.Clone(), 0.0
	for u, holders := range o.Units {
		if slices.Contains(r.Promotion, u) {
			continue
		}
		for _, h := range holders {
			want.Demote(h)
		}
		if o.Cost == nil {
			saved++
		} else {
			saved += o.Cost[u]
		}
	}
	if !want.Equal(r.Mask) || saved != r.Saved {
		t.Fatalf("%s: mask %s saves %v, promotion %v gives %s and %v", r.Strategy, r.Mask, r.Saved, r.Promotion, want, saved)
	}
	order := slices.Sorted(slices.Values(r.Order))
	for i, u := range order {
		if i != u || len(order) != len(o.Units) {
			t.Fatalf("%s: order %v of %d units", r.Strategy, r.Order, len(o.Units))
		}
	}
	p.checkChain(t, r)
}

// checkEnds sees that no search ends without a mix where one end holds, and that without one the better end is told.
func (p *Problem) checkEnds(t testing.TB, r *search.Result) {
	t.Helper()
	all := p.Options.Pinned.Clone()
	for _, holders := range p.Options.Units {
		for _, h := range holders {
			all.Demote(h)
		}
	}
	high, _ := p.Table.Score(context.Background(), p.Options.Pinned)
	low, _ := p.Table.Score(context.Background(), all)
	switch best := max(high.Float(), low.Float()); {
	case best > p.Options.Target && !r.Holds:
		t.Fatalf("%s: %s scores %v, an end %v, target %v", r.Strategy, r.Mask, r.Score.Float(), best, p.Options.Target)
	case !r.Found && r.Score.Float() != best:
		t.Fatalf("%s: without a mix the better end is %v, told %v", r.Strategy, best, r.Score.Float())
	}
}

// checkChain replays the chain and compares the score of every whole step.
func (p *Problem) checkChain(t testing.TB, r *search.Result) {
	t.Helper()
	mask := p.Options.Pinned.Clone()
	if p.Options.Start.Len() > 0 && !r.StartRefused && len(r.Chain) > 0 {
		mask.CopyFrom(p.Options.Start)
	}
	met := len(r.Chain) == 0
	for i, step := range r.Chain {
		met = met || mask.Equal(r.Mask)
		for _, h := range step.Holders {
			if mask.Low(h) != step.Promoted {
				t.Fatalf("%s: step %d moves unit %d where it is already: %+v", r.Strategy, i, step.Unit, r.Chain)
			}
			if step.Promoted {
				mask.Promote(h)
			} else {
				mask.Demote(h)
			}
		}
		if i+1 < len(r.Chain) && r.Chain[i+1].Group == step.Group {
			continue
		}
		if s, _ := p.Table.Score(context.Background(), mask); !step.TrueKnown || step.True != s {
			t.Fatalf("%s: step %d: mask %s scores %v, told %v", r.Strategy, i, mask, s, step.True)
		}
	}
	if !met && !mask.Equal(r.Mask) {
		t.Fatalf("%s: the chain never meets the mask %s", r.Strategy, r.Mask)
	}
}
