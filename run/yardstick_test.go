package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"example.org/demote/internal/bench"
)

// TestSplits holds that R may be as many sessions of one thread as a trial has workers, and any even way to share the
// same cores out, and nothing that has more cores.
func TestSplits(t *testing.T) {
	for _, c := range []struct {
		workers, threads int
		want             string
	}{
		{1, 1, "1x1"}, {2, 1, "2x1 1x2"}, {3, 1, "3x1 1x3"}, {4, 1, "4x1 2x2 1x4"}, {8, 1, "8x1 4x2 2x4 1x8"},
		{1, 4, "1x1 4x1 2x2 1x4"}, {2, 2, "2x1 4x1 2x2 1x4"},
	} {
		got := ""
		for _, s := range bench.Splits(c.workers, c.threads, 2000, 7) {
			if got += fmt.Sprintf(" %dx%d", s.Sessions, s.Threads); s.Batch != 7 {
				t.Errorf("a network of batch 7 in batches of %d", s.Batch)
			}
		}
		if got != " "+c.want {
			t.Errorf("%d workers of %d threads: splits%s, want %s", c.workers, c.threads, got, c.want)
		}
	}
}

// TestBatches holds that batches have 20 to 200 samples, that one of them gives every session the same to do, and
// that few samples are shared out instead of padded.
func TestBatches(t *testing.T) {
	for _, c := range []struct {
		samples, sessions int
		want              []int
	}{
		{2000, 2, []int{20, 50, 100, 200}}, {100, 2, []int{20, 25, 50}}, {100, 1, []int{20, 34, 50, 100}},
		{40, 2, []int{20}}, {30, 2, []int{15}}, {30, 4, []int{8}}, {1, 2, []int{1}}, {250, 1, []int{20, 21, 42, 50, 84, 100, 125, 200}},
	} {
		got := bench.Batches(c.samples, c.sessions, 0)
		for _, b := range c.want {
			if !slices.Contains(got, b) {
				t.Errorf("%d samples on %d sessions: batches %v lack %d", c.samples, c.sessions, got, b)
			}
		}
		for _, b := range got {
			if c.samples > bench.LeastBatch*c.sessions && (b < bench.LeastBatch || b > bench.MostBatch) || b > (c.samples+c.sessions-1)/c.sessions {
				t.Errorf("%d samples on %d sessions: a batch of %d among %v", c.samples, c.sessions, b, got)
			}
		}
	}
}

// fakePasses are passes that take no time and are written down.
type fakePasses struct {
	name string
	log  *[]string
	took time.Duration
}

func (f *fakePasses) Pass(context.Context) error {
	*f.log = append(*f.log, f.name)
	time.Sleep(f.took)
	return nil
}
func (f *fakePasses) Close() { *f.log = append(*f.log, "close "+f.name) }

// TestYardstickTakesTheFastest holds that all that may be the fastest are timed in turn to the end, that the one with
// the least median is R, and that the others are given back then.
func TestYardstickTakesTheFastest(t *testing.T) {
	var log []string
	of := func(name string, walls ...float64) *bench.Passes {
		return &bench.Passes{Split: bench.Split{Sessions: 1, Threads: 1, Batch: 20}, Plain: &fakePasses{name: name, log: &log}, Wall: walls}
	}
	y := &bench.Yardstick{Fast: []*bench.Passes{of("lucky", 0.001, 9, 9), of("steady", 0.1, 0.1, 0.1), of("slow", 0.2, 0.2, 0.2)}, Single: of("single")}
	if err := y.Measure(context.Background()); err != nil {
		t.Fatal(err)
	}
	y.KeepBest()
	if want := []string{"lucky", "steady", "slow", "single", "close lucky", "close slow"}; !slices.Equal(log, want) {
		t.Errorf("%q, want %q", log, want)
	}
	if y.Best().Plain.(*fakePasses).name != "steady" || len(y.Fast[0].Wall) != 4 {
		t.Errorf("R is %+v", y.Best())
	}
}

// TestRIsTimedBetweenTrials holds that a search is interrupted for R now and then, not at every trial, and that what
// that takes is told, to be taken out of the search's time.
func TestRIsTimedBetweenTrials(t *testing.T) {
	var log []string
	p := &bench.Passes{Plain: &fakePasses{name: "R", log: &log, took: 2 * time.Millisecond}, Wall: []float64{0.002}, Cpu: []float64{0.002}}
	b := &bench.Between{Ctx: context.Background(), Y: &bench.Yardstick{Fast: []*bench.Passes{p}}, Last: time.Now()}
	for range 5 {
		b.Trials() // all at once: too early
	}
	if len(log) != 0 {
		t.Fatalf("%d passes without a trial between them", len(log))
	}
	b.Last = time.Now().Add(-time.Second)
	b.Trials()
	b.Trials()
	if len(log) != 1 || b.Wall < 0.002 || b.Wall > 0.9 || len(p.Wall) != 2 {
		t.Errorf("passes %q, %v s told", log, b.Wall)
	}
}

// TestMeasuringGoesOnUntilItIsSteady holds what counts as steady.
func TestMeasuringGoesOnUntilItIsSteady(t *testing.T) {
	one := []float64{1, 1, 1, 1, 1, 1, 1}
	for _, c := range []struct {
		of   []float64
		want bool
	}{{[]float64{1.2, 1.21, 1.22, 1.2, 1.25, 1.19, 1.2}, true}, {[]float64{1.2, 1.21, 1.22, 1.2, 1.25, 9, 0.1}, true}, {[]float64{1.2, 0.8, 1.6, 1.1, 1.4, 0.9, 1.3}, false}} {
		if got := bench.Steady(c.of, one); got != c.want {
			t.Errorf("%v: steady %v", c.of, got)
		}
	}
}

// TestPlainRunsEverySampleOnce holds that a pass runs every block once, whichever session takes it.
func TestPlainRunsEverySampleOnce(t *testing.T) {
	s := compiledTask(t, tinyConfig(t, 45))
	known, err := s.KnownShapes(context.Background(), s.FloatModel)
	if err != nil {
		t.Fatal(err)
	}
	for _, sessions := range []int{1, 2, 5} {
		p, err := (&bench.Measurement{Runner: s.Runner}).OpenPasses(context.Background(), bench.Split{Sessions: sessions, Threads: 1, Batch: 20}, known, false)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := p.Measure(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.Plain.(bench.ShapePasses)[0].Blocks(); got != 9 || len(p.Wall) != 3 || p.Wall[0] <= 0 {
			t.Errorf("%d sessions: %d blocks in 3 passes over 45 samples in batches of 20, want 9; times %v", sessions, got, p.Wall)
		}
		p.Plain.Close()
		p.Plain.Close()
	}
}

// TestBench holds that a bench times R through the whole measurement, and a search alone and as a command.
func TestBench(t *testing.T) {
	cfg := tinyConfig(t, 60)
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
	if least := bench.BenchRounds + 2*3*2; b.RPasses < least || b.RSessions*b.RThreads > 2 || b.Workers != 2 {
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
