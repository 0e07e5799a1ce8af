package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/demote/run"
)

// fields is result.json as another program reads it.
func fields(t *testing.T, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f map[string]any
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// has looks a value up by a path such as score.mixed.value or holders.0.name.
func has(t *testing.T, f any, path string) any {
	t.Helper()
	for _, key := range strings.Split(path, ".") {
		var ok bool
		switch v := f.(type) {
		case map[string]any:
			f, ok = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if ok = err == nil && i < len(v); ok {
				f = v[i]
			}
		}
		if !ok {
			t.Fatalf("result.json has no %s", path)
		}
	}
	return f
}

// TestResultFields reads result.json of searches by every kind of metric, field by field.
func TestResultFields(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		metric, target string
		counts         bool
	}{{"top1", "16bit-0.05", true}, {"agreement", "50%", true}, {"sqnr", "50%", false}, {"mse", "50%", false}, {"cosine", "16bit-0.00001", false}} {
		t.Run(c.metric, func(t *testing.T) {
			in := good(t)
			args := in.args("--metric", c.metric, "--target", c.target, "--range", "minmax")
			must(t, args...)
			f := fields(t, in.path("run"))
			for path, want := range map[string]any{
				"schema_version": 2., "command": commandLine(os.Args), "samples": 40., "target.text": c.target, "metric": c.metric, "strategy": "demotion",
				"formula": "qdq", "met": true, "finished": true, "holders.0.name": "x", "holders.0.index": 0., "verified.identical": true,
				"versions.demote": Version, "versions.onnxruntime": run.RuntimeVersion(),
				"inputs.0.role": "model", "inputs.1.role": "calib", "inputs.2.role": "data", "inputs.0.path": in.path("net.onnx"),
				"holders.1.low.bits": 8., "holders.1.high.bits": 16.,
			} {
				if got := has(t, f, path); got != want {
					t.Errorf("%s is %v, want %v", path, got, want)
				}
			}
			for i := range 3 {
				if sum := has(t, f, fmt.Sprintf("inputs.%d.sha256", i)).(string); len(sum) != 64 {
					t.Errorf("the sum of input %d is %q", i, sum)
				}
			}
			for _, grid := range []string{"low", "high"} {
				for _, field := range []string{"scale", "zero_point", "signed", "min", "max"} {
					has(t, f, "holders.2."+grid+"."+field)
				}
			}
			for _, path := range []string{"evaluations", "trials", "sample_evaluations", "seconds", "target.value"} {
				if v, ok := has(t, f, path).(float64); !ok || v < 0 {
					t.Errorf("%s is %v", path, v)
				}
			}
			checkScores(t, f, c.counts)
		})
	}
}

// checkScores looks at the four scores and the check: counts are null for metrics that do not count,
// and values where they are infinite.
func checkScores(t *testing.T, f map[string]any, counts bool) {
	t.Helper()
	for _, name := range []string{"float", "high", "low", "mixed"} {
		correct, total, value := has(t, f, "score."+name+".correct"), has(t, f, "score."+name+".total"), has(t, f, "score."+name+".value")
		switch {
		case !counts && (correct != nil || total != nil):
			t.Errorf("%s counts %v of %v", name, correct, total)
		case counts && (total != 40. || value != correct.(float64)/40):
			t.Errorf("%s is %v of %v, %v", name, correct, total, value)
		}
	}
	metric := f["metric"]
	if perfect := has(t, f, "score.float.value"); metric == "sqnr" && perfect != nil || metric == "mse" && perfect != 0. || metric == "cosine" && perfect != 1. {
		t.Errorf("the float network compared with itself has %s %v", metric, perfect)
	}
	if metric == "mse" && has(t, f, "score.low.value").(float64) < 0 {
		t.Error("a squared error below 0")
	}
	correct, def := has(t, f, "verified.correct"), has(t, f, "verified.default_session_correct")
	if counts && (correct != has(t, f, "score.mixed.correct") || def == nil) || !counts && (correct != nil || def != nil) {
		t.Errorf("verified counts %v, in the default session %v", correct, def)
	}
}

// TestPairResult holds what is another for a pair: no float score, roles low and high.
func TestPairResult(t *testing.T) {
	in := good(t)
	must(t, "quantize", "--model", in.path("net.onnx"), "--calib", in.path("calib.npz"), "--out", in.path("ends"))
	must(t, "search", "--low", in.path("ends/net_int8.onnx"), "--high", in.path("ends/net_int16.onnx"), "--data", in.path("eval.npz"),
		"--target", "16bit-0.05", "--out", in.path("run"), "--block", "8", "--strategy", "demotion")
	f := fields(t, in.path("run"))
	if v := has(t, f, "score.float"); v != nil {
		t.Errorf("score.float is %v", v)
	}
	if a, b := has(t, f, "inputs.0.role"), has(t, f, "inputs.1.role"); a != "low" || b != "high" {
		t.Errorf("inputs are %v and %v", a, b)
	}
	if has(t, f, "verified.identical") != true {
		t.Error("the check failed")
	}
}

