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

// priced is a price that adds up: what each high holder costs.
func priced(each ...float64) func(search.Mask) float64 {
	return func(m search.Mask) (price float64) {
		for h, v := range each {
			if !m.Low(h) {
				price += v
			}
		}
		return price
	}
}

// TestExchangesInOrder holds, trial by trial, what comes behind the swaps where one or two units stay high.
func TestExchangesInOrder(t *testing.T) {
	for _, c := range []struct {
		name      string
		drop      []float64
		pairs     map[[2]int]float64
		target    float64
		change    func(*search.Options)
		trials    string // behind the retries and swaps
		promotion []int
	}{
		{
			name: "the lowest price first, then the least harm", drop: []float64{5, 4, 1, 2, 3}, target: 89.5,
			// 0 stays for a price of 9. Instead 4 and 3 are free, of which 4 does more harm; with either too much is
			// lost, and with 2 or 1 too.
			change: func(o *search.Options) { o.Price = priced(9, 4, 1, 0, 0) },
			trials: "11110 11101 11011 10111", promotion: []int{0},
		},
		{
			name: "what holds is the base of the next", drop: []float64{5, 4, 1, 2, 3}, target: 88.5,
			// 4 goes up for 0, which costs nothing, and then nothing is left to lower.
			pairs:  map[[2]int]float64{{1, 3}: -1},
			change: func(o *search.Options) { o.Price = priced(9, 4, 1, 3, 0) },
			trials: "11110", promotion: []int{4},
		},
		{
			name: "no price", drop: []float64{5, 4, 1, 2, 3}, target: 89.5, promotion: []int{0},
		},
		{
			name: "less than a hundredth", drop: []float64{5, 4, 1, 2, 3}, target: 89.5, promotion: []int{0},
			change: func(o *search.Options) { o.Price = priced(1000, 991, 991, 989, 991) },
			trials: "11101",
		},
		{
			name: "nested mixes", drop: []float64{5, 4, 1, 2, 3}, target: 89.5, promotion: []int{0},
			change: func(o *search.Options) { o.Price, o.NoSwaps = priced(9, 4, 1, 0, 0), true },
		},
		{
			name: "as much is saved", drop: []float64{5, 4, 1, 2, 3}, target: 89.5, promotion: []int{0},
			// Only 1 saves as much as 0 does.
			change: func(o *search.Options) {
				o.Price, o.Cost = priced(9, 4, 1, 0, 0), []float64{4, 4, 5, 5, 5}
			},
			trials: "10111",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := search.NewOptions(len(c.drop), c.target)
			if c.change != nil {
				c.change(&o)
			}
			r := points(c.drop, c.pairs)
			from := -1
			o.Step = func(step string) {
				if step == search.StepExchanges && from < 0 {
					from = len(r.asked)
				}
			}
			settled := ""
			o.Settled = func(m search.Mask) error { settled = m.String(); return nil }
			res, err := search.Run(context.Background(), "auto", distant{r}, o)
			if err != nil || !slices.Equal(res.Promotion, c.promotion) || !o.NoSwaps && settled != res.Mask.String() {
				t.Errorf("%v, promotion %v, want %v; settled %s", err, res.Promotion, c.promotion, settled)
			}
			got := ""
			if from >= 0 {
				got = strings.Join(r.asked[from:], " ")
			}
			if got != c.trials {
				t.Errorf("asked for %q, want %q", got, c.trials)
			}
		})
	}
}

// TestExchangesAreBounded holds that exchanges of which none holds cost no more than a pass by the prices of swaps, and
// use it up.
func TestExchangesAreBounded(t *testing.T) {
	const n = 60
	drop, each := make([]float64, n), make([]float64, n)
	for i := range drop {
		drop[i], each[i] = 1, float64(i)
	}
	drop[n-1] = 2
	r := points(drop, nil)
	o := search.NewOptions(n, 100-(n+1)+1.5)
	o.Price = priced(each...)
	from := 0
	o.Step = func(step string) {
		if step == search.StepExchanges {
			from = len(r.asked)
		}
	}
	res, err := search.Run(context.Background(), "auto", distant{r}, o)
	if err != nil || !slices.Equal(res.Promotion, []int{n - 1}) || from == 0 {
		t.Fatalf("%v, %v, exchanges from %d on", err, res.Promotion, from)
	}
	price, last := 0, 0
	for _, text := range r.asked[from:] {
		last = n - strings.IndexByte(text, '0')
		price += last
	}
	if price > 10*n || price+last <= 10*n {
		t.Errorf("exchanges for %d places, not for ten networks of %d", price, n)
	}
}

