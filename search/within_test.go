package search_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// bestWithin is the best score of all mixes within the room, by trying each.
func bestWithin(p *searchtest.Problem, cost []float64, room float64) (best search.Score) {
	best.Count = -1
	o := p.Options
	for bits := range 1 << len(o.Units) {
		m, spent := o.Pinned.Clone(), 0.0
		for u, holders := range o.Units {
			if bits>>u&1 == 1 {
				m.DemoteAll(holders)
			} else {
				spent += cost[u]
			}
		}
		if spent > room*(1+1e-9) {
			continue
		}
		if sc, _ := p.Table.Score(context.Background(), m); sc.Float() > best.Float() || best.Count < 0 {
			best = sc
		}
	}
	return best
}

// TestWithinCost holds that a mix within a cost is within it, no less accurate than all low, that no single unit can be
// promoted, demoted or exchanged to better it, and how often it is the best of all.
func TestWithinCost(t *testing.T) {
	best, all, behind := 0, 0, 0
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 29))
		p := searchtest.NewProblem(rng)
		o := p.Options
		if len(o.Units) > 12 {
			continue
		}
		o.Cost = make([]float64, len(o.Units))
		sum := 0.0
		for u := range o.Cost {
			if o.Cost[u] = rng.Float64() * 10; rng.IntN(8) == 0 {
				o.Cost[u] = 0
			}
			sum += o.Cost[u]
		}
		room := rng.Float64() * sum
		r, err := search.WithinCost(context.Background(), p.Table.Model(), o, room)
		if err != nil {
			t.Fatal(err)
		}
		spent := sum - r.Saved
		score, _ := p.Table.Score(context.Background(), r.Mask)
		if spent > room*(1+1e-9)+1e-9 || score != r.Score || !r.Holds {
			t.Fatalf("seed %d: %v of %v, score %v, told %v, holds %t", seed, spent, room, score, r.Score, r.Holds)
		}
		eachNear(o, r.Mask, func(m search.Mask, cost float64, one bool) {
			sc, _ := p.Table.Score(context.Background(), m)
			if sc.Float() > score.Float() && spent+cost <= room || one && sc.Float() >= score.Float() && cost < 0 {
				t.Fatalf("seed %d: %s scores %v for %+.3g, the result %s %v with %v of %v", seed, m, sc, cost, r.Mask, score, spent, room)
			}
		})
		want := bestWithin(p, o.Cost, room)
		all++
		if want == score {
			best++
		} else if want.Float() < score.Float() {
			t.Fatalf("seed %d: better than the best of all", seed)
		}
		behind += want.Count - score.Count
	}
	t.Logf("the best of all in %d of %d cases; in all %d samples behind it", best, all, behind)
	if all < 200 || best*100 < 90*all {
		t.Errorf("the best of all in %d of %d cases", best, all)
	}
	if _, err := search.WithinCost(context.Background(), additive(0), search.NewOptions(1, 0), -1); err == nil {
		t.Error("a room below zero is taken")
	}
}

// eachNear hands out the mixes that one unit, or an exchange of two, lies away from a mix, with the cost
// that it adds; one: it is one unit.
func eachNear(o search.Options, mask search.Mask, f func(m search.Mask, cost float64, one bool)) {
	flip := func(m search.Mask, u int) float64 {
		if m.Low(o.Units[u][0]) {
			m.PromoteAll(o.Units[u])
			return o.Cost[u]
		}
		m.DemoteAll(o.Units[u])
		return -o.Cost[u]
	}
	for a := range o.Units {
		m := mask.Clone()
		cost := flip(m, a)
		f(m, cost, true)
		for b := range a {
			if mask.Low(o.Units[a][0]) != mask.Low(o.Units[b][0]) {
				other := m.Clone()
				f(other, cost+flip(other, b), false)
			}
		}
	}
}

// TestWithinCostEnds holds that a search that its budget ends has a mix within the room, or says that it has none.
func TestWithinCostEnds(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 31))
		p := searchtest.NewProblem(rng)
		for trials := 1; ; trials++ {
			o := p.Options
			o.Budget.Trials = trials
			room := float64(len(o.Units)) / 3
			o.Cost = nil
			r, err := search.WithinCost(context.Background(), p.Table.Model(), o, room)
			if err != nil {
				t.Fatal(err)
			}
			high := float64(len(o.Units)) - r.Saved
			if r.Found != r.Holds || r.Found && high > room {
				t.Fatalf("seed %d, %d evaluations: found %t, holds %t, %v high of %v", seed, trials, r.Found, r.Holds, high, room)
			}
			if r.Stop == search.StopDone {
				break
			}
		}
	}
}

// TestWithinCostLeavesNaN holds that a mix whose score is not a number is left for one that has a score.
func TestWithinCostLeavesNaN(t *testing.T) {
	ev := search.Naive(func(_ context.Context, m search.Mask) (search.Score, error) {
		if m.Count() >= 3 {
			return search.Score{Value: math.NaN()}, nil
		}
		return search.Score{Value: float64(4 - m.Count())}, nil
	})
	r, err := search.WithinCost(context.Background(), ev, search.NewOptions(4, 0), 2)
	if err != nil || r.Score.Value != 2 || r.Mask.Count() != 2 {
		t.Errorf("%v, %s scores %v", err, r.Mask, r.Score)
	}
}

// TestWithinCostOver holds the same of costs that do not add up, as those of products of two units, which cost as much
// as with both high as long as one is.
func TestWithinCostOver(t *testing.T) {
	searched := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 31))
		p := searchtest.NewProblem(rng)
		o := p.Options
		if n := len(o.Units); n > 12 || n < 2 {
			continue
		}
		pair := make([]float64, len(o.Units)) // of each unit and the next one
		o.Cost = make([]float64, len(o.Units))
		for u := range pair {
			pair[u] = rng.Float64() * 10
			o.Cost[u] += pair[u] / 2
			o.Cost[(u+1)%len(pair)] += pair[u] / 2
		}
		asked := 0
		o.Over = func(m search.Mask) (cost float64) {
			asked++
			for u := range pair {
				if !m.Low(o.Units[u][0]) || !m.Low(o.Units[(u+1)%len(pair)][0]) {
					cost += pair[u]
				}
			}
			return cost
		}
		high := o.Pinned.Clone()
		room := rng.Float64() * o.Over(high)
		r, err := search.WithinCost(context.Background(), p.Table.Model(), o, room)
		if err != nil {
			t.Fatal(err)
		}
		score, _ := p.Table.Score(context.Background(), r.Mask)
		if o.Over(r.Mask) > room*(1+1e-9) || score != r.Score || asked < 2 {
			t.Fatalf("seed %d: %v of %v, score %v, told %v", seed, o.Over(r.Mask), room, score, r.Score)
		}
		eachNear(o, r.Mask, func(m search.Mask, _ float64, one bool) {
			if sc, _ := p.Table.Score(context.Background(), m); sc.Float() > score.Float() && o.Over(m) <= room {
				t.Fatalf("seed %d: %s scores %v for %.3g, the result %s %v, of %v", seed, m, sc, o.Over(m), r.Mask, score, room)
			}
		})
		searched++
	}
	if searched < 100 {
		t.Errorf("%d searches", searched)
	}
}
