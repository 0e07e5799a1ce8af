package run

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/engine"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// opened is an evaluator of a configuration's network and data that a library opens.
func opened(t *testing.T, c config.Config) (*onnx.Network, search.Evaluator, func(search.Mask) search.Score) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := onnx.Read(c.Model)
	must(err)
	n, err := onnx.Prepare(m, onnx.Options{})
	must(err)
	calib, err := engine.OpenData(c.Calib, m, dataset.Options{})
	must(err)
	t.Cleanup(func() { calib.Close() })
	data, err := engine.OpenData(c.Data, m, dataset.Options{Limit: c.Limit, Seed: 1})
	must(err)
	t.Cleanup(func() { data.Close() })
	records, err := engine.Calibrate(ctx, n, calib, engine.Calibration{KindLow: quant.Kind(c.GridLow), KindHigh: quant.Kind(c.GridHigh), RangeLow: quant.Method(c.RangeLow),
		RangeHigh: quant.Method(c.RangeHigh), Formula: quant.Formula(c.Formula)})
	must(err)
	must(onnx.QuantizeWeights(n))
	o := engine.Options{Float: m, Block: c.Block}
	if c.Metric != "" {
		o.Metric, err = metric.Choose(c.Metric, false)
		must(err)
	}
	ev, err := engine.Open(ctx, n, records, data, o)
	must(err)
	t.Cleanup(ev.Close)
	return n, ev, func(m search.Mask) search.Score {
		t.Helper()
		s, err := ev.Score(ctx, m)
		must(err)
		return s
	}
}

// TestEngine holds that a library's evaluator gives the scores of the program's, bit by bit, and the search the same
// mix: with labels, against the float network's outputs, on samples of several shapes, and where samples touch each
// other.
func TestEngine(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	labelled := tasktest.TinyConfig(t, 60)
	compared := tasktest.TinyConfig(t, 60)
	compared.Metric = "sqnr"
	touching := tasktest.TinyConfig(t, 60)
	m, err := onnx.Read(touching.Model)
	if err != nil {
		t.Fatal(err)
	}
	dependOnNeighbours(m)
	if err := m.Write(touching.Model); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]config.Config{"labels": labelled, "reference": compared, "shapes": tasktest.OwnConfig(t, "map", 12), "classes of shapes": tasktest.OwnConfig(t, "classes", 12), "touching": touching} {
		t.Run(name, func(t *testing.T) {
			n, ev, score := opened(t, c)
			if name == "touching" {
				c.Block = 1
			}
			ours := trialtest.Compiled(t, c)
			every := search.NewMask(len(n.Holders))
			for h := 0; h < every.Len(); h += 2 {
				every.Demote(h)
			}
			for _, m := range []search.Mask{search.NewMask(len(n.Holders)), task.LowMask(n.Holders), every} {
				want, err := ours.Ev.Score(context.Background(), m)
				if got := score(m); err != nil || got != want {
					t.Errorf("%v: %v, want %v, %v", m, got, want, err)
				}
			}
			units, err := engine.Units(n)
			if err != nil {
				t.Fatal(err)
			}
			high, low := score(search.NewMask(len(n.Holders))), score(task.LowMask(n.Holders))
			o := search.NewOptions(len(n.Holders), (high.Float()+low.Float())/2)
			o.Units = units
			var masks []string
			for _, e := range []search.Evaluator{ev, ours.Ev} {
				r, err := search.Run(context.Background(), "", e, o)
				if err != nil {
					t.Fatal(err)
				}
				masks = append(masks, fmt.Sprint(r.Mask))
			}
			if masks[0] != masks[1] {
				t.Errorf("the search finds %s and %s", masks[0], masks[1])
			}
		})
	}
}

// TestEngineRefusesNaN holds that a network whose outputs are NaN for a sample is no network of a library either.
func TestEngineRefusesNaN(t *testing.T) {
	c := tasktest.NewGraph(16).In("x", nil, 4).Out("y", 4).Weight("w", 1, 4, 4).Do("s = Sqrt x; y = MatMul s w").Config(t)
	m, err := onnx.Read(c.Model)
	if err != nil {
		t.Fatal(err)
	}
	n, err := onnx.Prepare(m, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := engine.OpenData(c.Data, m, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	records, err := engine.Calibrate(context.Background(), n, data, engine.Calibration{AllowNaN: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mse", "agreement"} {
		by, err := metric.Choose(name, false)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := engine.Open(context.Background(), n, records, data, engine.Options{Metric: by, Float: m})
		if err == nil {
			ev.Close()
		}
		if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "gives NaN for sample") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
