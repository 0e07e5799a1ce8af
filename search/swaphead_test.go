package search_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// headed is a table of outcomes with a head, that writes down what swaps ask for.
type headed struct {
	searchtest.Model
	head   int // samples, those that the network without demotions decides by the smallest margins
	log    []asking
	swaps  bool // they are under way
	refuse bool // the head counts nothing but what the base has
}

// An asking is what swaps asked for: a mask on the head, or a scan.
type asking struct {
	from  search.Mask
	masks []search.Mask
	count int // on the head
	scan  bool
}

func newHeaded(rng *rand.Rand, n int) *headed {
	return &headed{Model: searchtest.NewTable(rng, n, 500, 0.02).Model(), head: 100}
}

func (h *headed) Head(_ context.Context, base, mask search.Mask) (int, bool, error) {
	count := h.Table.Count(mask, 0, h.head)
	if h.refuse && !base.Equal(mask) {
		count = 0
	}
	h.log = append(h.log, asking{base.Clone(), []search.Mask{mask.Clone()}, count, false})
	return count, true, nil
}

func (h *headed) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	if h.swaps {
		var list []search.Mask
		for _, m := range candidates {
			list = append(list, m.Clone())
		}
		h.log = append(h.log, asking{base.Clone(), list, 0, true})
	}
	return h.Model.Scan(ctx, base, candidates, b)
}

// TestHeadOrdersSwaps holds every question of swaps that have a head to the rules, on random tables: what the head
// refuses is not scored; a family is looked at only if its set loses no more than 8 samples on the head beyond what is
// allowed; of a family those with 4 or more over are scored at once, the best first, and the others after all families,
// the best first; and none of it costs more than the patience.
func TestHeadOrdersSwaps(t *testing.T) {
	refused, left, aside, held, ended := 0, 0, 0, 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 41))
		const n = 24
		h := newHeaded(rng, n)
		high := h.Table.Count(search.NewMask(n), 0, 500)
		o := search.NewOptions(n, (float64(high)-3-float64(rng.IntN(10)))/500)
		var steps []int // where swaps begin
		o.Step = func(step string) {
			if h.swaps = step == search.StepSwaps; h.swaps {
				steps = append(steps, len(h.log))
			}
		}
		res, err := search.Run(t.Context(), "auto", h, o)
		if err != nil || !res.Holds {
			t.Fatalf("seed %d: %v, holds %t", seed, err, res.Holds)
		}
		for i, from := range steps {
			to := len(h.log)
			if i+1 < len(steps) {
				to = steps[i+1]
				held++
			}
			log := h.log[from:to]
			if len(log) == 0 || log[0].scan { // two high: no head
				continue
			}
			base, bar := log[0].masks[0], log[0].count
			for count := h.Table.Count(base, 0, 500) - 1; float64(count)/500 > o.Target; count-- {
				bar--
			}
			over := func(m search.Mask) int { return h.Table.Count(m, 0, h.head) - bar }
			stands := map[string]bool{} // with families
			price := 0
			for _, a := range log[1:] {
				last := 99
				for _, m := range a.masks {
					first := n - a.from.FirstDifference(m)
					if m.Equal(a.from) {
						first = n - base.FirstDifference(m)
					}
					switch {
					case !a.scan && a.from.Equal(base): // a unit, or a set
						if m.Count() == base.Count()+2 {
							price += 60 * first
							if over(m) < -8 {
								left++
							}
						}
					case !a.scan:
						if stands[a.from.String()] = true; over(a.from) < -8 {
							t.Fatalf("seed %d: a family of %s, which is %d over", seed, a.from, over(a.from))
						}
						if !m.Equal(a.from) {
							price += 60 * first
						}
						if over(m) < 0 {
							refused++
						}
					default:
						price += 40 * first
						now := !a.from.Equal(base)
						if over(m) < 0 || over(m) > last || now != (over(m) >= 4) {
							t.Fatalf("seed %d: %s scored, %d over behind %d, of a family at hand: %t", seed, m, over(m), last, now)
						}
						if last = over(m); !now {
							aside++
						}
					}
				}
			}
			if price > 4000*n+40*n*n {
				t.Errorf("seed %d: %.2f passes", seed, float64(price)/1000/n)
			}
		}
		for _, note := range res.Notes {
			if note.ID == "improve-ended" {
				ended++
			}
		}
	}
	t.Logf("%d refused, %d sets left out, %d scored that were put aside, %d swaps held, %d ended", refused, left, aside, held, ended)
	if refused < 1000 || left < 10 || aside < 50 || held < 8 || ended == 0 {
		t.Error("the tables do not show the rules")
	}
}

// TestFewLeftHasNoHead holds that where two units stay high every mix with one is scored, whatever a head says.
func TestFewLeftHasNoHead(t *testing.T) {
	const n = 40
	drop := make([]float64, n)
	for i := range drop {
		drop[i] = 0.001 * float64(1+i*7%n)
	}
	drop[n/2], drop[n-1] = 9, 10
	r := points(drop, nil)
	h := &headed{refuse: true, head: 1}
	h.Model = searchtest.NewTable(rand.New(rand.NewPCG(1, 1)), n, 2, 0).Model()
	ev := struct {
		distant
		search.HeadEvaluator
	}{distant{r}, h}
	res, err := search.Run(t.Context(), "auto", ev, search.NewOptions(n, 95))
	if err != nil || len(res.Promotion) != 2 || len(res.Notes) > 0 || len(h.log) > 0 {
		t.Fatalf("%v, %v, %v, %d questions to the head", err, res.Promotion, res.Notes, len(h.log))
	}
	for i := range n {
		if m := strings.Repeat("1", i) + "0" + strings.Repeat("1", n-1-i); !slices.Contains(r.asked, m) {
			t.Errorf("%s was not scored", m)
		}
	}
}

// TestImproveFromScratch holds that improve, without a start mix, ends in a mix that no further unit betters, and holds
// the target wherever the other strategies find one.
func TestImproveFromScratch(t *testing.T) {
	found := 0
	for seed := range uint64(200) {
		p := searchtest.NewProblem(rand.New(rand.NewPCG(seed, 43)))
		o := p.Options
		o.Start, o.Curve, o.Budget = search.Mask{}, false, search.Budget{}
		r, err := search.Run(t.Context(), "improve", p.Table.Model(), o)
		if err != nil {
			t.Fatal(err)
		}
		other, err := search.Run(t.Context(), "auto", p.Table.Model(), o)
		if err != nil || r.Found != other.Found {
			t.Fatalf("seed %d: %v, improve has found one: %t, auto: %t", seed, err, r.Found, other.Found)
		}
		if !r.Found || len(r.Chain) == 0 {
			continue
		}
		found++
		for u, holders := range o.Units {
			m := r.Mask.Clone()
			if m.DemoteAll(holders); m.Equal(r.Mask) {
				continue
			}
			if sc, _ := p.Table.Score(t.Context(), m); sc.Float() > o.Target {
				t.Errorf("seed %d: unit %d can go: %s scores %v above %v", seed, u, m, sc, o.Target)
			}
		}
	}
	if found < 50 {
		t.Errorf("%d mixes", found)
	}
}
