package report

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/result"
)

// TestGauges looks at the words of the four gauges, in the states that a reader must tell apart.
func TestGauges(t *testing.T) {
	base := func() Result {
		r := sample(16) // 14 in int8
		r.Savings = []result.Saving{{Cost: "bops", Saved: 30, All: 50, Total: ptr(100.0)}, {Cost: "bytes", Saved: 20, All: 40, Total: ptr(80.0)}}
		return r
	}
	for name, c := range map[string]struct {
		change func(*Result)
		gauge  int
		value  string
		mark   string
		notes  []string
	}{
		"share": {func(*Result) {}, 0, "87.5 %", "", []string{"14 of 16 holders; 2 at int16"}},
		"fixed": {func(r *Result) { r.Holders[0].Pinned = true }, 0, "87.5 %", "", []string{"1 are fixed by constraints"}},
		"weights": {func(r *Result) {
			for i := 13; i < 15; i++ {
				h := &r.Holders[i]
				r.Promotion = slices.DeleteFunc(r.Promotion, func(name string) bool { return name == h.Name })
				weighed(h)
				h.Precision = "int4"
			}
			weighed(&r.Holders[15])
			r.Promotion = append(r.Promotion, r.Holders[15].Name)
		}, 0, "84.6 %", "", []string{"11 of 13 holders; 2 at int16", "weights of 2 of 3 layers in int4; 1 at int8"}},
		"bytes of weights": {func(r *Result) { weighed(&r.Holders[15]) }, 2, "30 %", "", []string{"25 % of bytes of activations and weights; all int8"}},
		"no number":        {func(r *Result) { r.Score.Mixed = &result.Score{Value: ptr(result.Worst)} }, 1, "NaN or infinite", "", nil},
		"score":            {func(*Result) {}, 1, "0.9150", "good", []string{"0.005 above the target 0.91", "all int16 0.9200", "float 0.9210"}},
		"missed": {func(r *Result) { r.Met, r.Score.Mixed = false, scored(900) }, 1, "0.9000", "bad",
			[]string{"0.01 below the target 0.91"}},
		"saved":         {func(*Result) {}, 2, "30 %", "", []string{"30 % of bit operations (BOPs); all int8 would save 50 %", "25 % of activation bytes; all int8 would save 50 %"}},
		"no costs":      {func(r *Result) { r.Savings = nil }, 2, "not known", "", []string{"the result has no costs"}},
		"default holds": {func(r *Result) { r.Verified.DefaultCorrect, r.Verified.DefaultValue = ptr(912), ptr(0.912) }, 3, "0.9120", "good", []string{"meets the target there too", "bit for bit", "no promise"}},
		"default misses": {func(*Result) {}, 3, "0.9050", "bad",
			[]string{"missed in the default session by 0.005"}},
		"not checked": {func(r *Result) { r.Verified = nil }, 3, "not checked", "", nil},
		"differs":     {func(r *Result) { r.Verified.Identical = false }, 3, "0.9050", "bad", []string{"DIFFERS from the search"}},
		"promised": {func(r *Result) { r.Holdout = &result.Holdout{Promise: &result.Promise{Confidence: 0.95, Held: true}} }, 3, "0.9050", "bad",
			[]string{"promised with 95 % confidence"}},
	} {
		r := base()
		c.change(&r)
		v := viewOf(t, r)
		g := v.Gauges[c.gauge]
		words := strings.Join(g.Notes, "\n")
		if len(v.Gauges) != 4 || g.Value != c.value || g.Mark != c.mark {
			t.Errorf("%s: %d gauges, of which %q shows %q, %q", name, len(v.Gauges), g.Title, g.Value, g.Mark)
		}
		for _, note := range c.notes {
			if !strings.Contains(words, note) {
				t.Errorf("%s: %q is not in %q", name, note, words)
			}
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0 %", 1: "100 %", 0.5: "50 %", 0.9999: "99.9 %", 0.4738: "47.4 %", 0.00123: "0.123 %"} {
		if got := percent(share); got != want {
			t.Errorf("%v: %q, not %q", share, got, want)
		}
	}
}

// viewOf is a run as its page has it.
func viewOf(t *testing.T, r Result) *view {
	t.Helper()
	run := Read(folder(t, map[string]any{result.File: r}))
	if len(run.Problems) > 0 {
		t.Fatal(run.Problems)
	}
	return newView(run, 0, 1)
}
