package run

import (
	"context"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/result"
)

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

// TestDefaultSessionOfASearch holds that a search books what a default session says of its own file, and warns if it
// misses.
func TestDefaultSessionOfASearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := config.Config{Model: "../testdata/fashion-dscnn-uneven/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "50%", Metric: "sqnr", Limit: 40, Strategy: "gallop", Trials: 6, Version: "test", Out: t.TempDir() + "/run"}
	r := mustSearch(t, cfg)
	below := *r.Verified.DefaultValue <= r.Target.Value
	if !r.Met || r.Verified.DefaultMet == nil || *r.Verified.DefaultMet == below || (tasktest.Warning(r, "default-session-misses") != nil) != below {
		t.Errorf("target %v, %+v, warnings %q", r.Target, r.Verified, texts(r.Warnings))
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || v.DefaultMet == nil || *v.DefaultMet == below {
		t.Errorf("verify: %+v, %v", v, err)
	}
}
