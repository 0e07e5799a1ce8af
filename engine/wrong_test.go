package engine_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/cgo/orttest"
	"example.org/demote/dataset"
	"example.org/demote/engine"
	"example.org/demote/internal/npy"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// files are those of the example, which a program of another module opens as it pleases.
const files = "../examples/fashion/"

// A opened is the example, ready to be opened as an evaluator.
type opened struct {
	model   *onnx.Model
	network *onnx.Network
	data    *dataset.Set
	records []quant.Record
}

// example opens the runtime and the example, of which 40 samples count.
func example(t *testing.T) opened {
	t.Helper()
	library, ok := orttest.Find()
	if !ok {
		t.Fatal("no ONNX Runtime library: run `make setup`")
	}
	if _, _, err := engine.OpenRuntime(library); err != nil {
		t.Fatal(err)
	}
	return prepared(t, files+"model.onnx", files+"eval.npz")
}

// prepared calibrates a network on its own samples.
func prepared(t *testing.T, model, data string) opened {
	t.Helper()
	var e opened
	var err error
	if e.model, err = onnx.Read(model); err != nil {
		t.Fatal(err)
	}
	if e.network, err = onnx.Prepare(e.model, onnx.Options{}); err != nil {
		t.Fatal(err)
	}
	if e.data, err = engine.OpenData(data, e.model, dataset.Options{Limit: 40, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.data.Close() })
	if e.records, err = engine.Calibrate(t.Context(), e.network, e.data, engine.Calibration{}); err != nil {
		t.Fatal(err)
	}
	if err := onnx.QuantizeWeights(e.network); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestDataOfAnotherNetwork opens samples for inputs that the network has not, and has it calibrated and evaluated on
// them.
func TestDataOfAnotherNetwork(t *testing.T) {
	e := example(t)
	inputs := e.data.Inputs()
	changed := func(change func(*dataset.Input)) []dataset.Input {
		in := inputs[0]
		in.Dims = slices.Clone(in.Dims)
		change(&in)
		return []dataset.Input{in}
	}
	small := filepath.Join(t.TempDir(), "small.npy")
	file := append([]byte(npy.Header("<f4", 40, 1, 7, 7)), make([]byte, 40*7*7*4)...)
	if err := os.WriteFile(small, file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		inputs     []dataset.Input
		options    dataset.Options
		says       string
	}{
		{"another name", files + "eval.npz", changed(func(in *dataset.Input) { in.Name = "z" }), dataset.Options{}, "their input 0 is z"},
		{"another type", files + "eval.npz", changed(func(in *dataset.Input) { in.Type = dataset.Float64 }), dataset.Options{}, "is float64, and the network's float32"},
		{"another rank", files + "eval.npz", changed(func(in *dataset.Input) { in.Dims = []int64{-1, 28, 28} }), dataset.Options{}, "is [?,28,28], and the network's"},
		{"another shape", small, changed(func(in *dataset.Input) { in.Dims = []int64{-1, -1, -1, -1} }), dataset.Options{}, "a sample of input " + inputs[0].Name + " is [1,7,7]"},
		{"another number of inputs", files + "eval.npz", append(slices.Clone(inputs), dataset.Input{Name: "z", Type: dataset.Float32, Dims: []int64{1, 1}}),
			dataset.Options{Alike: map[string][]byte{"z": make([]byte, 4)}}, "they are for 2 inputs, and it has 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := dataset.Open(c.path, c.inputs, c.options)
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			_, calibrated := engine.Calibrate(t.Context(), e.network, data, engine.Calibration{})
			_, evaluated := engine.Open(t.Context(), e.network, e.records, data, engine.Options{})
			for _, err := range []error{calibrated, evaluated} {
				if !mistake.Is(err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "of another network") {
					t.Errorf("%v, want %q", err, c.says)
				}
			}
		})
	}
}

