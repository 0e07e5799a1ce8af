package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// mustSearch runs a search that is to end well.
func mustSearch(t *testing.T, c config.Config) *config.Result {
	t.Helper()
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// decided is what two ways of the same search must agree on.
type decided struct {
	Promotion   []string
	Chain       []result.Step
	Score       result.Scores
	Evaluations int
	Target      result.Target
}

func decisions(t *testing.T, r *config.Result) string {
	t.Helper()
	text, err := json.Marshal(decided{r.Promotion, r.Chain, r.Score, r.Evaluations, r.Target})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFastDecidesAsNaive holds fast scans, with cuts, stored activations and two workers, against
// whole scores by one worker, for every metric and both chains.
func TestFastDecidesAsNaive(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct{ metric, chain, target string }{
		{"agreement", "demoted", "16bit-0.03"}, {"agreement", "last", "16bit-0.1"}, {"sqnr", "demoted", "40%"},
		{"cosine", "demoted", "16bit-0.001"}, {"mse", "last", "16bit+0.05"}, {"f1", "last", "16bit-0.05"}, {"mcc", "demoted", "16bit-0.05"},
	} {
		t.Run(c.metric+" "+c.chain, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			if c.metric == "f1" || c.metric == "mcc" {
				cfg.Labels = labelsFor(t, cfg)
			}
			cfg.Metric, cfg.Chain, cfg.Target = c.metric, c.chain, c.target
			cfg.Scan, cfg.Workers, cfg.Out = "naive", 1, cfg.Out+"-naive"
			naive := mustSearch(t, cfg)
			cfg.Scan, cfg.Workers, cfg.Out = "fast", 2, strings.TrimSuffix(cfg.Out, "-naive")
			fast := mustSearch(t, cfg)
			if a, b := decisions(t, naive), decisions(t, fast); a != b {
				t.Errorf("naive: %s\nfast:  %s", a, b)
			}
			if !fast.Verified.Identical || !naive.Verified.Identical {
				t.Error("the written file does not compute what was searched")
			}
			if len(fast.Chain) != len(fast.Holders) {
				t.Errorf("%d steps for %d holders", len(fast.Chain), len(fast.Holders))
			}
		})
	}
}

// TestFastOnRealNetwork does the same on the example with some of its images, and with little
// memory for stored activations.
func TestFastOnRealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := config.Config{Model: "../examples/fashion/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz",
		Target: "16bit-0.02", Limit: 120, Strategy: "demotion", GridLow: "pow2", GridHigh: "pow2", Block: 20, Version: "test"}
	dir := t.TempDir()
	var want string
	for _, way := range []struct {
		name, scan string
		cache      int64
	}{{"naive", "naive", -1}, {"fast", "fast", 1 << 30}, {"fast with 4 MiB", "fast", 4 << 20}, {"fast without cuts", "fast", -1}} {
		cfg.Scan, cfg.Cache, cfg.Out = way.scan, way.cache, filepath.Join(dir, way.name)
		r := mustSearch(t, cfg)
		got := decisions(t, r)
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: %s\nnaive: %s", way.name, got, want)
		}
		t.Logf("%-18s %d scores, %d masks, %.1f passes", way.name, r.Evaluations, r.Trials, r.SampleEvals/float64(r.Samples))
	}
}

// TestRunFolder looks at every file of a finished run.
func TestRunFolder(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	r := mustSearch(t, cfg)
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(cfg.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got := strings.Fields(read(journal.PromotionFile)); !slices.Equal(got, r.Promotion) {
		t.Errorf("promotion.txt has %q, the result %q", got, r.Promotion)
	}
	lines := strings.Split(strings.TrimSpace(read(journal.CurveFile)), "\n")
	if lines[0] != "step,holder,int8_holders,recorded_score,true_score,cost" || len(lines) != 1+len(r.Holders) {
		t.Errorf("curve.csv: %d lines, head %q", len(lines), lines[0])
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(read(result.File)), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"schema_version", "command", "versions", "inputs", "holders", "promotion", "samples", "target", "score",
		"chain", "evaluations", "trials", "sample_evaluations", "seconds", "verified"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("result.json lacks %s", name)
		}
	}
	again, err := ReadResult(cfg.Out)
	if err != nil || !reflect.DeepEqual(again.Promotion, r.Promotion) || !again.Finished {
		t.Errorf("read back: %v, %+v", err, again)
	}
	v, err := Verify(context.Background(), cfg.Out, config.Config{})
	if err != nil || !v.Identical || *v.Correct != *r.Score.Mixed.Correct {
		t.Errorf("verify: %+v, %v", v, err)
	}
	e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "agreement", Block: 8}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "exact")
	if err != nil || *e.Score.Correct != *r.Score.Mixed.Correct {
		t.Errorf("eval: %+v, %v", e, err)
	}
}

