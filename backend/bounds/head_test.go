package bounds

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// naiveHead is the naive evaluator of a table whose first samples are its head, and some more its front. It counts what
// it is asked of them.
type naiveHead struct {
	searchtest.Model
	head, front int
	asked       *int
	fronts      *int
}

func (h naiveHead) Front(_ context.Context, _, mask search.Mask, most int) (int, bool, error) {
	*h.fronts++
	return min(h.front-h.Count(mask, 0, h.front), most+1), true, nil
}

func (h naiveHead) Head(_ context.Context, _, mask search.Mask) (int, bool, error) {
	*h.asked++
	return h.Count(mask, 0, h.head), true, nil
}

// boundedHead is a bounded evaluator of the same.
type boundedHead struct {
	measured
	head, front int
}

func (h boundedHead) Front(ctx context.Context, base, mask search.Mask, most int) (int, bool, error) {
	return h.WrongFirst(ctx, base, mask, h.front, most)
}

func (h boundedHead) Head(ctx context.Context, base, mask search.Mask) (int, bool, error) {
	wrong, ok, err := h.WrongFirst(ctx, base, mask, h.head, h.head)
	return h.head - wrong, ok, err
}

// TestHeadIsNaive compares the strategies that ask a head and a front on random problems: with bounds, whatever has run
// before a head is asked, and by the definition, every field of the result. Some swaps are refused by a head, and some
// pass it. What holds does so in full.
func TestHeadIsNaive(t *testing.T) {
	ctx, refused, differs, fronts := context.Background(), 0, 0, 0
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 77))
		p := searchtest.NewProblem(rng)
		if p.Options.NoSwaps = false; seed%4 == 0 {
			p.Options.Budget.Trials = 5 + rng.IntN(30)
		}
		head, front := 1+rng.IntN(p.Table.Samples), 1+rng.IntN(p.Table.Samples)
		for _, name := range []string{"auto", "gallop", "improve"} {
			asked, before := 0, fronts
			want, err := search.Run(ctx, name, naiveHead{p.Table.Model(), head, front, &asked, &fronts}, p.Options)
			if err != nil {
				t.Fatal(err)
			}
			rule := &Rule{Sizes: split(rng, p.Table.Samples, 9), Width: 1 + rng.IntN(3), Outcomes: true}
			ev := measured{NewEvaluator(newTableMachine(p.Table, rule), rule), p.Table}
			got, err := search.Run(ctx, name, boundedHead{ev, head, front}, p.Options)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: %s: %v\n%+v, want\n%+v", seed, name, err, got, want)
			}
			p.CheckResult(t, &want)
			if fronts > before && p.Options.Budget.Trials > 0 {
				t.Fatalf("seed %d: %s: a search with a budget has a front", seed, name)
			}
			without, err := search.Run(ctx, name, p.Table.Model(), p.Options)
			if err != nil {
				t.Fatal(err)
			}
			if asked > 1 {
				refused++
			}
			if without.Evaluations != want.Evaluations {
				differs++
			}
		}
	}
	if refused < 20 || differs < 5 || fronts < 500 {
		t.Errorf("heads were asked in %d searches, changed %d, fronts were asked %d times: too few to show anything", refused, differs, fronts)
	}
}

// TestWrongFirst holds counts of first samples to those of the table, before, between and after scans and scores of the
// same masks, that counts of wrong ones end where they are too many, and that what is known is not run again.
func TestWrongFirst(t *testing.T) {
	ctx, early := context.Background(), 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 5))
		table := searchtest.NewTable(rng, 6, 50, 0.5)
		rule := &Rule{Sizes: split(rng, table.Samples, 9), Outcomes: true}
		m := newTableMachine(table, rule)
		e := NewEvaluator(m, rule)
		stopped := 0
		e.Stopped = func(_ search.Mask, p Progress) error { stopped = max(stopped, p.Blocks); return nil }
		base := search.NewMask(table.N)
		for range 30 {
			mask := base.Clone()
			for h := range table.N {
				if rng.IntN(2) == 0 {
					mask.Demote(h)
				}
			}
			switch rng.IntN(3) {
			case 0:
				if _, err := e.Score(ctx, mask); err != nil {
					t.Fatal(err)
				}
			case 1:
				if _, err := e.Scan(ctx, base, []search.Mask{mask}, search.Bound{Above: 0.9, Floor: 2}); err != nil {
					t.Fatal(err)
				}
			}
			n := rng.IntN(table.Samples + 1)
			for range 2 {
				got, ok, err := e.WrongFirst(ctx, base, mask, n, n)
				if err != nil || !ok || got != n-table.Count(mask, 0, n) {
					t.Fatalf("seed %d: %d %v %v, want %d", seed, got, ok, err, n-table.Count(mask, 0, n))
				}
			}
			mask.Demote(rng.IntN(table.N))
			for range 2 {
				n, most := rng.IntN(table.Samples+1), rng.IntN(20)
				before := e.Stats().Samples
				got, ok, err := e.WrongFirst(ctx, base, mask, n, most)
				wrong := n - table.Count(mask, 0, n)
				if err != nil || !ok || got != min(wrong, most+1) {
					t.Fatalf("seed %d: %d %v %v of %d wrong, at most %d", seed, got, ok, err, wrong, most)
				}
				ran := e.Stats().Samples - before
				if wrong > most && ran > 0 {
					last := n // the sample that is one too many
					for last-table.Count(mask, 0, last) > most+1 {
						last--
					}
					if ran > last+9-1 {
						t.Errorf("seed %d: ran %d samples, the first %d decide", seed, ran, last)
					}
					early++
				}
			}
			full, err := e.Score(ctx, mask)
			if err != nil || full.Count != table.Count(mask, 0, table.Samples) {
				t.Fatalf("seed %d: the score behind a head: %v %v", seed, full, err)
			}
		}
		if stopped == 0 {
			t.Errorf("seed %d: no unfinished trial was told", seed)
		}
		for key, times := range m.ran {
			for b, n := range times {
				if n > 1 {
					t.Errorf("seed %d: mask %x ran block %d %d times", seed, key, b, n)
				}
			}
		}
		if _, ok, err := e.WrongFirst(ctx, base, base, table.Samples+1, 9); ok || err != nil {
			t.Errorf("more samples than there are: %v %v", ok, err)
		}
		rule = &Rule{Sizes: rule.Sizes}
		if _, ok, err := NewEvaluator(newTableMachine(table, rule), rule).WrongFirst(ctx, base, base, 3, 3); ok || err != nil {
			t.Errorf("without outcomes: %v %v", ok, err)
		}
	}
	if early < 100 {
		t.Errorf("%d counts were left early", early)
	}
}