// TestEvaluatorRefuses asks an evaluator for masks and samples of other networks, and for anything after Close.
func TestEvaluatorRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	e := example(t)
	ev, err := engine.Open(t.Context(), e.network, e.records, e.data, engine.Options{Float: e.model, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	n := len(e.records)
	calls := func(m search.Mask, sample int) map[string]error {
		ctx, errs := t.Context(), map[string]error{}
		_, errs["Score"] = ev.Score(ctx, m)
		_, errs["Again"] = ev.Again(ctx, m)
		_, errs["Scan"] = ev.Scan(ctx, m, []search.Mask{search.NewMask(n)}, search.Bound{})
		_, errs["Scan of a candidate"] = ev.Scan(ctx, search.NewMask(n), []search.Mask{search.NewMask(n), m}, search.Bound{Above: math.Inf(1)})
		_, errs["Outputs"] = ev.Outputs(ctx, m, func(int, []float32) {})
		_, errs["AllOutputs"] = ev.AllOutputs(ctx, m)
		_, errs["Distance"] = ev.Distance(ctx, m)
		_, errs["Outcomes"] = ev.Outcomes(ctx, m)
		_, errs["FirstDifference"] = ev.FirstDifference(ev, m, sample)
		return errs
	}
	check := func(t *testing.T, errs map[string]error, says string) {
		t.Helper()
		for call, err := range errs {
			if (says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want %q", call, err, says)
			}
		}
	}
	check(t, calls(search.NewMask(n), 0), "")
	for _, m := range []search.Mask{search.NewMask(n + 100), search.NewMask(n + 1), search.NewMask(n - 1), {}} {
		check(t, calls(m, 0), fmt.Sprintf("a mask of %d holders, and the network has %d", m.Len(), n))
	}
	for _, sample := range []int{-1, 40} {
		_, difference := ev.FirstDifference(ev, search.NewMask(n), sample)
		_, nan := ev.FirstNaN(sample)
		check(t, map[string]error{"FirstDifference": difference, "FirstNaN": nan}, fmt.Sprintf("sample %d, and there are 40", sample))
	}
	if s, err := ev.Score(t.Context(), search.NewMask(n)); err != nil || s.Total != 40 {
		t.Errorf("after wrong calls the evaluator scores %+v, %v", s, err)
	}
	ev.Close()
	ev.Close()
	errs := calls(search.NewMask(n), 0)
	_, errs["FirstNaN"] = ev.FirstNaN(0)
	_, _, errs["Arrange"] = ev.Arrange(t.Context())
	_, errs["Plan"] = ev.Plan()
	_, errs["Block"] = ev.Block()
	_, errs["SelfTest"] = ev.SelfTest()
	errs["Rebuild"] = ev.Rebuild()
	check(t, errs, "the evaluator is closed")
}

// TestNoFlags makes mistakes as a program of another module does: what it is told names options, since it has no
// flags.
func TestNoFlags(t *testing.T) {
	e := example(t)
	open := func(o engine.Options) error {
		ev, err := engine.Open(t.Context(), e.network, e.records, e.data, o)
		if err == nil {
			ev.Close()
		}
		return err
	}
	_, _, runtime := engine.OpenRuntime("none.so")
	_, ragged := dataset.Open(files+"eval.npz", []dataset.Input{{Name: "x", Type: dataset.Float32, Dims: []int64{-1, 1, 28, 28}}, {Name: "y2", Type: dataset.Float32, Dims: []int64{-1, 1}}}, dataset.Options{})
	_, spool := dataset.Open(files+"eval.npz", e.data.Inputs(), dataset.Options{Spool: "none"})
	byClass, err := metric.Choose("miou", false)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"an output that is not there": {open(engine.Options{Output: "nowhere"}), "option output nowhere"},
		"a negative block":            {open(engine.Options{Block: -1}), "option block -1"},
		"a metric of pixels":          {open(engine.Options{Metric: byClass}), "option metric"},
		"no runtime":                  {runtime, "by option ort"},
		"an input without an array":   {ragged, "option input"},
		"no folder to spool to":       {spool, "option spool none"},
	} {
		t.Run(name, func(t *testing.T) {
			if !mistake.Is(c.err) || strings.Contains(c.err.Error(), "--") || !strings.Contains(c.err.Error(), c.says) {
				t.Errorf("%v, want %q and no flag", c.err, c.says)
			}
		})
	}
}

// TestRangesAreMethods holds that a calibration, which scores nothing, takes no choice between methods for one.
func TestRangesAreMethods(t *testing.T) {
	e := example(t)
	if _, err := engine.Calibrate(t.Context(), e.network, e.data, engine.Calibration{RangeLow: "auto"}); err == nil || !strings.Contains(err.Error(), `unknown range "auto"`) {
		t.Errorf("got %v", err)
	}
}
