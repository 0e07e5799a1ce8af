package search_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// additive is a model whose score is 1 less the drops of the demoted holders.
func additive(drop ...float64) search.Naive {
	return func(_ context.Context, m search.Mask) (search.Score, error) {
		v := 1.0
		for i, d := range drop {
			if m.Low(i) {
				v -= d
			}
		}
		return search.Score{Value: v}, nil
	}
}

// asked wraps an evaluator function and keeps the masks that it is asked for.
func asked(f search.Naive, masks *[]string) search.Naive {
	return func(ctx context.Context, m search.Mask) (search.Score, error) {
		*masks = append(*masks, m.String())
		return f(ctx, m)
	}
}

func TestEndpoints(t *testing.T) {
	score := func(v float64) *search.Score { return &search.Score{Value: v} }
	for _, c := range []struct {
		name    string
		drop    []float64
		target  float64
		low     *search.Score
		found   bool
		refused bool
		mask    string
		evals   int
		masks   []string
	}{
		{"16-bit below the target", []float64{0.5, 0.25}, 1.5, nil, false, false, "00", 1, []string{"00"}},
		{"16-bit at the target", []float64{0.5, 0.25}, 1, nil, true, false, "00", 6, nil},
		{"8-bit above the target", []float64{0.25, 0.25}, 0.25, nil, true, false, "11", 2, []string{"00", "11"}},
		{"8-bit at the target", []float64{0.5, 0.25}, 0.25, nil, true, false, "01", 6, nil},
		{"pair, 8-bit file above and mask too", []float64{0.25, 0.25}, 0.25, score(0.75), true, false, "11", 2, []string{"00", "11"}},
		{"pair, 8-bit file above but mask not", []float64{0.5, 0.25}, 0.5, score(0.75), true, true, "01", 6, nil},
		{"pair, 8-bit file below", []float64{0.5, 0.25}, 0.5, score(0.125), true, false, "01", 6, nil},
		{"8-bit is not a number", []float64{math.NaN()}, 0, nil, true, false, "0", 4, []string{"0", "1", "1", "1", "1"}},
		{"no holder", nil, 0.5, nil, true, false, "", 2, []string{"", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var masks []string
			o := search.NewOptions(len(c.drop), c.target)
			o.Low, o.OneEnd = c.low, true
			res, err := search.Demotion(context.Background(), asked(additive(c.drop...), &masks), o)
			if err != nil {
				t.Fatal(err)
			}
			if res.Found != c.found || res.LowRefused != c.refused || res.Mask.String() != c.mask || res.Stop != search.StopDone {
				t.Errorf("found %v, refused %v, mask %s, stop %s", res.Found, res.LowRefused, res.Mask, res.Stop)
			}
			if c.refused != (len(res.Notes) == 1) {
				t.Errorf("notes %q", res.Notes)
			}
			if c.masks != nil && (!slices.Equal(masks, c.masks) || res.Evaluations != c.evals) {
				t.Errorf("%d evaluations of %v, want %d of %v", res.Evaluations, masks, c.evals, c.masks)
			}
		})
	}
}

// TestPairNeverBelowTarget runs pairs whose 8-bit file misleads: the mix has to hold all the same, in both chain modes.
func TestPairNeverBelowTarget(t *testing.T) {
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		table := searchtest.NewTable(rng, 1+rng.IntN(10), 60, 0.3)
		high, _ := table.Score(context.Background(), search.NewMask(table.N))
		o := search.NewOptions(table.N, high.Float()-0.1*rng.Float64())
		o.Low = &search.Score{Count: rng.IntN(61), Total: 60}
		o.Seed = uint32(seed)
		o.Chain = []search.ChainMode{search.ChainLast, search.ChainDemoted}[seed%2]
		res, err := search.Demotion(context.Background(), search.Naive(table.Score), o)
		if err != nil {
			t.Fatal(err)
		}
		score, _ := table.Score(context.Background(), res.Mask)
		if score != res.Score || !(score.Float() > o.Target || res.Mask.Count() == 0) {
			t.Fatalf("seed %d: mix %s scores %v, told %v, target %v", seed, res.Mask, score, res.Score, o.Target)
		}
	}
}

// TestHighNotANumber holds that a score that is not a number meets no target.
func TestHighNotANumber(t *testing.T) {
	nan := search.Naive(func(context.Context, search.Mask) (search.Score, error) { return search.Score{Value: math.NaN()}, nil })
	res, err := search.Demotion(context.Background(), nan, search.NewOptions(3, math.Inf(-1)))
	if err != nil || res.Found || res.Mask.Count() != 0 || len(res.Promotion) != 3 {
		t.Errorf("%+v, %v", res, err)
	}
}

