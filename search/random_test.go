package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestStrategiesHold runs every strategy on random problems: the mix holds, its parts agree, and what was told on the
// way only got better.
func TestStrategiesHold(t *testing.T) {
	int16 := map[string]int{}
	for seed := range uint64(1500) {
		p := searchtest.NewProblem(rand.New(rand.NewPCG(seed, 21)))
		saved := map[string]float64{}
		for _, s := range search.Strategies() {
			o := p.Options
			told := -1.0
			o.Best = func(b search.Best) error {
				if b.Saved < told {
					return fmt.Errorf("saved %v after %v", b.Saved, told)
				}
				told = b.Saved
				return nil
			}
			r, err := search.Run(context.Background(), s.Name, p.Table.Model(), o)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, s.Name, err)
			}
			if r.Found && told != r.Saved {
				t.Fatalf("seed %d: %s: saved %v, told %v", seed, s.Name, r.Saved, told)
			}
			if t.Failed() {
				t.FailNow()
			}
			p.CheckResult(t, &r)
			if o.Curve && r.Found && len(o.Units) > 0 {
				checkCurve(t, seed, &o, &r)
			}
			saved[s.Name] = r.Saved
			int16[s.Name] += len(r.Promotion)
		}
		if saved["auto"] < saved["gallop"] {
			t.Fatalf("seed %d: auto saves %v, gallop %v", seed, saved["auto"], saved["gallop"])
		}
	}
	t.Logf("units left high: %v", int16)
}

// checkCurve sees that the chain of a curve ends with every unit demoted.
func checkCurve(t *testing.T, seed uint64, o *search.Options, r *search.Result) {
	t.Helper()
	low := map[int]bool{}
	if o.Start.Len() > 0 && !r.StartRefused {
		for u, holders := range o.Units {
			low[u] = o.Start.Low(holders[0])
		}
	}
	for _, step := range r.Chain {
		low[step.Unit] = !step.Promoted
	}
	if len(r.Chain) == 0 && len(r.Promotion) == 0 {
		return // the endpoint is the curve
	}
	for u := range o.Units {
		if !low[u] {
			t.Fatalf("seed %d: %s: unit %d is high at the end of the curve", seed, r.Strategy, u)
		}
	}
}

// TestBudgetOfEveryStrategy ends each strategy after each number of trials: nothing more is asked, and what is there
// holds.
func TestBudgetOfEveryStrategy(t *testing.T) {
	for seed := range uint64(30) {
		p := searchtest.NewProblem(rand.New(rand.NewPCG(seed, 22)))
		p.Options.Low = nil
		for _, s := range search.Strategies() {
			for trials := 1; ; trials++ {
				asked := 0
				model := p.Table.Model()
				model.Naive = func(ctx context.Context, m search.Mask) (search.Score, error) {
					asked++
					return p.Table.Score(ctx, m)
				}
				o := p.Options
				o.Budget.Trials = trials
				r, err := search.Run(context.Background(), s.Name, model, o)
				if err != nil {
					t.Fatalf("seed %d: %s, %d trials: %v", seed, s.Name, trials, err)
				}
				// the reference asks once more for a score that its scan held
				if r.Evaluations > trials || asked > trials+1 {
					t.Fatalf("seed %d: %s: %d scores of %d trials", seed, s.Name, asked, trials)
				}
				p.CheckResult(t, &r)
				if r.Stop == search.StopDone {
					break
				}
				if r.Stop != search.StopTrials {
					t.Fatalf("seed %d: %s: stop %s", seed, s.Name, r.Stop)
				}
			}
		}
	}
}

// TestShare holds that a mix within a share of int16 is within it, and at least as accurate as the one it began with.
func TestShare(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 23))
		p := searchtest.NewProblem(rng)
		share := rng.Float64()
		r, err := search.WithinShare(context.Background(), p.Table.Model(), p.Options, share)
		fixed := p.Table.N - p.Options.Pinned.Count()
		for _, holders := range p.Options.Units {
			fixed -= len(holders)
		}
		limit := int(share*float64(p.Table.N) + 1e-9)
		if fixed > limit {
			if err == nil {
				t.Fatalf("seed %d: %d of %d are held high", seed, fixed, limit)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		score, _ := p.Table.Score(context.Background(), r.Mask)
		if high := p.Table.N - r.Mask.Count(); high > limit || score != r.Score {
			t.Fatalf("seed %d: %d high of %d, score %v, told %v", seed, high, limit, score, r.Score)
		}
		for _, step := range r.Chain {
			if !step.Past && step.True.Float() > r.Score.Float() {
				t.Fatalf("seed %d: score %v after %v", seed, r.Score.Float(), step.True.Float())
			}
		}
	}
	for _, share := range []float64{-0.1, 1.1} {
		if _, err := search.WithinShare(context.Background(), additive(0), search.NewOptions(1, 0), share); err == nil {
			t.Errorf("share %v is taken", share)
		}
	}
}

// TestSwapsAreBounded holds that swaps of which none holds cost no more than improve's patience, and use it up.
func TestSwapsAreBounded(t *testing.T) {
	const n = 100
	drop := make([]float64, n)
	o := search.NewOptions(n, 99.5)
	o.Start = search.NewMask(n)
	for i := range drop {
		if drop[i] = 1; i < 50 {
			drop[i] = 0
			o.Start.Demote(i)
		}
	}
	r := points(drop, nil)
	res, err := search.Run(context.Background(), "improve", distant{r}, o)
	if err != nil || res.Mask.Count() != 50 {
		t.Fatalf("%v, %s", err, res.Mask)
	}
	families := familiesOf(o.Start, r.scores()[2+1+50:]) // behind the endpoints, the start mix and 50 retries
	price, most := 0, 0
	for _, f := range families {
		price += f.price
		most = max(most, f.price)
	}
	if price > 200*n || price+most <= 200*n {
		t.Errorf("swaps for %d holders in %d families, of which the dearest takes %d, not for 200 networks of %d", price, len(families), most, n)
	}
	// With auto's own budget for improve the list is cut, and the result says so.
	o.Start = search.Mask{}
	o.Target = 99.9
	res, err = search.Run(context.Background(), "auto", distant{points(drop, nil)}, o)
	if err != nil || res.Stop != search.StopDone || res.Mask.Count() != 50 {
		t.Fatalf("%v, stop %s, %s", err, res.Stop, res.Mask)
	}
	for i := range drop {
		drop[i] = float64(i) / n
	}
	o.Target = 90
	res, err = search.Run(context.Background(), "auto", distant{points(drop, nil)}, o)
	if err != nil || res.Evaluations > 2+4*n+2*n {
		t.Errorf("%v, %d evaluations, %v", err, res.Evaluations, res.Notes)
	}
}

// TestNoSwapsIsNested holds that a chain without swaps only demotes, so that its masks are nested.
func TestNoSwapsIsNested(t *testing.T) {
	swaps := 0
	for seed := range uint64(300) {
		p := searchtest.NewProblem(rand.New(rand.NewPCG(seed, 24)))
		for _, nested := range []bool{true, false} {
			o := p.Options
			o.NoSwaps, o.Curve = nested, false
			r, err := search.Run(context.Background(), "auto", p.Table.Model(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range r.Chain {
				if step.Promoted {
					swaps++
					if nested {
						t.Fatalf("seed %d: %+v", seed, r.Chain)
					}
				}
			}
		}
	}
	if swaps == 0 {
		t.Error("no problem has a swap")
	}
}
