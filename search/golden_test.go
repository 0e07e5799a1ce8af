package search_test

import (
	"context"
	"flag"
	"fmt"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

var goldenFile = flag.String("golden", "", "file of golden cases instead of the project's own")

// TestGoldenTrace holds that the naive scan scores exactly the recorded masks, in the recorded order.
func TestGoldenTrace(t *testing.T) {
	for _, c := range searchtest.Golden(t, *goldenFile) {
		var trace []searchtest.Traced
		score := func(ctx context.Context, m search.Mask) (search.Score, error) {
			s, err := c.Score(ctx, m)
			trace = append(trace, searchtest.Traced{Mask: m.String(), Score: s.Float()})
			return s, err
		}
		if _, err := search.Demotion(context.Background(), search.Naive(score), c.Options(search.ChainLast)); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		if len(trace) != c.Expect.Evaluations {
			t.Errorf("%s: %d masks scored, want %d", c.Name, len(trace), c.Expect.Evaluations)
		}
		if c.Expect.TraceComplete && len(trace) != len(c.Expect.Trace) || len(trace) < len(c.Expect.Trace) {
			t.Fatalf("%s: trace of %d, want %d", c.Name, len(trace), len(c.Expect.Trace))
		}
		for i, want := range c.Expect.Trace {
			if trace[i] != want {
				t.Fatalf("%s: evaluation %d is %v, want %v", c.Name, i, trace[i], want)
			}
		}
	}
}

// TestGoldenResult holds results and chains in both chain modes.
func TestGoldenResult(t *testing.T) {
	for _, c := range searchtest.Golden(t, *goldenFile) {
		c.Check(t, search.Naive(c.Score))
	}
}

// TestReplay replays the recorded search of Sony's toolkit: its counts are the evaluator, its chain and list must come
// out.
func TestReplay(t *testing.T) {
	r := searchtest.ReadReal(t)
	counts := map[string]int{}
	for _, e := range r.Evaluations {
		if old, ok := counts[e.Mask]; ok && old != e.Correct {
			t.Fatalf("mask %s has counts %d and %d", e.Mask, old, e.Correct)
		}
		counts[e.Mask] = e.Correct
	}
	for _, mode := range []search.ChainMode{search.ChainLast, search.ChainDemoted} {
		t.Run(string(mode), func(t *testing.T) {
			var trace []string
			replay := search.Naive(func(_ context.Context, m search.Mask) (search.Score, error) {
				trace = append(trace, m.String())
				count, ok := counts[m.String()]
				if !ok {
					return search.Score{}, fmt.Errorf("mask %s was never scored", m)
				}
				return search.Score{Count: count, Total: r.Samples}, nil
			})
			res, err := search.Demotion(context.Background(), replay, r.Options(mode))
			if err != nil {
				t.Fatal(err)
			}
			r.Check(t, &res, mode)
			if len(trace) != len(r.Evaluations) || res.Evaluations != len(trace) {
				t.Fatalf("%d masks scored, %d counted, want %d", len(trace), res.Evaluations, len(r.Evaluations))
			}
			for i, e := range r.Evaluations {
				if trace[i] != e.Mask {
					t.Fatalf("evaluation %d is %s, want %s", i, trace[i], e.Mask)
				}
			}
		})
	}
}
