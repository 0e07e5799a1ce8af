package report

import (
	"strings"
	"testing"

	"example.org/demote/result"
)

func TestHoldout(t *testing.T) {
	step := func(int8, correct int, p float64, held bool) result.PromiseStep {
		return result.PromiseStep{Int8: int8, Score: scored(916), Holdout: scored(correct), OnlyOther: ptr(411), OnlyMix: ptr(7), PValue: p, Held: held}
	}
	plainOne := func() *result.Holdout {
		return &result.Holdout{Text: "30%", Samples: 300, Score: result.Scores{Float: scored(930), High: scored(929), Low: scored(801), Mixed: scored(913)},
			Against: &result.Paired{OnlyHigh: 31, OnlyMix: 15, Loss: 0.016, Interval: [2]float64{0.0032, 0.0297}, Covers: 0.95}, Claim: "loses less than 0.01", Sure: ptr(0.1875)}
	}
	for _, c := range []struct {
		name       string
		change     func(*result.Holdout)
		has, lacks []string
	}{
		{"scores", func(*result.Holdout) {}, []string{"never saw", "300 samples were kept apart (30%)", "0.913", "0.801", "31 are wrong with the mix only, 15 are right with the mix only", "95 % confidence interval", "0.0032 to 0.0297",
			"The confidence that on unseen samples the mix loses less than 0.01 is 18.75 %", "an estimate after the fact"}, []string{"safest first", "before", "left out"}},
		{"a promise", func(h *result.Holdout) {
			h.Promise = &result.Promise{Confidence: 0.95, Held: true, Statement: "with confidence 0.95, the mix loses less than 0.01", Steps: []result.PromiseStep{step(2, 928, 0.001, true), step(7, 911, 0.31, false)}}
		}, []string{"Promise: with confidence 0.95, the mix loses less than 0.01.", "safest first", "0.001", "411", "holds", "0.31", "not proven"}, []string{"an estimate after the fact"}},
		{"used before, with copies", func(h *result.Holdout) { h.UsedBefore, h.LeftOut = []string{"runs/<b>"}, 3 }, []string{"looked at before, by runs/&lt;b&gt;", "3 more samples left out"}, nil},
		{"a metric that does not count", func(h *result.Holdout) { h.Against, h.Sure, h.Claim = nil, nil, "" }, []string{"never saw", "0.913"}, []string{"confidence", "interval"}},
		{"nothing in it", func(h *result.Holdout) { *h = result.Holdout{} }, []string{"never saw", "0 samples"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sample(9)
			r.Holdout = plainOne()
			c.change(r.Holdout)
			read, page := made(t, map[string]any{result.File: r, journalFile: ""})
			if len(read.Problems) > 0 {
				t.Error(read.Problems)
			}
			for _, text := range c.has {
				if !strings.Contains(page, text) {
					t.Errorf("the page lacks %q", text)
				}
			}
			at := strings.LastIndex(page, "Hold-out: samples that the search never saw")
			section := page[at:]
			if end := strings.Index(section, `<details class="part"`); end > 0 {
				section = section[:end]
			}
			for _, text := range c.lacks {
				if strings.Contains(section, text) {
					t.Errorf("the section has %q", text)
				}
			}
		})
	}
	if _, page := made(t, map[string]any{result.File: sample(9), journalFile: ""}); strings.Contains(page, "never saw") {
		t.Error("a run without a hold-out has a section about one")
	}
}
