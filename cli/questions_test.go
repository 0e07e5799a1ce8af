package cli

import (
	"strings"
	"testing"

	"demote/run"
)

// TestOneNumberASample refuses metrics of classes for an output of one number a sample, in a search and in an evaluation, and
// takes the metrics that it names.
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

// TestDoubtsOnTheTerminal holds that a question is one line on the terminal and a warning with its id in result.json, and that
// eval asks of a score too.
func TestDoubtsOnTheTerminal(t *testing.T) {
	in := good(t)
	x, _ := images(40)
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", make([]float64, 40), 40)}))
	const said = "all labels are 0: a network that always says 0 is perfect on these samples; give --data with samples of all classes, or the right --labels\n"
	in.flags["--target"] = "1%"
	got := must(t, in.args()...)
	for _, line := range []string{"warning: " + said, "warning: the target 1% is 1% of the way from the int8 to the int16 score"} {
		if strings.Count(got.err, line) != 1 {
			t.Errorf("the terminal has %d times %q: %s", strings.Count(got.err, line), line, got.err)
		}
	}
	var ids []string
	r := result(t, in.path("run"))
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
