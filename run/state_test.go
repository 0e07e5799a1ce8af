package run

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
	"example.org/demote/search"
)

// outputsOf are the outputs that a file gives for the samples of a configuration, all steps of a sample in a row.
func outputsOf(t *testing.T, c config.Config, file string) []float32 {
	t.Helper()
	e, err := openPlain(context.Background(), c.Filled(), file, file, segments.ExactSession)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	rows, err := e.Evaluator.AllOutputs(context.Background(), search.NewMask(0))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// agreeing counts the steps of which two outputs have the same largest value.
func agreeing(a, b []float32) (n int) {
	for i := 0; i < len(a); i += 5 {
		if metric.Top1(a[i:i+5]) == metric.Top1(b[i:i+5]) {
			n++
		}
	}
	return n
}

// TestStepsAreComputed holds the outputs of sequences, from zeros and from given states, in blocks of several sizes,
// against those computed by hand.
func TestStepsAreComputed(t *testing.T) {
	const n, steps = 10, 5
	cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
	h := tasktest.Normals(60, n*8)
	for _, given := range []bool{false, true} {
		if given {
			tasktest.WriteArrays(t, cfg.Data, map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6), "h": tasktest.FloatsNPY(h, n, 8)})
		}
		for _, block := range []int{4, 1, 10} {
			cfg.Block = block
			got := outputsOf(t, cfg, cfg.Model)
			if len(got) != n*steps*5 {
				t.Fatalf("%d values", len(got))
			}
			for i := range n {
				begin := h[i*8 : (i+1)*8]
				if !given {
					begin = nil
				}
				want, _ := tasktest.GruInGo(x[i*steps*6:], begin, steps)
				for k, w := range want {
					if v := got[i*steps*5+k]; math.Abs(float64(v)-w) > 1e-4 {
						t.Fatalf("given %v, blocks of %d: sample %d, step %d: %v, by hand %v", given, block, i, k/5, v, w)
					}
				}
			}
		}
	}
}

// TestStatesAreCalibrated holds the range of a state's holder against all values that it has in the sequences.
func TestStatesAreCalibrated(t *testing.T) {
	const n, steps = 10, 5
	for _, method := range []string{"minmax", "percentile"} {
		cfg, x := tasktest.StepNet(t, tasktest.GruStep(), n, steps, "hn:h")
		cfg.RangeLow, cfg.RangeHigh = method, method
		r := mustSearch(t, cfg)
		low, high := 0.0, 0.0
		for i := range n {
			_, seen := tasktest.GruInGo(x[i*steps*6:], nil, steps)
			low, high = min(low, slices.Min(seen)), max(high, slices.Max(seen))
		}
		at := slices.IndexFunc(r.Holders, func(h result.Holder) bool { return h.Name == "h" })
		if at < 0 {
			t.Fatal("the state has no holder")
		}
		if s := r.Holders[at].Seen; math.Abs(s.Min-low) > 1e-4 || math.Abs(s.Max-high) > 1e-4 {
			t.Errorf("%s: the state is from %v to %v, seen %+v", method, low, high, *s)
		}
	}
}

