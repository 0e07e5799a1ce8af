package report

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"example.org/demote/result"
)

func ptr[T any](v T) *T { return &v }

// sample is a finished run of n holders over 1,000 samples: every step of its chain demotes the next holder of a
// shuffled order, and the last eighth of them stays at int16.
func sample(n int) Result {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	r := Result{
		SchemaVersion: result.Schema, Command: "demote search --model nets/net.onnx --target 16bit-0.01 --out DIR",
		Config: map[string]any{"Model": "nets/net.onnx", "Seed": 1, "Limit": 0, "Time": 90e9, "Command": "again",
			"grid_low": "pow2", "range_low": "mse", "grid_high": "pow2", "range_high": "minmax"},
		Versions: map[string]string{"demote": "v1", "onnxruntime": "1.26.0"},
		Inputs:   []result.Input{{Role: "model", Path: "nets/net.onnx", SHA256: "c88d8c85", Bytes: 0}, {Role: "calib", Path: "calib.npz", SHA256: "57b1", Bytes: 0}, {Role: "data", Path: "eval.npz", SHA256: "e539a0", Bytes: 0}},
		Metric:   "top1", Strategy: "demotion", Formula: "qdq", Samples: 1000, Target: result.Target{Text: "16bit-0.01", Value: 0.91},
		Met: true, Finished: true, Evaluations: 10 * n, Trials: 10 * n, SampleEvals: 3500.5 * float64(n), Seconds: 75.25,
		Verified: &result.Verified{Identical: true, Correct: ptr(915), Value: ptr(0.915), DefaultCorrect: ptr(905), DefaultValue: ptr(0.905)},
		Warnings: []result.Warning{{ID: "w", Text: "one warning", Cure: "its cure"}},
	}
	for i := range n {
		scale := 0.001 + rng.Float64()
		r.Holders = append(r.Holders, result.Holder{Name: fmt.Sprintf("/blocks/blocks.%d/expand/expand.1/Conv_output_%d", i/8, i), Index: i, Precision: "int16",
			Low:  result.Grid{Bits: 8, Signed: true, Scale: float32(scale), Min: -128 * scale, Max: 127 * scale},
			High: result.Grid{Bits: 16, Signed: true, Scale: float32(scale / 256), Min: -128 * scale, Max: 127.99 * scale},
			Seen: &result.Range{Min: -128 * scale, Max: (100 + 40*rng.Float64()) * scale}, Alone: scored(920 - rng.IntN(8)), Distance: ptr(rng.ExpFloat64())})
		if h := &r.Holders[i]; i > 0 {
			h.From, h.Ops = []int{i - 1}, []string{"Conv", "Relu"}
			if i%8 == 7 { // a residual
				h.From, h.Ops = []int{i - 7, i - 1}, []string{"Add"}
			}
		}
	}
	count := 920
	for k, i := range rng.Perm(n) {
		name := r.Holders[i].Name
		if k < n-n/8 {
			r.Holders[i].Precision = "int8"
			count = max(915, count-rng.IntN(2)+rng.IntN(2))
			if k == n-n/8-1 {
				count = 915
			}
		} else {
			r.Promotion = append([]string{name}, r.Promotion...)
			counts := make([]uint64, 64)
			for b := range counts {
				counts[b] = uint64(1e6 * math.Exp(-math.Abs(float64(b)-32)/4))
			}
			r.Holders[i].Histogram = &result.Histogram{Min: r.Holders[i].Seen.Min, Max: r.Holders[i].Seen.Max, Counts: counts}
			r.Holders[i].Demoted = &result.Demoted{AtMost: scored(900)}
			if k%2 == 0 {
				r.Holders[i].Demoted = &result.Demoted{Score: scored(899)}
			}
			count -= 1 + rng.IntN(3)
		}
		value := float64(count) / 1000
		r.Chain = append(r.Chain, result.Step{Step: k, Holder: name, Int8: ptr(k + 1), Value: &value, TrueValue: &value})
	}
	r.TrialCosts = &result.TrialCosts{}
	for range r.Trials {
		r.TrialCosts.Judged = append(r.TrialCosts.Judged, float64(1+rng.IntN(20))/20)
		r.TrialCosts.Seconds = append(r.TrialCosts.Seconds, float64(rng.IntN(2000))/1e4)
	}
	r.Score = result.Scores{Float: scored(921), High: scored(920), Low: scored(count), Mixed: scored(915)}
	return r
}

func scored(correct int) *result.Score {
	return &result.Score{Correct: &correct, Total: ptr(1000), Value: ptr(float64(correct) / 1000)}
}

// folder writes a run folder with the files given: a Result as JSON, text as it is.
func folder(t testing.TB, files map[string]any) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		var data []byte
		switch c := content.(type) {
		case Result:
			data = encoded(t, c)
		case string:
			data = []byte(c)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func encoded(t testing.TB, r Result) []byte {
	t.Helper()
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// made reads a folder of files and makes its page.
func made(t testing.TB, files map[string]any) (*Run, string) {
	t.Helper()
	r := Read(folder(t, files))
	return r, html(t, r)
}

func html(t testing.TB, runs ...*Run) string {
	t.Helper()
	page, err := pageOf(runs...)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
