package search_test

import (
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// optimum scores every mix of a problem: the largest saving of one that holds, and the least number of high units of
// one; -Inf and one more than there are units if none holds.
func optimum(p *searchtest.Problem) (saved float64, high int) {
	o := &p.Options
	saved, high = math.Inf(-1), len(o.Units)+1
	for set := range 1 << len(o.Units) {
		mask, sum := o.Pinned.Clone(), 0.0
		for u, holders := range o.Units {
			if set>>u&1 == 0 {
				continue
			}
			mask.DemoteAll(holders)
			if o.Cost == nil {
				sum++
			} else {
				sum += o.Cost[u]
			}
		}
		if score, _ := p.Table.Score(context.Background(), mask); score.Float() > o.Target {
			saved, high = max(saved, sum), min(high, len(o.Units)-bits.OnesCount(uint(set)))
		}
	}
	return saved, high
}

// proofProblem is a random problem whose target leaves something to prove, of up to twelve holders.
func proofProblem(seed uint64) *searchtest.Problem {
	rng := rand.New(rand.NewPCG(seed, 31))
	p := searchtest.NewProblem(rng)
	if seed%4 == 0 {
		n := 10 + rng.IntN(3)
		p.Table = searchtest.NewTable(rng, n, 40, 0.5)
		o := search.NewOptions(n, 0)
		o.Pinned, o.Units = search.NewMask(n), nil
		for h := range n {
			o.Units = append(o.Units, []int{h})
		}
		if seed%8 == 0 {
			for range n {
				o.Cost = append(o.Cost, float64(rng.IntN(2))*rng.Float64()) // some are free
			}
		}
		score, _ := p.Table.Score(context.Background(), o.Pinned)
		o.Target = score.Float() - 0.1*rng.Float64()
		p.Options = o
	}
	return p
}

// TestProofIsTheOptimum holds that a proof without a limit ends at the optimum that scoring every mix finds, after
// every strategy: in count, in costs, with groups, pins, start mixes and 8-bit endpoints of their own.
func TestProofIsTheOptimum(t *testing.T) {
	better := 0
	for seed := range uint64(160) {
		p := proofProblem(seed)
		saved, high := optimum(p)
		for _, s := range search.Strategies() {
			o := p.Options
			o.Proof = &search.ProofLimit{}
			r, err := search.Run(context.Background(), s.Name, p.Table.Model(), o)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, s.Name, err)
			}
			p.CheckResult(t, &r)
			if !r.Proof.Minimal || r.Proof.Stop != search.ProofDone {
				t.Fatalf("seed %d: %s: %+v", seed, s.Name, r.Proof)
			}
			better += r.Proof.Better
			if math.IsInf(saved, -1) {
				if r.Holds || !r.Found && r.Proof.Most != saved {
					t.Fatalf("seed %d: %s: holds %v, most %v, but no mix holds", seed, s.Name, r.Holds, r.Proof.Most)
				}
				continue
			}
			// An all-high mix that scores exactly the target is a result that does not hold.
			if r.Saved != saved && !(r.Found && !r.Holds && saved == 0) || r.Proof.Most != r.Saved {
				t.Fatalf("seed %d: %s: saves %v, proven %v, the optimum is %v", seed, s.Name, r.Saved, r.Proof.Most, saved)
			}
			if r.Proof.Least >= 0 && r.Holds && r.Proof.Least != high {
				t.Fatalf("seed %d: %s: at least %d high, the optimum is %d", seed, s.Name, r.Proof.Least, high)
			}
		}
	}
	if better < 30 {
		t.Fatalf("only %d better mixes were found", better)
	}
	t.Logf("%d better mixes were found", better)
}

// TestProofBounds holds that what a proof with a limit says is true of every mix: its bounds and its better mixes.
func TestProofBounds(t *testing.T) {
	short, drawn := 0, 0
	for seed := range uint64(200) {
		p := proofProblem(seed)
		saved, high := optimum(p)
		for most := range 5 {
			o := p.Options
			o.Proof = &search.ProofLimit{Units: 1 + most%3}
			if most >= 3 {
				o.Proof.Units, o.Budget.Trials = 0, 20+int(seed%60)
			}
			r, err := search.Run(context.Background(), "gallop", p.Table.Model(), o)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			p.CheckResult(t, &r)
			if o.Budget.Trials > 0 && r.Evaluations > o.Budget.Trials {
				t.Fatalf("seed %d: %d evaluations of %d", seed, r.Evaluations, o.Budget.Trials)
			}
			if r.Proof.Least > high || r.Proof.Most < saved && !(r.Found && !r.Holds) {
				t.Fatalf("seed %d: at least %d high and at most %v saved, the optimum is %d and %v", seed, r.Proof.Least, r.Proof.Most, high, saved)
			}
			if r.Proof.Minimal && r.Holds && r.Saved != saved {
				t.Fatalf("seed %d: %v is proven, the optimum is %v", seed, r.Saved, saved)
			}
			if !r.Proof.Minimal {
				short++
			}
			for _, l := range r.Proof.Levels {
				drawn += l.Drawn
			}
		}
	}
	if short < 100 || drawn < 1000 {
		t.Fatalf("%d proofs were cut short, %d mixes drawn", short, drawn)
	}
}

// TestProofTime holds that time ends a proof, and not the search; and that a search without budget left has none.
func TestProofTime(t *testing.T) {
	p := proofProblem(4)
	o := p.Options
	o.Proof = &search.ProofLimit{Time: 20 * time.Millisecond}
	proving := false
	o.Progress = func(e search.Event) { proving = proving || e.Kind == search.EventProof }
	slow := search.Naive(func(ctx context.Context, m search.Mask) (search.Score, error) {
		if proving {
			<-ctx.Done()
			return search.Score{}, ctx.Err()
		}
		return p.Table.Score(ctx, m)
	})
	r, err := search.Run(context.Background(), "gallop", slow, o)
	if err != nil || r.Stop != search.StopDone || r.Proof.Stop != search.ProofTime || r.Proof.Minimal {
		t.Fatalf("stop %s, proof %+v, %v", r.Stop, r.Proof, err)
	}
	o.Budget.Time = 20 * time.Millisecond
	o.Proof.Time, proving = 0, false
	if r, err = search.Run(context.Background(), "gallop", slow, o); err != nil || r.Proof.Stop != search.ProofTime {
		t.Fatalf("proof %+v, %v", r.Proof, err)
	}
	o.Budget = search.Budget{Trials: 4}
	if r, err = search.Run(context.Background(), "gallop", p.Table.Model(), o); err != nil || r.Stop != search.StopTrials || r.Proof.Stop != search.ProofUnbegun {
		t.Fatalf("stop %s, proof %+v, %v", r.Stop, r.Proof, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	o.Budget, proving = search.Budget{}, false
	o.Progress = func(e search.Event) {
		if e.Kind == search.EventProof && e.Proof.Size == 2 {
			cancel()
		}
	}
	r, err = search.Run(ctx, "gallop", p.Table.Model(), o)
	if err == nil || r.Proof.Stop != search.ProofHeld || r.Proof.Least != 2 || !r.Holds {
		t.Fatalf("proof %+v, holds %v, %v", r.Proof, r.Holds, err)
	}
}