// TestStatesAreSearched searches steps with one and two states, and with states that let samples run one by one: fast
// as naive, with the score that ONNX Runtime alone gives, step by step, and a file of one step that verify and eval
// take.
func TestStatesAreSearched(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n, steps = 30, 5
	for _, c := range []struct {
		name   string
		g      *onnxpb.GraphProto
		states []string
		feeds  map[string]string
		block  int
		dims   []int64
	}{
		{"one", tasktest.GruStep(), []string{"hn:h"}, map[string]string{"h": "hn"}, 8, []int64{8, 8}},
		{"two", tasktest.LstmStep(), []string{"hn:h", "cn:c"}, map[string]string{"h": "hn", "c": "cn"}, 8, []int64{8, 8}},
		{"layers", tasktest.LayeredStep(), []string{"stateN:state"}, map[string]string{"state": "stateN"}, 1, []int64{2, 1, 8}},
		{"layers in blocks", tasktest.LayeredStep(), []string{"stateN:state"}, map[string]string{"state": "stateN"}, 8, []int64{2, 8, 8}},
		{"a fixed batch", tasktest.FixedStep(4), []string{"hn:h"}, map[string]string{"h": "hn"}, 4, []int64{4, 8}},
		{"without samples", tasktest.FlatStep(), []string{"hn:h"}, map[string]string{"h": "hn"}, 1, []int64{8}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, x := tasktest.StepNet(t, c.g, n, steps, c.states...)
			cfg.Metric, cfg.Target = "agreement", "16bit-0.01"
			if c.block > 1 {
				cfg.Block = c.block
			}
			want := ""
			for _, way := range []string{"fast", "naive", "one worker"} {
				d := cfg
				d.Out = filepath.Join(t.TempDir(), "run")
				switch way {
				case "naive":
					d.Scan = "naive"
				case "one worker":
					d.Workers = 1
				}
				r := mustSearch(t, d)
				if got := decisions(t, r); want == "" {
					want, cfg.Out = got, d.Out
				} else if got != want {
					t.Errorf("%s: %s\nfast: %s", way, got, want)
				}
				if !r.Verified.Identical || r.Samples != n || r.Steps != steps || *r.Score.Mixed.Total != n*steps {
					t.Errorf("%s: %+v, %d samples of %d steps, score of %d", way, *r.Verified, r.Samples, r.Steps, *r.Score.Mixed.Total)
				}
			}
			r, err := ReadResult(cfg.Out)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Promotion) == 0 || *r.Score.Low.Correct == *r.Score.High.Correct {
				t.Errorf("nothing was to be decided: %v, %d to %d", r.Promotion, *r.Score.Low.Correct, *r.Score.High.Correct)
			}
			float := tasktest.StepByStep(t, cfg.Model, nil, x, steps, c.block, c.feeds, c.dims...)
			mixed := tasktest.StepByStep(t, mixedOf(cfg), segments.ExactSession, x, steps, c.block, c.feeds, c.dims...)
			if got := agreeing(float, mixed); got != *r.Score.Mixed.Correct {
				t.Errorf("the mix scores %d, its file step by step %d", *r.Score.Mixed.Correct, got)
			}
			for i, v := range outputsOf(t, cfg, mixedOf(cfg)) {
				if math.Float32bits(v) != math.Float32bits(mixed[i]) {
					t.Fatalf("value %d is %v, step by step %v", i, v, mixed[i])
				}
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical || *v.Correct != *r.Score.Mixed.Correct {
				t.Errorf("verify: %+v, %v", v, err)
			}
			again := config.Config{Data: cfg.Data, State: c.states, Metric: "agreement", Block: cfg.Block}
			e, err := Eval(context.Background(), again, mixedOf(cfg), cfg.Model, "exact")
			if err != nil || *e.Score.Correct != *r.Score.Mixed.Correct || *e.Score.Total != n*steps {
				t.Errorf("eval: %+v, %v", e, err)
			}
		})
	}
}

// TestStateResumes holds an interrupted search that goes on against one that was not, and has it refused with other
// states.
func TestStateResumes(t *testing.T) {
	cfg, _ := tasktest.StepNet(t, tasktest.LstmStep(), 30, 4, "hn:h", "cn:c")
	cfg.Target, cfg.Block = "60%", 8
	want := decisions(t, mustSearch(t, cfg))
	cfg.Out += "2"
	interrupt(t, cfg)
	other := cfg
	other.State = []string{"hn:c", "cn:h"}
	if _, err := Search(context.Background(), other); err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "states") {
		t.Errorf("other states: %v", err)
	}
	cfg.State = []string{"cn:c", "hn:h"} // the same
	if got := decisions(t, mustSearch(t, cfg)); got != want {
		t.Errorf("gone on: %s\nat once: %s", got, want)
	}
}

// mixedOf is the written file of a run.
func mixedOf(c config.Config) string { return filepath.Join(c.Out, journal.MixedFile) }
