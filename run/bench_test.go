package run

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/demote/internal/bench"
	"example.org/demote/internal/tasktest"
)

// TestBench holds that a bench times R through the whole measurement, and a search alone and as a command.
func TestBench(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Out, cfg.Workers = "", 2
	var dirs []string
	typed := 0.0
	b, err := RunBench(context.Background(), cfg, bench.Options{Runs: 2, Against: "naive", Typed: func(ctx context.Context, dir string) error {
		if _, err := os.Stat(dir); err == nil || slices.Contains(dirs, dir) {
			t.Errorf("%s is no new folder", dir)
		}
		dirs = append(dirs, dir)
		own := cfg
		own.Out = dir
		start := time.Now()
		_, err := Search(ctx, own)
		typed = time.Since(start).Seconds()
		if _, gone := os.Stat(filepath.Join(dir, "report.html")); gone != nil {
			t.Errorf("the whole command has made no report: %v", gone)
		}
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	// Seven rounds of trials; in front of and behind two searches of each scan, and two commands.
	if least := 7 + 2*3*2; b.RPasses < least || b.RSessions*b.RThreads > 2 || b.Workers != 2 {
		t.Errorf("R is of %d passes, of at least %d; %d sessions of %d threads for %d workers", b.RPasses, least, b.RSessions, b.RThreads, b.Workers)
	}
	if len(dirs) != 2 || b.Whole.Runs != 2 || b.Search.Runs != 2 || b.Naive.Runs != 2 {
		t.Errorf("%d commands; runs %d, %d, %d", len(dirs), b.Whole.Runs, b.Search.Runs, b.Naive.Runs)
	}
	if b.Whole.Seconds.Max < typed || b.Whole.Seconds.Median <= b.Search.Seconds || b.Whole.R.Median <= b.Search.R {
		t.Errorf("the whole command took %+v, %+v R; the search alone %v s, %v R", b.Whole.Seconds, b.Whole.R, b.Search.Seconds, b.Search.R)
	}
	for name, f := range map[string]bench.Figure{"trial": b.Trial, "trial's processor time": b.TrialCPU, "R": b.R, "CPU-R": b.SingleCPU, "search": b.Search.Spread,
		"search's processor time": b.Search.CPUR, "whole": b.Whole.CPUR, "against": b.Against.Time} {
		if !(f.Min > 0 && f.Min <= f.Median && f.Median <= f.Max) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if !slices.Equal(b.Search.Promotion, b.Naive.Promotion) || b.Search.Evaluations == 0 {
		t.Errorf("fast %v, naive %v", b.Search.Promotion, b.Naive.Promotion)
	}
}
