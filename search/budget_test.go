package search_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestCancellation ends a search after each possible number of scores: what it returns holds and is the best that it
// told.
func TestCancellation(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(3, 3)), 12, 100, 0.6)
	for stop := 0; ; stop++ {
		ctx, cancel := context.WithCancel(context.Background())
		calls, told := 0, search.NewMask(12)
		score := func(ctx context.Context, m search.Mask) (search.Score, error) {
			if calls++; calls > stop {
				cancel()
				return search.Score{}, ctx.Err()
			}
			return table.Score(ctx, m)
		}
		o := search.NewOptions(12, 0.8)
		o.Best = func(b search.Best) error { told.CopyFrom(b.Mask); return nil }
		res, err := search.Demotion(ctx, search.Naive(score), o)
		cancel()
		if err == nil {
			if stop < 15 || res.Stop != search.StopDone {
				t.Fatalf("done after %d scores, %s", stop, res.Stop)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || res.Stop != search.StopError || !res.Mask.Equal(told) {
			t.Fatalf("after %d: %v, stop %s, mask %s, told %s", stop, err, res.Stop, res.Mask, told)
		}
		if got, _ := table.Score(context.Background(), res.Mask); res.Found && got.Float() < 0.8 {
			t.Fatalf("after %d: mask %s scores %v", stop, res.Mask, got)
		}
		if len(res.Order) != 12 || len(res.Promotion)+res.Mask.Count() != 12 {
			t.Fatalf("after %d: order %v, promotion %v", stop, res.Order, res.Promotion)
		}
	}
}

func TestBudgets(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(3, 3)), 12, 100, 0.6)
	full, err := search.Demotion(context.Background(), search.Naive(table.Score), search.NewOptions(12, 0.8))
	if err != nil {
		t.Fatal(err)
	}
	for trials := 1; trials <= full.Evaluations+1; trials++ {
		o := search.NewOptions(12, 0.8)
		o.Budget.Trials = trials
		calls := 0
		res, err := search.Demotion(context.Background(), search.Naive(func(ctx context.Context, m search.Mask) (search.Score, error) {
			calls++
			return table.Score(ctx, m)
		}), o)
		if err != nil || calls > trials {
			t.Fatalf("%d trials: %v after %d", trials, err, calls)
		}
		want := search.StopTrials
		if trials >= full.Evaluations {
			want = search.StopDone
		}
		if res.Stop != want {
			t.Fatalf("%d trials: stop %s", trials, res.Stop)
		}
		for i, step := range res.Chain {
			if step.Unit != full.Chain[i].Unit {
				t.Fatalf("%d trials: chain entry %d differs", trials, i)
			}
		}
	}
	o := search.NewOptions(12, 0.8)
	o.Budget.Time = 20 * time.Millisecond
	slow := func(ctx context.Context, m search.Mask) (search.Score, error) {
		time.Sleep(5 * time.Millisecond)
		return table.Score(ctx, m)
	}
	if res, err := search.Demotion(context.Background(), search.Naive(slow), o); err != nil || res.Stop != search.StopTime || !res.Found {
		t.Errorf("time: %v, stop %s", err, res.Stop)
	}
}

func TestOptionMistakes(t *testing.T) {
	mask := func(text string) search.Mask { m, _ := search.ParseMask(text); return m }
	for _, c := range []struct {
		name, hint string
		change     func(*search.Options)
	}{
		{"target", "target", func(o *search.Options) { o.Target = math.NaN() }},
		{"multiplier above one", "0..1", func(o *search.Options) { o.Multiplier = 1.5 }},
		{"multiplier not a number", "0..1", func(o *search.Options) { o.Multiplier = math.NaN() }},
		{"chain", "demoted", func(o *search.Options) { o.Chain = "both" }},
		{"holders", "-1 holders", func(o *search.Options) { o.Holders = -1 }},
		{"empty unit", "no holder", func(o *search.Options) { o.Units = [][]int{{0}, {}} }},
		{"unit out of range", "holder 3", func(o *search.Options) { o.Units = [][]int{{3}} }},
		{"holder in two units", "units 0 and 1", func(o *search.Options) { o.Units = [][]int{{0, 1}, {1}} }},
		{"pinned holder in a unit", "pinned", func(o *search.Options) { o.Pinned = mask("010"); o.Units = [][]int{{1}} }},
		{"pinned length", "pinned mask of 2", func(o *search.Options) { o.Pinned = mask("01") }},
		{"costs", "2 costs", func(o *search.Options) { o.Cost = []float64{1, 2} }},
		{"negative cost", "cost -1", func(o *search.Options) { o.Cost = []float64{1, -1, 2} }},
		{"start length", "start mix of 2", func(o *search.Options) { o.Start = mask("01") }},
		{"start splits a unit", "splits", func(o *search.Options) { o.Units = [][]int{{0, 1}, {2}}; o.Start = mask("010") }},
		{"start against a pin", "holder 2", func(o *search.Options) { o.Pinned = mask("001"); o.Start = mask("010") }},
		{"budget", "budget", func(o *search.Options) { o.Budget.Trials = -1 }},
	} {
		o := search.NewOptions(3, 0.5)
		c.change(&o)
		_, err := search.Demotion(context.Background(), additive(0, 0, 0), o)
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
