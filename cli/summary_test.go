package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// TestSummaryOfTheDefaultSession holds that the first line of a summary says it when a default session misses the
// target, in metrics that count and in others, and that nothing is said of one that meets it.
func TestSummaryOfTheDefaultSession(t *testing.T) {
	yes, no, value, count := true, false, 0.911, 1822
	for _, c := range []struct {
		name  string
		v     result.Verified
		share string
		first string // beginning of the summary
		row   string // of the default session
	}{
		{"misses", result.Verified{Identical: true, Correct: &count, Value: &value, DefaultCorrect: &count, DefaultValue: &value, DefaultMet: &no}, "",
			"TARGET MET IN THE EXACT SESSION ONLY: a default session of ONNX Runtime misses it by 0.0015: 0.911, not above 0.9125; --session default", "1822 correct, misses the target"},
		{"misses, no counts", result.Verified{Identical: true, Value: &value, DefaultValue: &value, DefaultMet: &no}, "", "TARGET MET IN THE EXACT SESSION ONLY", "0.911, misses the target"},
		{"cannot run", result.Verified{Identical: true, Value: &value}, "", "TARGET MET IN THE EXACT SESSION ONLY: a default session of ONNX Runtime cannot run", ""},
		{"meets", result.Verified{Identical: true, Value: &value, DefaultValue: &value, DefaultMet: &yes}, "", "1 of 1 activations run in int8", "0.911  (with ONNX"},
		{"infinite", result.Verified{Identical: true, DefaultMet: &yes}, "", "1 of 1 activations run in int8", "infinite  (with ONNX"},
		{"a share", result.Verified{Identical: true, Value: &value, DefaultValue: &value}, "20%", "1 of 1 activations run in int8", "0.911  (with ONNX"},
	} {
		var out bytes.Buffer
		score := &result.Score{Value: &value}
		summary(&out, &run.Result{Met: true, Finished: true, Int16Share: c.share, Target: result.Target{Text: "0.9125", Value: 0.9125}, Verified: &c.v, Samples: 2000,
			Holders: make([]result.Holder, 1), Score: result.Scores{Float: score, High: score, Low: score, Mixed: score}}, nil)
		text := strings.TrimSpace(out.String())
		_, row, found := strings.Cut(out.String(), "\n  default session  ")
		if !strings.HasPrefix(text, c.first) || found != (c.row != "") || !strings.HasPrefix(row, c.row) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

// TestScoresStandBelowEachOther: also where the names of the ends tell the widths of weights; and the line of a run
// that has ended counts activations and weights apart.
func TestScoresStandBelowEachOther(t *testing.T) {
	value := 0.911
	score := &result.Score{Value: &value}
	grids := func(low, high int) result.Holder {
		return result.Holder{Name: fmt.Sprint(low), Weights: low == 4, Precision: fmt.Sprintf("int%d", low), Low: result.Grid{Bits: low}, High: result.Grid{Bits: high}}
	}
	r := &run.Result{Met: true, Finished: true, Target: result.Target{Text: "0.9", Value: 0.9}, Holders: []result.Holder{grids(8, 16), grids(4, 8)},
		Score: result.Scores{Float: score, High: score, Low: score, Mixed: score}}
	var out bytes.Buffer
	summary(&out, r, nil)
	_, scores, _ := strings.Cut(out.String(), "\n:\n")
	scores, _, _ = strings.Cut(scores, "\n\n")
	for line := range strings.Lines(scores) {
		if at := strings.Index(line, "0.911"); !strings.Contains(line, "target") && at != len("  all int16, weights int8 ") {
			t.Errorf("at %d: %s", at, line)
		}
	}
	r.Evaluations, r.Trials = 1, 1
	r.Savings = []result.Saving{{Cost: "bytes", Saved: 1, All: 2}}
	r.Holdout = &result.Holdout{Samples: 9, Score: r.Score, Against: &result.Paired{}, Promise: &result.Promise{Steps: []result.PromiseStep{{Int8: 2, Holdout: score, Held: true}}}}
	out.Reset()
	summary(&out, r, nil)
	for _, want := range []string{"\n1 evaluation (scores asked for), 1 distinct mask (run)", "saved by int8, weights int4:\n", "1 of 2 that all int8, weights int4 would", "    2 low               0.911",
		"against all int16, weights int8 (0 lost", "\n  all int16, weights int8 0.911"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("not said: %q\n%s", want, out.String())
		}
	}
	r.Holdout, r.Savings = nil, nil
	got := outcome("d", r, "int8")
	if want := "the search in d has ended: 1 of 1 activations run in int8, the weights of 1 of 1 layers in int4, the mix scores 0.911"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
