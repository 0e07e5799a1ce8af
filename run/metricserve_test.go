package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/internal/tasktest"
)

// pythonTop1 judges by top-1, with what is left of a call of demote_metric.serve; a stray print harms nothing.
const pythonTop1 = `
def right(outputs, labels, indices):
    print("stray", flush=True)
    return numpy.array([o.argmax() == l for o, l in zip(outputs, labels)])
demote_metric.serve(`

// TestPythonServerOfOwnShapes searches samples of three shapes by a Python top-1 in all its forms, and by the built-in
// one: the same mix, scores and evaluations.
func TestPythonServerOfOwnShapes(t *testing.T) {
	cfg := tasktest.OwnConfig(t, "classes", 26)
	cfg.Metric = "top1"
	want, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Promotion) == 0 || len(want.Promotion) == len(want.Holders) {
		t.Fatalf("%d of %d holders stay int16, which tells little", len(want.Promotion), len(want.Holders))
	}
	for _, serve := range []string{"hits=right)", "per_sample=right, bounds=(0, 1))", "lambda *of: right(*of).mean())"} {
		cfg.Metric, cfg.MetricServe, cfg.MetricName, cfg.Out = "", tasktest.PythonServer(t, pythonTop1+serve), "mine", filepath.Join(t.TempDir(), "run")
		got, err := Search(context.Background(), cfg)
		if err != nil {
			t.Fatalf("%s: %v", serve, err)
		}
		if !slices.Equal(got.Promotion, want.Promotion) || math.Abs(*got.Score.Mixed.Value-*want.Score.Mixed.Value) > 1e-12 || got.Metric != "mine" || !got.Verified.Identical {
			t.Errorf("%s: %q, %+v; by top1 %q, %+v", serve, got.Promotion, got.Score.Mixed, want.Promotion, want.Score.Mixed)
		}
		if got.Evaluations != want.Evaluations || got.Trials != want.Trials || got.MetricServer == nil || got.MetricServer.Starts != 1 || got.MetricServer.Requests == 0 {
			t.Errorf("%s: %d evaluations of %d masks, %+v; by top1 %d of %d", serve, got.Evaluations, got.Trials, got.MetricServer, want.Evaluations, want.Trials)
		}
	}
}

// serverSum gives the sum of all numbers that a metric has read.
func serverSum(_ context.Context, o metric.WholeOutputs) (float64, error) {
	sum := 0.0
	for i := range o.Samples {
		for _, out := range o.Outputs(i) {
			for k, v := range out.Values {
				sum += float64(v) * float64(1+k%3) * float64(1+i)
			}
		}
	}
	return sum, nil
}

// TestPythonServerReadsAll: several outputs by name and shape, several arrays of labels, ragged ones among them, and
// the numbers of samples, of which --limit leaves some out: as a metric of all and of blocks gets them.
func TestPythonServerReadsAll(t *testing.T) {
	if err := metric.Register(metric.Custom{Name: "server-sum", Several: true, All: serverSum}); err != nil {
		t.Fatal(err)
	}
	const n, limit = 21, 9
	c := severalNet().Config(t)
	c.Calib, c.Out, c.Strategy, c.Target, c.Cache, c.Limit, c.Block = "", "", "", "", 0, limit, 4
	c.Metric, c.Output, c.Beside = "server-sum", "z", []string{"k", "y"}
	want, err := Eval(context.Background(), c, c.Model, "", "exact")
	if err != nil {
		t.Fatal(err)
	}
	y, rows, offsets := tasktest.NPYHeader("<i2", n, 2), []byte(nil), tasktest.NPYHeader("<i8", n+1)
	at := 0
	for i := range n {
		y = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(y, uint16(i)), uint16(2*i))
		offsets = binary.LittleEndian.AppendUint64(offsets, uint64(at))
		for range i % 3 { // a sample may have no row
			rows = binary.LittleEndian.AppendUint32(rows, math.Float32bits(float32(i)))
			at++
		}
	}
	offsets = binary.LittleEndian.AppendUint64(offsets, uint64(at))
	c.Labels = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "labels.npz"), map[string][]byte{"y": y, "boxes": append(tasktest.NPYHeader("<f4", at, 1), rows...), "boxes_offsets": offsets})
	c.Metric, c.LabelArrays = "", []string{"y", "boxes"}
	const script = `
def each(outputs, labels, indices):
    assert list(outputs) == ["z", "k", "y"] and outputs["z"].shape[1:] == (2, 3) and outputs["k"].shape == (len(indices),), outputs
    assert labels["y"].dtype == "i2" and (labels["y"] == numpy.stack([indices, 2 * indices], 1)).all(), labels["y"]
    assert all(b.shape == (i % 3, 1) and (b == i).all() for b, i in zip(labels["boxes"], indices)), labels["boxes"]
    flat = [o.reshape(len(indices), -1).astype("f8") for o in outputs.values()]
    return sum((f * (1 + numpy.arange(f.shape[1]) % 3)).sum(1) for f in flat)
places = {}
def gain(outputs, labels, indices):
    for i in indices: places[int(i)] = places.get(int(i), 0) + 1
    return each(outputs, labels, indices) / 1000
def whole(outputs, labels, indices):
    assert len(set(indices)) == len(indices) == 9 and max(indices) > 9 and sorted(indices) == list(indices), indices
    assert demote_metric.sets() == {"data"}, demote_metric.sets()
    return (each(outputs, labels, indices) * numpy.arange(1, 10)).sum()
`
	c.MetricServe = tasktest.PythonServer(t, script+"demote_metric.serve(whole)")
	got, err := Eval(context.Background(), c, c.Model, "", "exact")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(*got.Score.Value-*want.Score.Value) > 1e-6*math.Abs(*want.Score.Value) {
		t.Errorf("Python says %v, Go %v", *got.Score.Value, *want.Score.Value)
	}
	c.MetricServe = tasktest.PythonServer(t, script+"demote_metric.serve(per_sample=gain, bounds=(-1, numpy.inf))")
	if _, err := Eval(context.Background(), c, c.Model, "", "exact"); err == nil || !strings.Contains(err.Error(), "the better of these bounds must be finite") {
		t.Errorf("an open bound: %v", err)
	}
	c.MetricLower = true
	if _, err := Eval(context.Background(), c, c.Model, "", "exact"); err != nil {
		t.Error(err)
	}
}