// TestOrderOfTheLists holds promotion list, chain, holders and curve of every strategy against each
// other.
func TestOrderOfTheLists(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.write(t, "start.txt", []byte("x\na1\n"))
	for _, strategy := range append(run.Strategies(), "demotion --chain last", "gallop --start start.txt", "demotion --start start.txt", "improve --start start.txt") {
		t.Run(strategy, func(t *testing.T) {
			words := strings.Fields(strings.ReplaceAll(strategy, "start.txt", in.path("start.txt")))
			in.flags["--out"], in.flags["--strategy"] = in.path("run "+strategy), words[0]
			must(t, in.args(append(words[1:], "--grid", "pow2", "--metric", "sqnr", "--target", "30%")...)...)
			r := resultOf(t, in.flags["--out"])
			checkLists(t, r, slices.Contains(words, "--start"))
			text, err := os.ReadFile(filepath.Join(in.flags["--out"], "promotion.txt"))
			if err != nil || !slices.Equal(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), append([]string{}, r.Promotion...)) && len(r.Promotion) > 0 {
				t.Errorf("promotion.txt has %q, %v; the result %q", text, err, r.Promotion)
			}
			checkCurve(t, filepath.Join(in.flags["--out"], "curve.csv"), r)
		})
	}
}

func checkLists(t *testing.T, r *run.Result, started bool) {
	t.Helper()
	for i, h := range r.Holders {
		want := "int8"
		if slices.Contains(r.Promotion, h.Name) {
			want = "int16"
		}
		if h.Index != i || h.Precision != want {
			t.Errorf("holder %d, %s, has index %d and precision %s, want %s", i, h.Name, h.Index, h.Precision, want)
		}
	}
	// The promotion list is the chain backwards, as far as the chain has its holders.
	var chain []string
	for _, s := range slices.Backward(r.Chain) {
		if slices.Contains(r.Promotion, s.Holder) && !s.Promoted && !slices.Contains(chain, s.Holder) {
			chain = append(chain, s.Holder)
		}
	}
	listed := slices.DeleteFunc(slices.Clone(r.Promotion), func(name string) bool { return !slices.Contains(chain, name) })
	if !slices.Equal(listed, chain) {
		t.Errorf("the promotion list is %q, the chain backwards %q", r.Promotion, chain)
	}
	low := map[int]int{}
	for i, s := range r.Chain {
		if i > 0 && (s.Step < r.Chain[i-1].Step || s.Step > r.Chain[i-1].Step+1) {
			t.Errorf("step %d follows step %d", s.Step, r.Chain[i-1].Step)
		}
		if n, ok := low[s.Step]; ok && n != *s.Int8 {
			t.Errorf("step %d has %d and %d int8 holders", s.Step, n, *s.Int8)
		}
		if low[s.Step] = *s.Int8; *s.Int8 < 0 || *s.Int8 > len(r.Holders) {
			t.Errorf("%d int8 holders of %d", *s.Int8, len(r.Holders))
		}
		if !started && i == 0 && s.Step != 0 {
			t.Errorf("the first step is %d", s.Step)
		}
	}
	end := len(r.Holders) - len(r.Promotion)
	if r.Strategy == "demotion" || r.Strategy == "greedy" { // which go on to the end
		end = len(r.Holders)
	}
	if n := len(r.Chain); n > 0 && *r.Chain[n-1].Int8 != end {
		t.Errorf("the chain ends with %d int8 holders, not %d", *r.Chain[n-1].Int8, end)
	}
}

func checkCurve(t *testing.T, path string, r *run.Result) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"step", "holder", "int8_holders", "recorded_score", "true_score", "cost"}; !reflect.DeepEqual(rows[0], want) || len(rows) != len(r.Chain)+1 {
		t.Fatalf("%d lines, the heading is %q", len(rows), rows[0])
	}
	text := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	for i, s := range r.Chain {
		want := []string{strconv.Itoa(s.Step), s.Holder, strconv.Itoa(*s.Int8), text(s.Value), text(s.TrueValue), strconv.Itoa(len(r.Holders) - *s.Int8)}
		if !slices.Equal(rows[i+1], want) {
			t.Errorf("line %d is %q, want %q", i+2, rows[i+1], want)
		}
	}
}
