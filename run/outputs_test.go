package run

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/metric"
	"example.org/demote/internal/tasktest"
)

// heads is what the metrics of TestSeveralOutputs have seen last: of each sample the outputs, by name.
var heads struct {
	sync.Mutex
	all map[string][]float32
}

// headsAll keeps all outputs of all samples.
func headsAll(_ context.Context, o metric.WholeOutputs) (float64, error) {
	heads.Lock()
	defer heads.Unlock()
	heads.all = map[string][]float32{}
	sum := 0.0
	for i := range o.Samples {
		for _, out := range o.Outputs(i) {
			heads.all[out.Name] = append(heads.all[out.Name], out.Values...)
			for _, v := range out.Values {
				sum += math.Abs(float64(v))
			}
		}
	}
	return sum, nil
}

// headsGain is what a sample's outputs have at most, for a search that scores sample by sample.
func headsGain(_ []float32, s metric.Sample) float64 {
	sum := 0.0
	for _, out := range s.Outputs {
		sum += float64(slices.Max(out.Values))
	}
	return sum / 100
}

// severalNet has a head of 5 numbers, one of [2, 3], one with its samples on the second axis and one of integers.
func severalNet() *tasktest.Graph {
	b := tasktest.NewGraph(21).In("x", nil, 8).Weight("w", 0.6, 8, 8).Weight("v", 0.6, 8, 5).Weight("u", 0.6, 8, 6).Numbers("shape", -1, 2, 3).
		Do("a = MatMul x w; b = Relu a; y = MatMul b v; flat = MatMul b u; z = Reshape flat shape; k = ArgMax y axis=1 keepdims=0").Out("y", 5).Out("z", 2, 3).Out("k")
	b.G.Output[2].Type.GetTensorType().ElemType = proto.Int32(7)
	return b
}

// TestSeveralOutputs: a metric that reads several outputs gets of each what a run of that output alone gives, bit for
// bit and in the order in which they are named.
func TestSeveralOutputs(t *testing.T) {
	for _, c := range []metric.Custom{{Name: "heads-all", Several: true, All: headsAll}, {Name: "heads-gain", Several: true, Best: 1, Gain: headsGain},
		{Name: "one-head", All: headsAll}} {
		if err := metric.Register(c); err != nil {
			t.Fatal(err)
		}
	}
	eval := func(output string, beside ...string) map[string][]float32 {
		t.Helper()
		c := severalNet().Config(t)
		c.Calib, c.Out, c.Strategy, c.Target, c.Metric, c.Output, c.Beside, c.Cache = "", "", "", "", "heads-all", output, beside, 0
		if _, err := Eval(context.Background(), c, c.Model, "", "exact"); err != nil {
			t.Fatal(err)
		}
		return heads.all
	}
	alone := map[string][]float32{}
	for _, name := range []string{"y", "z", "k"} {
		alone[name] = eval(name)[""]
	}
	if len(alone["y"]) != 21*5 || len(alone["z"]) != 21*6 || len(alone["k"]) != 21 {
		t.Fatalf("%d, %d and %d numbers", len(alone["y"]), len(alone["z"]), len(alone["k"]))
	}
	for _, list := range [][]string{{"all"}, {"k", "y"}, {"z", "k", "y"}} {
		got := eval(list[0], list[1:]...)
		if want := len(list); list[0] != "all" && len(got) != want || list[0] == "all" && len(got) != 3 {
			t.Errorf("%v: %d outputs", list, len(got))
		}
		for name, values := range got {
			if !slices.Equal(values, alone[name]) {
				t.Errorf("%v: output %s is %v, alone %v", list, name, values[:5], alone[name][:5])
			}
		}
	}
	for _, name := range []string{"heads-all", "heads-gain"} {
		c := severalNet().Config(t)
		c.Metric, c.Output, c.Beside = name, "y", []string{"z", "k"}
		r, err := Search(context.Background(), c)
		if err != nil && ExitCode(err) != ExitUnreachable {
			t.Fatal(err)
		}
		if !r.Verified.Identical {
			t.Errorf("%s: the file does not answer as the search did", name)
		}
	}
}

// TestBadOutputs: outputs that a metric cannot read are refused in one line.
func TestBadOutputs(t *testing.T) {
	for _, c := range []struct {
		metric, output string
		beside         []string
		hint           string
	}{
		{"sqnr", "y", []string{"z"}, "metric sqnr reads one output, and --output names 2"},
		{"sqnr", "all", nil, "output k is int64, and metrics read float32"},
		{"sqnr", "k", nil, "output k is int64, and metrics read float32"},
		{"sqnr", "y", []string{"y"}, "--output y is given twice"},
		{"sqnr", "y", []string{"q"}, "--output q: the network's outputs are"},
		{"sqnr", "all", []string{"z"}, "--output all stands for every output"},
		{"sqnr", "", nil, "the network has 3 outputs"},
	} {
		cfg := severalNet().Config(t)
		cfg.Metric, cfg.Output, cfg.Beside = c.metric, c.output, c.beside
		_, err := Search(context.Background(), cfg)
		if ExitCode(err) != ExitMistake || !strings.Contains(strings.ReplaceAll(err.Error(), "option output", "--output"), c.hint) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
