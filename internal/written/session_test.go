package written

import (
	"math"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/record"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
	"example.org/demote/search"
)

// checkerOf checks files of a search of four holders that nothing has been found by yet, whose target is above.
func checkerOf(t *testing.T, above *float64) *Checker {
	t.Helper()
	m, err := metric.ByName("top1")
	if err != nil {
		t.Fatal(err)
	}
	own := *m
	return &Checker{Runner: &trial.Runner{Task: &task.Task{}, Config: config.Config{}.Filled(), Metric: &own, Result: &config.Result{Holders: make([]result.Holder, 4)}},
		Holds: func(score search.Score) bool { return score.Float() > *above }}
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
		above := 0.0
		s := checkerOf(t, &above)
		s.Metric.Lower = c.lower
		s.Result.Lower, s.Result.Met, s.Result.Int16Share, s.Result.Target.Value = c.lower, true, c.share, c.target
		above = record.MetricSign(c.target, c.lower)
		v := &result.Verified{}
		s.InDefaultSession(v, c.score)
		met := "none"
		if v.DefaultMet != nil {
			met = map[bool]string{true: "true", false: "false"}[*v.DefaultMet]
		}
		s.Result.Verified = v
		s.QuestionDefault(v)
		w := tasktest.Warning(s.Result, "default-session-misses")
		if met != c.met || (w != nil) != (c.said != "") || s.Result.MissedByDefault() != c.said {
			t.Errorf("%s: met %s, missed %q, %v", c.name, met, s.Result.MissedByDefault(), w)
		} else if w != nil && (!strings.HasSuffix(w.Text, c.said) || !strings.Contains(w.Cure, "--session default")) {
			t.Errorf("%s: %v", c.name, w)
		}
	}
}

// TestSaturation names the processor where it may be at fault, and nowhere else.
func TestSaturation(t *testing.T) {
	was := saturates
	defer func() { saturates = was }()
	for _, saturates = range []bool{true, false} {
		above := 0.9125
		s := checkerOf(t, &above)
		s.Result.Met, s.Result.Target.Value = true, above
		v := &result.Verified{}
		s.InDefaultSession(v, search.Score{Count: 1, Total: 2})
		s.QuestionDefault(v)
		w := tasktest.Warning(s.Result, "default-session-misses")
		if w == nil || strings.Contains(w.Cure, "; this processor has no VNNI") != saturates {
			t.Errorf("with a processor that saturates %v: %v", saturates, w)
		}
		if w := (result.Warning{Text: "walked back", Cure: Saturation()}); strings.Contains(w.String(), ";") != saturates {
			t.Errorf("with a processor that saturates %v: %v", saturates, w)
		}
	}
}
