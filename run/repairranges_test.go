package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestRangesBehindRepairs: with --range auto the ranges are those of the repaired network. All int8 of it scores no
// worse than with any one method and the same repairs; a choice that differs from the one for the network as given
// scores better than that. The run goes on, is verified and exported with it.
func TestRangesBehindRepairs(t *testing.T) {
	c := unevenConfig(t)
	c.RangeLow, c.Repair, c.Target = "auto", "auto", "50"
	r := mustSearch(t, c)
	taken := result.Taken(r.Repairs)
	again := slices.DeleteFunc(slices.Clone(r.Ranges), func(one result.RangeScore) bool { return !one.Repaired })
	if len(taken) == 0 || len(again) == 0 || r.Ranges[0].Repaired {
		t.Fatalf("repairs %v, ranges %+v", taken, r.Ranges)
	}
	better := 0
	last := 0.0
	for _, one := range r.Repairs {
		if one.Taken {
			last = *one.Score.Value
		}
	}
	for _, one := range again {
		if one.Score != nil {
			if better++; !(*one.Score.Value > last) {
				t.Errorf("%+v is not better than %v", one, last)
			}
			last = *one.Score.Value
		}
	}
	if better == 0 {
		t.Errorf("no other choice is better behind the repairs: this test shows nothing: %+v", r.Ranges)
	}
	if *r.Score.Low.Value != last {
		t.Errorf("all int8 scores %v, and %v when it was chosen", *r.Score.Low.Value, last)
	}
	for _, one := range again {
		if one.Method == result.EachItsOwn {
			continue
		}
		own := c
		own.RangeLow, own.Repair, own.Out = one.Method, strings.Join(taken, ","), filepath.Join(t.TempDir(), one.Method)
		if with := mustSearch(t, own); *with.Score.Low.Value > *r.Score.Low.Value {
			t.Errorf("all int8 scores %v by %s, and %v by the choice", *with.Score.Low.Value, one.Method, *r.Score.Low.Value)
		}
	}
	broken := c
	broken.Out = filepath.Join(t.TempDir(), "broken")
	ctx, cancel := context.WithCancel(context.Background())
	broken.Progress = func(search.Event) { cancel() }
	if _, err := Search(ctx, broken); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	broken.Progress = nil
	sameMix(t, "interrupted", r, mustSearch(t, broken))
	if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("%+v, %v", v, err)
	}
	if e, err := Export(context.Background(), c.Out, "qdq-ms", filepath.Join(t.TempDir(), "ms.onnx"), config.Config{}); err != nil || !e.Verified.Identical {
		t.Errorf("%+v, %v", e, err)
	}
}