// TestPythonServerGoesWrong: what a script does wrong is one line, with its place in the script.
func TestPythonServerGoesWrong(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"def f(o, l, i):\n    raise KeyError('no\\ntable')\ndemote_metric.serve(f)", "score.py, line 3: KeyError: 'no\\ntable'"},
		{"demote_metric.serve(hits=lambda o, l, i: [1])", "ValueError: it returns 1 numbers, and 8 are wanted"},
		{"demote_metric.serve(lambda o, l, i: None)", "ValueError: it returns None"},
		{"demote_metric.serve(lambda o, l, i: 'good')", "ValueError: could not convert string to float: 'good'"},
		{"demote_metric.serve(lambda o, l, i: o.sort() or float(o[0, 0]) + i.dot(o[:, 0]))", ""},
		{"demote_metric.serve(per_sample=len)", "TypeError: demote_metric.serve: per_sample=... needs bounds=(low, high)"},
		{"import sys\ndemote_metric.serve(hits=lambda o, l, i: sys.exit('enough'))", "exit status 1: enough"},
		{"", "it has ended before it was told to"},
	} {
		cfg := tasktest.TinyConfig(t, 24)
		cfg.Calib, cfg.Out, cfg.Strategy, cfg.Target, cfg.Cache, cfg.Metric, cfg.GridLow, cfg.GridHigh = "", "", "", "", 0, "", "", ""
		cfg.MetricServe = tasktest.PythonServer(t, c.script)
		_, err := Eval(context.Background(), cfg, cfg.Model, "", "exact")
		if c.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		text := fmt.Sprint(err)
		if ExitCode(err) != ExitMistake || !strings.Contains(strings.ToLower(text), strings.ToLower(c.want)) || strings.Contains(text, "\n") {
			t.Errorf("%q: %v", c.script, err)
		}
	}
}

// TestPythonServerKnowsTheSets: samples that are held out are a set of their own.
func TestPythonServerKnowsTheSets(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	said := filepath.Join(t.TempDir(), "sets")
	cfg.Metric, cfg.Strategy, cfg.Holdout, cfg.Target = "", "rank", "40%", "50%"
	cfg.MetricServe = tasktest.PythonServer(t, "def f(o, l, i):\n    open('"+said+"', 'a').write(' '.join(sorted(demote_metric.sets())) + '\\n')\n    return o.max(1).mean()\ndemote_metric.serve(f)")
	r, err := Search(context.Background(), cfg)
	if err != nil && ExitCode(err) != ExitUnreachable {
		t.Fatal(err)
	}
	text, err := os.ReadFile(said)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] != "data" || !slices.Contains(lines, "data holdout") || r.Holdout == nil || r.MetricServer.Starts != 1 {
		t.Errorf("sets %q ... %q", lines[0], lines[len(lines)-1])
	}
}
