package run

import (
	"context"
	"math"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/written"
	"example.org/demote/result"
	"example.org/demote/search"
)

// hasWarning finds a warning by its id.
func hasWarning(r *config.Result, id string) *result.Warning {
	for i, w := range r.Warnings {
		if w.ID == id {
			return &r.Warnings[i]
		}
	}
	return nil
}

// testSearching is a search of so many holders that nothing has been found by yet.
func testSearching(t *testing.T, by string, holders int) *searchRun {
	t.Helper()
	m, err := metric.ByName(by)
	if err != nil {
		t.Fatal(err)
	}
	own := *m
	return newSearch(&trial.Runner{Task: &task.Task{}, Config: config.Config{}.Filled(), Metric: &own, Result: &config.Result{Holders: make([]result.Holder, holders)}})
}

// TestDefaultSessionMisses holds that a mix which a default session scores on the wrong side of its target is told as
// such, in every metric, with the difference and the flag; and that one which holds there, or has no target, is not.
func TestDefaultSessionMisses(t *testing.T) {
	for _, c := range []struct {
		name   string
		lower  bool
		share  string
		target float64
		score  search.Score
		said   string // empty: nothing
		met    string
	}{
		{"counts", false, "", 0.9125, search.Score{Count: 1822, Total: 2000}, "by 0.0015: 0.911, not above 0.9125", "false"},
		{"counts, equal", false, "", 0.9125, search.Score{Count: 1825, Total: 2000}, "by a hair: 0.9125 is not above it", "false"},
		{"counts, above", false, "", 0.9125, search.Score{Count: 1826, Total: 2000}, "", "true"},
		{"f1", false, "", 0.9085, search.Score{Value: 0.9073}, "by 0.0012: 0.9073, not above 0.9085", "false"},
		{"f1, above", false, "", 0.9085, search.Score{Value: 0.909}, "", "true"},
		{"mse", true, "", 0.25, search.Score{Value: -0.5}, "by 0.25: 0.5, not below 0.25", "false"},
		{"mse, below", true, "", 0.25, search.Score{Value: -0.125}, "", "true"},
		{"sqnr", false, "", 40, search.Score{Value: math.Inf(-1)}, "by far", "false"},
		{"a share", false, "20%", 0, search.Score{Count: 1, Total: 2000}, "", "none"},
	} {
		s := testSearching(t, "top1", 4)
		s.Metric.Lower = c.lower
		s.Result.Lower, s.Result.Met, s.Result.Int16Share, s.Result.Target.Value = c.lower, true, c.share, c.target
		s.above = record.MetricSign(c.target, c.lower)
		v := &result.Verified{}
		s.checker().InDefaultSession(v, c.score)
		met := "none"
		if v.DefaultMet != nil {
			met = map[bool]string{true: "true", false: "false"}[*v.DefaultMet]
		}
		s.Result.Verified = v
		s.checker().QuestionDefault(v)
		w := hasWarning(s.Result, "default-session-misses")
		if met != c.met || (w != nil) != (c.said != "") || s.Result.MissedByDefault() != c.said {
			t.Errorf("%s: met %s, missed %q, %v", c.name, met, s.Result.MissedByDefault(), w)
		} else if w != nil && (!strings.HasSuffix(w.Text, c.said) || !strings.Contains(w.Cure, "--session default")) {
			t.Errorf("%s: %v", c.name, w)
		}
	}
}

// TestDefaultSessionOfASearch holds that a search books what a default session says of its own file, and warns if it
// misses.
func TestDefaultSessionOfASearch(t *testing.T) {
	cfg := config.Config{Model: "../testdata/fashion-dscnn-uneven/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "50%", Metric: "sqnr", Limit: 40, Strategy: "gallop", Trials: 6, Version: "test", Out: t.TempDir() + "/run"}
	r := mustSearch(t, cfg)
	below := *r.Verified.DefaultValue <= r.Target.Value
	if !r.Met || r.Verified.DefaultMet == nil || *r.Verified.DefaultMet == below || (hasWarning(r, "default-session-misses") != nil) != below {
		t.Errorf("target %v, %+v, warnings %q", r.Target, r.Verified, texts(r.Warnings))
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || v.DefaultMet == nil || *v.DefaultMet == below {
		t.Errorf("verify: %+v, %v", v, err)
	}
}

// TestSaturation names the processor where it may be at fault, and nowhere else.
func TestSaturation(t *testing.T) {
	was := written.Saturates
	defer func() { written.Saturates = was }()
	for _, written.Saturates = range []bool{true, false} {
		s := testSearching(t, "top1", 4)
		s.Result.Met, s.Result.Target.Value, s.above = true, 0.9125, 0.9125
		v := &result.Verified{}
		s.checker().InDefaultSession(v, search.Score{Count: 1, Total: 2})
		s.checker().QuestionDefault(v)
		w := hasWarning(s.Result, "default-session-misses")
		if w == nil || strings.Contains(w.Cure, "; this processor has no VNNI") != written.Saturates {
			t.Errorf("with a processor that saturates %v: %v", written.Saturates, w)
		}
		if w := (result.Warning{Text: "walked back", Cure: written.Saturation()}); strings.Contains(w.String(), ";") != written.Saturates {
			t.Errorf("with a processor that saturates %v: %v", written.Saturates, w)
		}
	}
}
