package cli

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/run"
)

// TestOneNumberASample refuses metrics of classes for an output of one number a sample, in a search and in an
// evaluation, and takes the metrics that it names.
func TestOneNumberASample(t *testing.T) {
	in := good(t)
	in.write(t, "net.onnx", newGraph().weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c1", "x", "w1").node("Relu", "a1", "c1").node("Flatten", "f", "a1").
		weights("w2", []int64{16, 1}).node("MatMul", "y", "f", "w2").output("y", 1).bytes())
	x, y := images(40)
	in.write(t, "zero.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", make([]float64, 40), 40)}))
	in.write(t, "none.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4)}))
	in.write(t, "values.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<f4", y, 40, 1)}))
	for _, c := range []struct{ data, metric string }{{"zero.npz", "top1"}, {"zero.npz", "f1"}, {"none.npz", "agreement"}, {"none.npz", ""}} {
		in.flags["--data"] = in.path(c.data)
		more := []string{}
		if c.metric != "" {
			more = []string{"--metric", c.metric}
		}
		got := call(in.args(more...)...)
		if got.code != run.ExitMistake || !strings.Contains(got.err, "every network scores the same; choose --metric label-mse") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s on %s: exit code %d, %s", c.metric, c.data, got.code, got.err)
		}
	}
	if got := call("eval", in.path("net.onnx"), "--data", in.path("zero.npz")); got.code != run.ExitMistake || !strings.Contains(got.err, "every network scores the same") {
		t.Errorf("eval: exit code %d, %s", got.code, got.err)
	}
	in.flags["--data"], in.flags["--target"] = in.path("values.npz"), "50%"
	must(t, in.args("--metric", "label-mse")...)
	in.flags["--data"] = in.path("none.npz")
	must(t, in.args("--metric", "sqnr", "--force")...)
}

// TestDoubtsOnTheTerminal holds that a question is one line on the terminal and a warning with its id in result.json,
// and that eval asks of a score too.
func TestDoubtsOnTheTerminal(t *testing.T) {
	in := good(t)
	x, _ := images(40)
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", slices.Repeat([]float64{3}, 40), 40)}))
	const said = "all labels are 3: a network that always says 3 is perfect on these samples; give --data with samples of all classes, or the right --labels\n"
	in.flags["--target"] = "1%"
	got := must(t, in.args()...)
	for _, line := range []string{"warning: " + said, "warning: the target 1% is 1% of the way from the int8 to the int16 score"} {
		if strings.Count(got.err, line) != 1 {
			t.Errorf("the terminal has %d times %q: %s", strings.Count(got.err, line), line, got.err)
		}
	}
	var ids []string
	r := resultOf(t, in.path("run"))
	for _, w := range r.Warnings {
		ids = append(ids, w.ID)
	}
	if text := strings.Join(ids, " "); !strings.Contains(text, "labels-one-class") || !strings.Contains(text, "target-percent") || r.Questions == nil {
		t.Errorf("warnings %s, %+v", text, r.Questions)
	}
	if got := must(t, "eval", in.path("net.onnx"), "--data", in.path("eval.npz")); !strings.Contains(got.err, "demote: warning: "+said) {
		t.Errorf("eval: %s", got.err)
	}
	got = call(in.args("--force", "--target", "-0.01")...)
	if got.code != run.ExitMistake || !strings.Contains(got.err, "no score of top1 is below 0: for a drop write 16bit-0.01 or float-0.01") {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
}

// eightClasses replaces the network by one of eight classes, of which five are a choice.
func eightClasses(t *testing.T, in inputs) {
	t.Helper()
	in.write(t, "net.onnx", newGraph().weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c1", "x", "w1").node("Relu", "a1", "c1").node("Flatten", "f", "a1").
		weights("w2", []int64{16, 8}).node("MatMul", "y", "f", "w2").output("y", 8).bytes())
}

// TestOneNumberOfAnyShape refuses what says the same of every network for every way to write one number a sample, and
// top5 of five classes; the line names a metric that does.
func TestOneNumberOfAnyShape(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	x, _ := images(40)
	in.write(t, "data.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", make([]float64, 40), 40)}))
	in.flags["--data"], in.flags["--target"] = in.path("data.npz"), "16bit-0.01"
	head := func(classes int64) graph {
		return newGraph().weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c1", "x", "w1").node("Relu", "a1", "c1").node("Flatten", "f", "a1").
			weights("w2", []int64{16, classes}).node("MatMul", "z", "f", "w2")
	}
	shaped := func(classes int64, dims ...int64) []byte {
		g := head(classes).node("Reshape", "y", "z", "shape")
		g.Graph.Initializer = append(g.Graph.Initializer, ir.NewInts("shape", ir.Int64, []int64{int64(len(dims) + 1)}, append([]int64{-1}, dims...)))
		g.Graph.Output = append(g.Graph.Output, value("y", 1, append([]int64{-1}, dims...)...))
		return g.bytes()
	}
	for name, c := range map[string]struct {
		net     []byte
		metrics string
		cure    string
	}{
		"[N]":       {shaped(1), "top1 top5 agreement f1", "choose --metric label-mse or label-mae with the wanted numbers as labels, sqnr or mse without, or a --metric-cmd"},
		"[N,1]":     {shaped(1, 1), "top1 top5 agreement f1", "sqnr"},
		"[N,1,1]":   {shaped(1, 1, 1), "top1 top5 agreement f1", "sqnr"},
		"[N,1,1,1]": {shaped(1, 1, 1, 1), "top1 top5 agreement f1", "sqnr"},
		"cosine":    {shaped(1, 1), "cosine", "choose --metric sqnr or mse"},
		"five":      {shaped(5, 5), "top5", "choose --metric top1"},
		"four":      {shaped(4, 2, 2), "top5", "choose --metric top1"},
	} {
		in.write(t, "net.onnx", c.net)
		for _, metric := range strings.Fields(c.metrics) {
			got := call(in.args("--metric", metric, "--force")...)
			if got.code != run.ExitMistake || !strings.Contains(got.err, c.cure) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("%s by %s: exit code %d, %s", name, metric, got.code, got.err)
			}
		}
		must(t, in.args("--metric", "sqnr", "--target", "1", "--force")...)
	}
}
