package report

import (
	"math"
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestFit measures grids on a histogram of 100 values, one in each bin from 0 to 100.
func TestFit(t *testing.T) {
	h := &result.Histogram{Min: 0, Max: 100, Counts: make([]uint64, 100)}
	for i := range h.Counts {
		h.Counts[i] = 1
	}
	for name, c := range map[string]struct {
		grid           result.Grid
		steps, clipped float64
	}{
		"all of it": {result.Grid{Scale: 0.5, Min: 0, Max: 127.5}, 190, 0},
		"half":      {result.Grid{Scale: 1, Min: 0, Max: 49.5}, 95, 0.5},
		"the other": {result.Grid{Scale: 1, Min: 90.5, Max: 120}, 95, 0.9},
	} {
		f := newFit(h, c.grid)
		if f == nil || math.Abs(f.steps-c.steps) > 1e-6 || math.Abs(f.clipped-c.clipped) > 1e-6 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for name, f := range map[string]*fit{
		"no histogram": newFit(nil, result.Grid{Scale: 1, Max: 1}), "of nothing": newFit(&result.Histogram{Max: 1, Counts: []uint64{0}}, result.Grid{Scale: 1}),
		"no steps": newFit(h, result.Grid{Type: "bf16"}), "turned": newFit(&result.Histogram{Min: 1, Counts: []uint64{1}}, result.Grid{Scale: 1}),
	} {
		if f != nil {
			t.Errorf("%s has a fit: %+v", name, f)
		}
	}
}

// TestWhyHolderStays looks at every reason there is.
func TestWhyHolderStays(t *testing.T) {
	r := sample(16)
	high := []int{}
	for i, h := range r.Holders {
		if h.Precision == "int16" {
			high = append(high, i)
		}
	}
	if len(high) != 2 {
		t.Fatal(high)
	}
	h := &r.Holders[high[0]]
	for _, c := range []struct {
		change func()
		want   string
	}{
		{func() { h.Demoted = &result.Demoted{Score: scored(899)} }, "scores 0.8990 (899 of 1000), which misses the target"},
		{func() { h.Demoted = &result.Demoted{Score: scored(910)} }, "scores 0.9100 (910 of 1000), which only equals the target"},
		{func() { h.Demoted = &result.Demoted{AtMost: scored(909)} }, "refused: at most 0.9090 (909 of 1000)"},
		{func() { h.Demoted = nil }, "not tried with this mix; alone at int8 it scores"},
		{func() { h.Alone = nil }, "not tried with this mix; at its step of the chain the score fell by"},
		{func() { h.Pinned = true }, "fixed by a constraint"},
	} {
		c.change()
		_, page := made(t, map[string]any{result.File: r})
		if !strings.Contains(page, "<p>With it at int8 too: "+c.want) {
			t.Errorf("the page lacks %q", c.want)
		}
	}
	if _, page := made(t, map[string]any{result.File: r}); strings.Count(page, `class="values"`) < 100 || !strings.Contains(page, "steps of int8") {
		t.Error("there are no histograms")
	}
	for i := range r.Holders {
		r.Holders[i].Histogram = nil
	}
	if _, page := made(t, map[string]any{result.File: r}); strings.Contains(page, `class="values"`) || !strings.Contains(page, "There are no histograms") {
		t.Error("a result without histograms is not told apart")
	}
}