// TestVerifyRefuses holds that a changed file is found, whatever was changed.
func TestVerifyRefuses(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	mustSearch(t, cfg)
	ends := t.TempDir()
	quantize := cfg
	quantize.Out = ends
	low, _, err := Quantize(context.Background(), quantize)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(low)
	if err != nil {
		t.Fatal(err)
	}
	tasktest.WriteFile(t, filepath.Join(cfg.Out, journal.MixedFile), data)
	v, err := Verify(context.Background(), cfg.Out, config.Config{})
	if ExitCode(err) != ExitExport || v == nil || v.Identical || v.FirstDiffering == "" {
		t.Errorf("another network in the place of mixed.onnx: %+v, %v", v, err)
	}
	tasktest.RandomImages(t, cfg.Data, 60, 9)
	if _, err := Verify(context.Background(), cfg.Out, config.Config{}); ExitCode(err) != ExitMistake || !strings.Contains(fmt.Sprint(err), "changed") {
		t.Errorf("changed data: %v", err)
	}
}

// TestExitCodes holds targets that cannot be met, and those that int8 meets.
func TestExitCodes(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Target = "1"
	r, err := Search(context.Background(), cfg)
	if r == nil || ExitCode(err) != ExitUnreachable && *r.Score.High.Correct != *r.Score.High.Total {
		t.Fatalf("%v", err)
	}
	if ExitCode(err) == ExitUnreachable {
		if _, err := os.Stat(filepath.Join(cfg.Out, journal.MixedFile)); err != nil {
			t.Error("the best mix is missing: ", err)
		}
	}
	cfg = tasktest.TinyConfig(t, 60)
	cfg.Target = "0.01"
	if r := mustSearch(t, cfg); len(r.Promotion) != 0 || r.Evaluations != 2 || !r.Verified.Identical {
		t.Errorf("int8 everywhere: %q after %d scores", r.Promotion, r.Evaluations)
	}
}

// TestInterrupted stops a search after each of its demotions in turn, and goes on with it: every
// file is there at any time, and the end is that of the search that was left alone.
func TestInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 60)
	whole := mustSearch(t, cfg)
	want := decisions(t, whole)
	cfg.Out += "-interrupted"
	before := &config.Result{} // of the session before
	for stop := 1; ; stop++ {
		ctx, cancel := context.WithCancel(context.Background())
		moves := 0
		cfg.Progress = func(e search.Event) {
			if e.Kind == search.EventMove {
				if moves++; moves == stop {
					cancel()
				}
			}
		}
		r, err := Search(ctx, cfg)
		cancel()
		if r.Trials < before.Trials || r.SampleEvals <= before.SampleEvals || r.Seconds <= before.Seconds {
			t.Errorf("session %d leaves %d trials, %g passes, %g s, that before it %d, %g, %g", stop, r.Trials, r.SampleEvals, r.Seconds, before.Trials, before.SampleEvals, before.Seconds)
		}
		before = r
		if err == nil {
			if got := decisions(t, r); got != want {
				t.Errorf("after %d interruptions: %s\nwithout: %s", stop-1, got, want)
			}
			if r.Trials != whole.Trials {
				t.Errorf("%d trials in %d sessions, %d without an interruption", r.Trials, stop, whole.Trials)
			}
			return
		}
		if !errors.Is(err, context.Canceled) || ExitCode(err) != ExitInterrupted {
			t.Fatalf("interrupted: %v", err)
		}
		if part, err := ReadResult(cfg.Out); err != nil || part.Finished || part.Verified == nil || !part.Verified.Identical {
			t.Fatalf("the best so far after demotion %d: %+v, %v", stop, part, err)
		}
	}
}