// TestExchangesByHead holds exchanges that have a head to the rules, on random tables: of those that are looked at,
// the lowest price first, the ones with 4 or more over on the head are scored, in the same order, and none of it costs
// more than a pass but for the one that holds.
func TestExchangesByHead(t *testing.T) {
	looked, scored, held := 0, 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 43))
		const n = 16
		h := &headed{Model: searchtest.NewTable(rng, n, 500, 0.5).Model(), head: 100}
		each := make([]float64, n)
		for i := range each {
			each[i] = float64(rng.IntN(9))
		}
		start := search.NewMask(n)
		for _, u := range rng.Perm(n)[:n-4] {
			start.Demote(u)
		}
		o := search.NewOptions(n, float64(h.Table.Count(start, 0, 500)-4-rng.IntN(12))/500)
		o.Price, o.Start = priced(each...), start
		var from []int // where exchanges begin
		o.Step = func(step string) {
			if h.swaps = step == search.StepExchanges; h.swaps {
				from = append(from, len(h.log))
			}
		}
		if _, err := search.Run(t.Context(), "improve", h, o); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		price := 0
		for i, at := range from {
			log := h.log[at:]
			if i+1 < len(from) {
				log = h.log[at:from[i+1]]
				held++
			}
			if len(log) == 0 || log[0].scan { // two high: no head
				continue
			}
			base, bar := log[0].masks[0], log[0].count
			for count := h.Table.Count(base, 0, 500) - 1; float64(count)/500 > o.Target; count-- {
				bar--
			}
			var good []string
			last := 0.0
			for _, a := range log[1:] {
				for _, m := range a.masks {
					behind := n - base.FirstDifference(m)
					if a.scan {
						if scored++; len(good) == 0 || good[0] != m.String() {
							t.Fatalf("seed %d: %s is scored, not the first of %v", seed, m, good)
						}
						good = good[1:]
						continue
					}
					looked++
					price += 60 * behind
					if m.Count() != base.Count() || o.Price(m) >= o.Price(base) || o.Price(m) < last {
						t.Fatalf("seed %d: %s looked at on %s, behind a price of %v", seed, m, base, last)
					}
					if last = o.Price(m); h.Table.Count(m, 0, h.head)-bar >= 4 {
						good = append(good, m.String())
					}
				}
			}
			if len(good) > 0 {
				t.Errorf("seed %d: %v are not scored", seed, good)
			}
		}
		if price > 1000*n {
			t.Errorf("seed %d: exchanges are looked at for %.2f passes", seed, float64(price)/1000/n)
		}
	}
	if looked < 30 || scored < 10 || held < 5 {
		t.Errorf("%d looked at, %d scored, %d held: the tables do not show the rules", looked, scored, held)
	}
}

// TestExchangesHold holds the results of searches with prices on random tables to all mixes: where no more than two
// units stay high and the exchanges that are cheaper are few, none of them holds; and no search saves less for them.
func TestExchangesHold(t *testing.T) {
	held, local := 0, 0
	for seed := range uint64(1500) {
		p := searchtest.NewProblem(rand.New(rand.NewPCG(seed, 61)))
		o := p.Options
		o.Curve, o.NoSwaps = false, false
		if o.Price == nil {
			continue
		}
		exchanged := false
		o.Step = func(step string) { exchanged = exchanged || step == search.StepExchanges }
		r, err := search.Run(context.Background(), "improve", p.Table.Model(), o)
		if err != nil {
			t.Fatal(err)
		}
		p.CheckResult(t, &r)
		if !exchanged {
			continue
		}
		o.Price, o.Step = nil, nil
		plain, err := search.Run(context.Background(), "improve", p.Table.Model(), o)
		if err != nil {
			t.Fatal(err)
		}
		price := p.Options.Price
		if plain.Saved == r.Saved && price(r.Mask) < price(plain.Mask) {
			held++
		}
		list, holds := exchangesOf(p, &r)
		if len(list) > 3 {
			continue
		}
		local++
		if last := len(r.Chain) - 1; holds && !r.Chain[last].Promoted && !r.Chain[max(0, last-1)].Promoted {
			t.Errorf("seed %d: %s has the price %v, one of %s holds for less", seed, r.Mask, price(r.Mask), list)
		}
	}
	if held < 20 || local < 100 {
		t.Errorf("%d searches with a lower price, %d without exchanges left", held, local)
	}
}

// exchangesOf lists the mixes that save as much as a result at a lower price, with one unit promoted and one or two
// demoted, and tells whether one of them holds.
func exchangesOf(p *searchtest.Problem, r *search.Result) (list []search.Mask, holds bool) {
	o := &p.Options
	cost := func(u int) float64 {
		if o.Cost == nil {
			return 1
		}
		return o.Cost[u]
	}
	for i, a := range r.Promotion {
		for _, b := range append([]int{-1}, r.Promotion[i+1:]...) {
			for up, holders := range o.Units {
				m := r.Mask.Clone()
				m.DemoteAll(o.Units[a])
				saved := cost(a)
				if b >= 0 {
					m.DemoteAll(o.Units[b])
					saved += cost(b)
				}
				if !r.Mask.Low(holders[0]) || cost(up) != saved {
					continue
				}
				if m.PromoteAll(holders); o.Price(m) < 0.99*o.Price(r.Mask) {
					sc, _ := p.Table.Score(context.Background(), m)
					list, holds = append(list, m), holds || sc.Float() > o.Target
				}
			}
		}
	}
	return list, holds
}
