package search_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"demote/search"
	"demote/search/searchtest"
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

// realRun is the part of the recorded run that a replay needs.
type realRun struct {
	Target      float64 `json:"target"`
	Samples     int     `json:"samples"`
	Multiplier  float64 `json:"multiplier"`
	Threshold   float64 `json:"threshold"`
	Seed        uint32  `json:"shuffle_seed"`
	Evaluations []struct {
		Mask    string `json:"mask"`
		Correct int    `json:"correct"`
	} `json:"evaluations"`
	Holders []struct {
		Name string `json:"name"`
	} `json:"holders_8bit"`
	Chain []struct {
		Index    int     `json:"index"`
		Returned float64 `json:"returned_accuracy"`
		Correct  int     `json:"correct_of_mask_after"`
		Mask     string  `json:"mask_after"`
	} `json:"chain"`
	Promotion []string `json:"promotion_list"`
	Final     struct {
		Mask    string `json:"mask"`
		Correct int    `json:"correct"`
	} `json:"final"`
}

// TestReplay replays the recorded search of Sony's toolkit: its counts are the evaluator, its chain and list must come out.
func TestReplay(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(searchtest.Testdata(), "mctq-trace.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r realRun
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
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
			o := search.NewOptions(len(r.Holders), r.Target)
			o.Multiplier, o.Seed, o.Chain = r.Multiplier, r.Seed, mode
			res, err := search.Demotion(context.Background(), replay, o)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Chain) != len(r.Chain) {
				t.Fatalf("chain of %d, want %d", len(res.Chain), len(r.Chain))
			}
			mask := search.NewMask(len(r.Holders))
			for i, want := range r.Chain {
				step := res.Chain[i]
				mask.Demote(step.Unit)
				recorded := want.Returned
				if mode == search.ChainDemoted {
					recorded = float64(want.Correct) / float64(r.Samples)
				}
				if step.Unit != want.Index || step.Recorded.Float() != recorded || mask.String() != want.Mask {
					t.Fatalf("entry %d: unit %d at %v, want %d at %v", i, step.Unit, step.Recorded.Float(), want.Index, recorded)
				}
			}
			var names []string
			for _, h := range res.Promotion {
				names = append(names, r.Holders[h].Name)
			}
			if !slices.Equal(names, r.Promotion) || res.Mask.String() != r.Final.Mask || res.Score.Count != r.Final.Correct {
				t.Errorf("promotion %v, mask %s at %d, want %v, %s at %d", names, res.Mask, res.Score.Count, r.Promotion, r.Final.Mask, r.Final.Correct)
			}
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
