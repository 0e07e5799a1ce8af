package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/result"
	"example.org/demote/run"
)

// evaluate is `demote eval --json`.
func evaluate(t *testing.T, args ...string) run.Evaluation {
	t.Helper()
	var e run.Evaluation
	if err := json.Unmarshal([]byte(must(t, append([]string{"eval", "--json"}, args...)...).out), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEvalAgreesWithSearch scores the files of a search and of quantize again, on the very samples
// that --limit and --seed chose: every score is the one that the search gives.
func TestEvalAgreesWithSearch(t *testing.T) {
	in := good(t)
	net, ends := in.path("net.onnx"), in.path("ends")
	must(t, in.args("--limit", "23", "--seed", "5")...)
	must(t, "quantize", "--model", net, "--calib", in.path("calib.npz"), "--out", ends)
	r := resultOf(t, in.path("run"))
	for file, want := range map[string]*result.Score{net: r.Score.Float, in.path("run/mixed.onnx"): r.Score.Mixed, ends + "/net_int8.onnx": r.Score.Low, ends + "/net_int16.onnx": r.Score.High} {
		got := evaluate(t, file, "--data", in.path("eval.npz"), "--limit", "23", "--seed", "5", "--block", "8")
		if *got.Score.Correct != *want.Correct || *got.Score.Total != 23 || got.Samples != 23 || got.Metric != "top1" || got.Session != "exact" {
			t.Errorf("%s: eval %d of %d by %s, search %d", file, *got.Score.Correct, *got.Score.Total, got.Metric, *want.Correct)
		}
	}
	if got := evaluate(t, in.path("run/mixed.onnx"), "--data", in.path("eval.npz"), "--limit", "23", "--seed", "5", "--session", "default"); *got.Score.Correct != *r.Verified.DefaultCorrect {
		t.Errorf("the default session has %d correct, the search said %d", *got.Score.Correct, *r.Verified.DefaultCorrect)
	}
	if got := must(t, "verify", in.path("run")).out; !strings.Contains(got, "bit for bit") {
		t.Errorf("verify prints %q", got)
	}
	text := must(t, "eval", net, "--data", in.path("eval.npz")).out
	if want := "of 40) on 40 samples, exact session\n"; !strings.HasPrefix(text, "top1 ") || !strings.HasSuffix(text, want) {
		t.Errorf("eval prints %q", text)
	}
}

// TestLabelsFile gives labels in a file of their own: they go before those inside the data, and bad
// ones are refused by the name of their file.
func TestLabelsFile(t *testing.T) {
	in := good(t)
	x, y := images(40)
	in.write(t, "x.npy", npy("<f4", x, 40, 1, 4, 4))
	in.write(t, "y.npy", npy("<i8", y, 40))
	inside := evaluate(t, in.path("net.onnx"), "--data", in.path("eval.npz"))
	beside := evaluate(t, in.path("net.onnx"), "--data", in.path("x.npy"), "--labels", in.path("y.npy"))
	if beside.Metric != "top1" || *beside.Score.Correct != *inside.Score.Correct {
		t.Errorf("labels beside the data: %+v, inside %+v", *beside.Score, *inside.Score)
	}
	for i := range y {
		y[i] = 4 - y[i]
	}
	in.write(t, "others.npz", npz(map[string][]byte{"y": npy("<i8", y, 40)}))
	if others := evaluate(t, in.path("net.onnx"), "--data", in.path("eval.npz"), "--labels", in.path("others.npz")); *others.Score.Correct == *inside.Score.Correct {
		t.Error("other labels change nothing")
	}
	must(t, in.args("--labels", in.path("others.npz"))...)
	must(t, "verify", in.path("run"))
	for _, c := range []struct {
		name  string
		data  []byte
		texts []string
	}{
		{"too few", npy("<i8", y[:39], 39), []string{"labels.npy", "40 samples"}},
		{"float", npy("<f4", y, 40), []string{"labels.npy", "integers"}},
		{"no labels", []byte("none"), []string{"labels.npy", "numpy.save"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in.write(t, "labels.npy", c.data)
			checkRefused(t, call("eval", in.path("net.onnx"), "--data", in.path("eval.npz"), "--labels", in.path("labels.npy")), c.texts...)
		})
	}
}

// TestEvalRefuses gives eval what it cannot score.
func TestEvalRefuses(t *testing.T) {
	in := good(t)
	x, y := images(40)
	for i := range 16 {
		x[11*16+i] -= 4
	}
	in.write(t, "low.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
	in.write(t, "nan.onnx", rooted(func(g graph) { g.node("Identity", "safe", "root") }).bytes())
	y[3] = 7
	in.write(t, "labels.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
	net, good := in.path("net.onnx"), in.path("eval.npz")
	for _, c := range []struct {
		name  string
		args  []string
		texts []string
	}{
		{"NaN", []string{in.path("nan.onnx"), "--data", in.path("low.npz")}, []string{"nan.onnx", "NaN", "sample 11", "root", "--allow-nan"}},
		{"label", []string{net, "--data", in.path("labels.npz")}, []string{"labels.npz", "sample 3", "label 7"}},
		{"no reference", []string{net, "--data", good, "--metric", "sqnr"}, []string{"sqnr", "--reference"}},
		{"no such reference", []string{net, "--data", good, "--metric", "sqnr", "--reference", in.path("none.onnx")}, []string{"none.onnx", "no such file"}},
		{"no such file", []string{in.path("none.onnx"), "--data", good}, []string{"none.onnx", "no such file"}},
		{"unknown metric", []string{net, "--data", good, "--metric", "f2"}, []string{`"f2"`, "top1"}},
	} {
		t.Run(c.name, func(t *testing.T) { checkRefused(t, call(append([]string{"eval"}, c.args...)...), c.texts...) })
	}
	must(t, "eval", in.path("nan.onnx"), "--data", in.path("low.npz"), "--allow-nan")
}

// TestSmallCache searches with less memory for stored activations than one block's take: fewer cuts,
// and the same result.
func TestSmallCache(t *testing.T) {
	in := good(t)
	var want []string
	for _, cache := range []string{"1GiB", "100KB", "1", "0"} {
		in.flags["--out"] = in.path("run " + cache)
		must(t, in.args("--cache", cache, "--metric", "sqnr", "--target", "40%", "--grid", "pow2")...)
		got := resultOf(t, in.flags["--out"]).Promotion
		if want == nil {
			want = got
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("--cache %s: %q, with much memory %q", cache, got, want)
		}
	}
}