// TestUnitsAndPins searches groups with holders pinned low and high.
func TestUnitsAndPins(t *testing.T) {
	o := search.NewOptions(6, 0.7)
	o.Units = [][]int{{4, 0}, {2}, {5}}
	o.Pinned = search.NewMask(6)
	o.Pinned.Demote(1) // holder 3 is in no unit: it stays high
	o.Multiplier = 1
	var masks []string
	res, err := search.Demotion(context.Background(), asked(additive(0.125, 0.0625, 0.125, 9, 0.125, 0.03125), &masks), o)
	if err != nil {
		t.Fatal(err)
	}
	if res.Mask.String() != "011001" || !slices.Equal(res.Promotion, []int{0}) || !slices.Equal(res.Holders(o.Units), []int{4, 0}) {
		t.Errorf("mask %s, promotion %v, holders %v", res.Mask, res.Promotion, res.Holders(o.Units))
	}
	for _, m := range masks {
		if m[1] != '1' || m[3] != '0' || m[0] != m[4] {
			t.Errorf("mask %s moves a pinned holder or splits a unit", m)
		}
	}
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		name, start string
		refused     bool
		mask        string
		chain       int
	}{
		{"holds", "0110", false, "0110", 2},
		{"does not hold", "1000", true, "0111", 4},
		{"nothing demoted", "0000", false, "0111", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := search.NewOptions(4, 0.75)
			o.Start, _ = search.ParseMask(c.start)
			o.FillTrue, o.Chain = true, search.ChainLast
			res, err := search.Demotion(context.Background(), additive(0.5, 0.0625, 0.0625, 0.125), o)
			if err != nil {
				t.Fatal(err)
			}
			if res.StartRefused != c.refused || len(res.Chain) != c.chain || !(res.Score.Float() > 0.75) {
				t.Errorf("refused %v, chain %+v, score %v", res.StartRefused, res.Chain, res.Score)
			}
			order := slices.Clone(res.Order)
			slices.Sort(order)
			if !slices.Equal(order, []int{0, 1, 2, 3}) {
				t.Errorf("order %v", res.Order)
			}
		})
	}
}

// TestFillTrue holds that every step of a chain of mode last tells the score of its mask, at no counted evaluation.
func TestFillTrue(t *testing.T) {
	filled := 0
	for _, c := range searchtest.Golden(t, "") {
		o := c.Options(search.ChainLast)
		o.FillTrue = true
		res, err := search.Demotion(context.Background(), search.Naive(c.Score), o)
		if err != nil || res.Evaluations != c.Expect.Evaluations {
			t.Fatalf("%s: %v, %d evaluations, want %d", c.Name, err, res.Evaluations, c.Expect.Evaluations)
		}
		mask := search.NewMask(c.N)
		for i, step := range res.Chain {
			mask.Demote(step.Unit)
			if want, _ := c.Score(context.Background(), mask); !step.TrueKnown || step.True != want {
				t.Fatalf("%s: step %d: %+v, want %v", c.Name, i, step, want)
			}
			if step.True != step.Recorded {
				filled++
			}
		}
	}
	if filled == 0 {
		t.Error("recorded and true scores never differ")
	}
}

// free is an evaluator whose trials cost nothing beside the mask being read: it shows the search's own work.
type free struct{ scans, looked int }

func (f *free) Score(_ context.Context, m search.Mask) (search.Score, error) {
	return search.Score{Value: -float64(m.Count())}, nil
}

func (f *free) Scan(_ context.Context, _ search.Mask, c []search.Mask, b search.Bound) (search.Found, error) {
	f.scans++
	f.looked += len(c)
	return search.Found{Index: len(c) / 2}, nil
}

// TestNoAllocationPerTrial holds that a search allocates a fixed number of times, however many trials it makes.
func TestNoAllocationPerTrial(t *testing.T) {
	count := func(n int) float64 {
		o := search.NewOptions(n, -float64(n)/2)
		o.Progress = func(search.Event) {}
		return testing.AllocsPerRun(3, func() {
			if _, err := search.Demotion(context.Background(), &free{}, o); err != nil {
				t.Fatal(err)
			}
		})
	}
	small, large := count(50), count(400) // 1,275 and 80,200 trials
	if large-small > 400 {
		t.Errorf("%v allocations for 50 holders, %v for 400", small, large)
	}
	t.Logf("%v allocations for 50 holders, %v for 400", small, large)
}

// BenchmarkSearchCandidate tells the search's own work a candidate at 1,000 holders.
func BenchmarkSearchCandidate(b *testing.B) {
	o := search.NewOptions(1000, -500)
	looked := 0
	b.ReportAllocs()
	for b.Loop() {
		f := &free{}
		if _, err := search.Demotion(context.Background(), f, o); err != nil {
			b.Fatal(err)
		}
		looked += f.looked
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(looked), "ns/candidate")
}

// TestDemotionByCost holds that a scan looks at units that save more first, those of equal savings in the shuffled
// order.
func TestDemotionByCost(t *testing.T) {
	drop := []float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1}
	for _, c := range []struct {
		name string
		cost []float64
		mask string
	}{
		{"by count", nil, ""},
		{"equal costs", []float64{3, 3, 3, 3, 3, 3}, ""},
		{"different costs", []float64{1, 4, 2, 4, 0, 3}, "010101"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var plain, masks []string
			o := search.NewOptions(len(drop), 0.65) // three fit
			o.Multiplier = 1
			if _, err := search.Run(context.Background(), "demotion", asked(additive(drop...), &plain), o); err != nil {
				t.Fatal(err)
			}
			o.Cost = c.cost
			r, err := search.Run(context.Background(), "demotion", asked(additive(drop...), &masks), o)
			if err != nil {
				t.Fatal(err)
			}
			if c.mask == "" && !slices.Equal(masks, plain) || c.mask != "" && (r.Mask.String() != c.mask || r.Saved != 11) {
				t.Errorf("%s saves %v, asked for %v, by count %v", r.Mask, r.Saved, masks, plain)
			}
		})
	}
}
