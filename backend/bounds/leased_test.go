package bounds

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestLeasedIsNaive compares thousands of random scans on one to eight members, whose answers come late, double and
// out of order, and which die, with the definition and with one machine: the answer, memo, what the journal is told
// and in which order, and what was asked for.
func TestLeasedIsNaive(t *testing.T) {
	for name, kind := range map[string]Kind{"counted": Counted, "mean": Mean, "whole": Whole, "folded": Folded} {
		t.Run(name, func(t *testing.T) {
			var asks, ran, died int
			seeds := uint64(3000)
			if testing.Short() {
				seeds = 500
			}
			for seed := range seeds {
				rng := rand.New(rand.NewPCG(seed, 151+uint64(kind)))
				p := newProblem(rng, kind)
				p.rule.Rarely = kind == Folded && seed%2 == 0
				if seed%5 == 0 {
					p.rule.Width = 3
				}
				want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
				alone := NewEvaluator(newMachineLike(p), p.rule)
				f := newLooseFleet(p.machine, rng, 1+rng.IntN(8))
				might := f.deaths
				several := NewEvaluator(f, p.rule)
				if (several.leased == nil) != (kind == Whole) || several.ahead != nil {
					t.Fatal("the machine is not taken for a fleet")
				}
				if kind == Folded && seed%3 == 0 {
					alone.mostStates, several.mostStates = 1, 1 // trials begin anew
				}
				var one, more told
				one.listen(alone)
				more.listen(several)
				for range 2 { // the second scan takes up what the first has left
					if _, err := alone.Scan(context.Background(), p.base, p.candidates, p.bound); err != nil {
						t.Fatal(err)
					}
					got, err := several.Scan(context.Background(), p.base, p.candidates, p.bound)
					if err != nil || !same(got, want) || f.wrong != "" {
						t.Fatalf("seed %d: %v, %+v, want %+v (%+v); %s", seed, err, got, want, p.bound, f.wrong)
					}
				}
				if !slices.Equal(one.lines, more.lines) {
					t.Fatalf("seed %d: the journal is told %q, by one machine %q", seed, more.lines, one.lines)
				}
				if st := several.Stats(); asked(st) != asked(alone.Stats()) {
					t.Fatalf("seed %d: %+v, by one machine %+v", seed, st, alone.Stats())
				}
				for id := range f.leases {
					if !f.dropped[id] {
						t.Fatalf("seed %d: lease %d was not dropped", seed, id)
					}
				}
				asks, ran, died = asks+several.Stats().Blocks, ran+f.ran, died+might-f.deaths
			}
			t.Logf("%d blocks asked for, %d run, %d members died", asks, ran, died)
			if kind != Whole && (ran < asks || died < int(seeds)/30) {
				t.Error("hardly anything happens")
			}
		})
	}
}

// TestLeasedSearches compares whole searches by every strategy on members with the naive search: every field of the
// result, and all that the journal is told.
func TestLeasedSearches(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 161))
		p := searchtest.NewProblem(rng)
		rule := &Rule{Sizes: split(rng, p.Table.Samples, 9)}
		for _, s := range search.Strategies() {
			want, err := search.Run(context.Background(), s.Name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			var one, more told
			alone := measured{NewEvaluator(newTableMachine(p.Table, rule), rule), p.Table}
			one.listen(alone.Evaluator)
			if _, err := search.Run(context.Background(), s.Name, alone, p.Options); err != nil {
				t.Fatal(err)
			}
			several := measured{NewEvaluator(newLooseFleet(newTableMachine(p.Table, rule), rng, 1+rng.IntN(5)), rule), p.Table}
			more.listen(several.Evaluator)
			got, err := search.Run(context.Background(), s.Name, several, p.Options)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s: %v\n%+v, want\n%+v", seed, s.Name, err, got, want)
			}
			if !slices.Equal(one.lines, more.lines) || asked(several.Stats()) != asked(alone.Stats()) {
				t.Fatalf("seed %d: %s: the journal is told otherwise, or other blocks are asked for", seed, s.Name)
			}
		}
	}
}

// TestLeasedFailures lets blocks fail and contexts be cancelled at random and asks again each time: the answer stays,
// and a block that failed before it was asked for troubles nobody.
func TestLeasedFailures(t *testing.T) {
	broken := errors.New("broken")
	cancelled, failed := 0, 0
	for seed := range uint64(1000) {
		rng := rand.New(rand.NewPCG(seed, 171))
		p := newProblem(rng, Kind(seed%2))
		want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
		f := newLooseFleet(p.machine, rng, 1+rng.IntN(5))
		e := NewEvaluator(f, p.rule)
		var cancel context.CancelFunc
		f.fail = func(search.Mask, int) error {
			switch rng.IntN(8) {
			case 0:
				return broken
			case 1:
				cancel()
			}
			return nil
		}
		kept := 0 // blocks that the journal knows of
		known := map[string]int{}
		told := func(key string, blocks int) { kept += blocks - known[key]; known[key] = blocks }
		e.Learnt = func(m search.Mask, _ search.Score) error { told(m.Key(), p.rule.Blocks()); return nil }
		e.Stopped = func(m search.Mask, p Progress) error { told(m.Key(), p.Blocks); return nil }
		for {
			var ctx context.Context
			ctx, cancel = context.WithCancel(context.Background())
			got, err := e.Scan(ctx, p.base, p.candidates, p.bound)
			cancel()
			if errors.Is(err, broken) {
				failed++
				continue
			}
			if errors.Is(err, context.Canceled) {
				cancelled++
				continue
			}
			if err != nil || !same(got, want) || f.wrong != "" {
				t.Fatalf("seed %d: %v, %+v, want %+v; %s", seed, err, got, want, f.wrong)
			}
			break
		}
		if st := e.Stats(); kept != st.Blocks {
			t.Fatalf("seed %d: the journal knows of %d blocks, %d were asked for and run", seed, kept, st.Blocks)
		}
	}
	if cancelled < 100 || failed < 100 {
		t.Errorf("%d scans were cancelled, %d failed", cancelled, failed)
	}
}
