package run

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// axisNamed sets the name of an axis of any size.
func axisNamed(v *onnxpb.ValueInfoProto, axis int, name string) {
	v.Type.GetTensorType().Shape.Dim[axis] = &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: name}}
}

// inside21 are networks of 21 samples whose batch lies inside: of inputs, of outputs, of some of them.
func inside21() map[string]*tasktest.Graph {
	const text = "a = MatMul x w1; r = Relu a; b = MatMul r w3; q = Tanh b; y = MatMul q w2"
	base := func() *tasktest.Graph {
		return tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w1", 0.5, 8, 8).Weight("w3", 0.5, 8, 8).Weight("w2", 0.5, 8, 4)
	}
	both := base().Do(text).Out("y", 6, 4)
	for _, v := range []*onnxpb.ValueInfoProto{both.G.Input[0], both.G.Output[0]} {
		axisNamed(v, 0, "time")
		axisNamed(v, 1, "batch")
	}
	// As PyTorch has it by default: an LSTM over [time, batch, features], whose output is [time, ways, batch, units].
	lstm := tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w", 0.4, 1, 32, 8).Weight("r", 0.4, 1, 32, 8).Weight("b", 0.3, 1, 64).Weight("v", 0.6, 8, 5).Numbers("one", 1).
		Do("a = Relu x; all,h,c = LSTM a w r b hidden_size=8; s = Squeeze all one; t = Relu s; y = MatMul t v").Out("y", 6, 5)
	for _, v := range []*onnxpb.ValueInfoProto{lstm.G.Input[0], lstm.G.Output[0]} {
		axisNamed(v, 0, "time")
		axisNamed(v, 1, "batch_size")
	}
	front := base().Do("t = Transpose x perm=1,0,2; "+strings.Replace(text, "MatMul x", "MatMul t", 1)).Out("y", 6, 4)
	front.G.Output[0].Type.GetTensorType().Shape = nil
	last := base().Do("z = Transpose x perm=1,0,2; "+strings.Replace(strings.Replace(text, "y =", "u =", 1), "MatMul x", "MatMul z", 1)+"; m = Transpose u perm=0,2,1; y = Relu m").Out("y", 6, 4)
	last.G.Output[0].Type.GetTensorType().Shape = nil
	// x [N,8] and a memory [2,N,8], whose batch has the same name.
	memory := tasktest.NewGraph(21).In("x", nil, 8).In("mem", nil, 2, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4).
		Do("a = MatMul x w1; r = Relu a; m = Mul mem r; q = MatMul m w1; u = Tanh q; y = MatMul u w2").Out("y", 2, 4)
	memory.G.Input[1].Type.GetTensorType().Shape.Dim = append(slices.Clone(memory.G.Input[1].Type.GetTensorType().Shape.Dim[1:]), nil)
	dims := memory.G.Input[1].Type.GetTensorType().Shape.Dim // [2, 8, nil]
	dims[1], dims[2] = memory.G.Input[0].Type.GetTensorType().Shape.Dim[0], dims[1]
	memory.G.Output[0].Type.GetTensorType().Shape = nil
	classes := touchy("z = MatMul r w2; y = Transpose z perm=1,0").Out("y", 4)
	classes.G.Output[0].Type.GetTensorType().Shape = nil
	return map[string]*tasktest.Graph{"classes first": classes, "time first": both, "an LSTM": lstm, "in front of the input, inside the output": front, "last in the output": last, "two inputs": memory}
}

// insideConfig is a search of one of them, of which the one with classes is judged by them.
func insideConfig(t *testing.T, name string, net *tasktest.Graph) config.Config {
	cfg := net.Config(t)
	cfg.Block = 4
	if name == "classes first" {
		cfg.Metric, cfg.Target = "agreement", "16bit-0.1"
	}
	return cfg
}

// toNine is what a run has decided, with scores to nine digits: blocks of another size add them up in another order.
func toNine(r *config.Result) string {
	text := fmt.Sprint(r.Promotion)
	for _, s := range []*result.Score{r.Score.Low, r.Score.High, r.Score.Mixed} {
		text += fmt.Sprintf(" %.9g", *s.Value)
	}
	for _, c := range r.Chain {
		text += fmt.Sprintf(" %s %.9g", c.Holder, *c.Value)
	}
	return text
}

// TestBlocksInside searches networks whose batch lies inside in blocks that do not divide the samples: what is
// decided and scored is what it is in blocks of one, fast as naive, and the file that is written computes it in every
// batch.
func TestBlocksInside(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, net := range inside21() {
		t.Run(name, func(t *testing.T) {
			cfg := insideConfig(t, name, net)
			want := ""
			for _, way := range []string{"one", "fast", "naive", "one worker", "streamed", "the default"} {
				d := cfg
				d.Out, d.Block = filepath.Join(t.TempDir(), "run"), 4
				switch way {
				case "one":
					d.Block = 1
				case "naive":
					d.Scan = "naive"
				case "one worker":
					d.Workers = 1
				case "streamed":
					d.Spool = t.TempDir()
				case "the default":
					d.Block = 0
				}
				r := mustSearch(t, d)
				got := toNine(r)
				if want == "" {
					want = got
				}
				if got != want || !r.Verified.Identical || tasktest.Warning(r, blocks.AloneID) != nil || way != "one" && !inBlocks(r) {
					t.Errorf("%s: %s, %+v, warnings %q\nin blocks of one: %s", way, got, r.Verified, r.Warnings, want)
				}
				for _, a := range r.Verified.AsWritten {
					if a.Differ > 0 {
						t.Errorf("%s: the file as written differs: %+v", way, a)
					}
				}
				if way == "fast" {
					if v, err := Verify(context.Background(), d.Out, config.Config{}); err != nil || !v.Identical {
						t.Errorf("verify: %+v, %v", v, err)
					}
				}
			}
		})
	}
}

// TestPairInside searches the two written ends of such networks as a pair, in blocks and in blocks of one.
func TestPairInside(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, net := range inside21() {
		if name == "two inputs" || name == "an LSTM" {
			continue // which show nothing new here
		}
		t.Run(name, func(t *testing.T) {
			cfg := writtenPair(t, insideConfig(t, name, net))
			if cfg.Metric == "sqnr" { // of the 16-bit network itself it is infinite
				cfg.Metric = "cosine"
			}
			want := ""
			for _, block := range []int{1, 4} {
				cfg.Block, cfg.Out = block, filepath.Join(t.TempDir(), "run")
				r := mustSearch(t, cfg)
				if got := toNine(r); want == "" {
					want = got
				} else if got != want || !inBlocks(r) {
					t.Errorf("in blocks of %d: %s\nin blocks of one: %s", block, got, want)
				}
				if !r.Verified.Identical {
					t.Errorf("%+v", r.Verified)
				}
			}
		})
	}
}

// TestLabelsInside scores labels of classes, pixels and numbers over an output whose samples lie inside.
func TestLabelsInside(t *testing.T) {
	net := inside21()["time first"]
	cfg := net.Config(t)
	rows := aloneRows(t, cfg.Model, cfg.Data, "y")
	var values []float32
	for _, row := range rows {
		values = append(values, row...)
	}
	path := filepath.Join(t.TempDir(), "y.npy")
	tasktest.WriteFile(t, path, tasktest.FloatsNPY(values, len(rows), 6, 4))
	for _, block := range []int{1, 4, 21} {
		e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Labels: path, Metric: "label-mse", Block: block}, cfg.Model, "", "")
		if err != nil || *e.Score.Value > 1e-9 {
			t.Errorf("blocks of %d: %+v, %v", block, e, err)
		}
	}
}

// TestUnnamedAxes says what to do where the batch may be another axis of an input than the first, and no name tells.
func TestUnnamedAxes(t *testing.T) {
	net := inside21()["an LSTM"]
	axisNamed(net.G.Input[0], 0, "x_dynamic_axes_1")
	axisNamed(net.G.Input[0], 1, "x_dynamic_axes_2")
	cfg := insideConfig(t, "an LSTM", net)
	w := tasktest.Warning(mustSearch(t, cfg), blocks.AloneID)
	if want := `if the samples of input x lie on axis 1 and not on axis 0, export the network with their names, dynamic_axes={"x": {0: "time", 1: "batch"}}`; w == nil || w.Cure != want {
		t.Errorf("%+v; %s is due", w, want)
	}
}

// TestReferenceInside compares a network with another that declares its inputs in another order, and has the samples
// of its output on another axis.
func TestReferenceInside(t *testing.T) {
	net := inside21()["two inputs"]
	cfg := net.Config(t)
	other := proto.Clone(net.G).(*onnxpb.GraphProto)
	slices.Reverse(other.Input)
	last := other.Node[len(other.Node)-1]
	last.Output[0] = "turned"
	other.Node = append(other.Node, &onnxpb.NodeProto{OpType: proto.String("Transpose"), Input: []string{"turned"}, Output: []string{"y"},
		Attribute: []*onnxpb.AttributeProto{{Name: proto.String("perm"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{1, 0, 2}}}})
	reference := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "reference.onnx"), other)
	for _, block := range []int{1, 4} {
		c := config.Config{Data: cfg.Data, Metric: "mse", Block: block}
		for _, files := range [][2]string{{cfg.Model, reference}, {reference, cfg.Model}} {
			if e, err := Eval(context.Background(), c, files[0], files[1], ""); err != nil || *e.Score.Value > 1e-12 {
				t.Errorf("blocks of %d: %+v, %v", block, e, err)
			}
		}
	}
}

// TestUnrollInside opens an LSTM over [time, batch, features], as long as the samples of --calib, in blocks.
func TestUnrollInside(t *testing.T) {
	cfg := insideConfig(t, "an LSTM", inside21()["an LSTM"])
	cfg.Unroll = true
	r := mustSearch(t, cfg)
	if len(r.Unrolled) != 1 || r.Unrolled[0].Steps != 6 || !r.Verified.Identical || !inBlocks(r) || *r.Score.High.Value < 40 {
		t.Errorf("%+v, %+v, in blocks %v, all int16 %v dB", r.Unrolled, r.Verified, inBlocks(r), *r.Score.High.Value)
	}
}

// TestFixedShapesInside scores files whose axes are written into them, as `demote eval` reads them with nothing known
// but the file: the axis of the samples is denoted there, and they lie where the search had them.
func TestFixedShapesInside(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, net := range inside21() {
		t.Run(name, func(t *testing.T) {
			cfg := insideConfig(t, name, net)
			cfg.FixShapes = true
			r := mustSearch(t, cfg)
			mixed := filepath.Join(cfg.Out, journal.MixedFile)
			if names := free(t, mixed); names != nil || !r.Verified.Identical {
				t.Errorf("free axes of %q; %+v", names, r.Verified)
			}
			for _, reference := range []string{cfg.Model, mixed} {
				c := config.Config{Data: cfg.Data, Metric: cfg.Metric}
				e, err := Eval(context.Background(), c, mixed, reference, "")
				if err != nil {
					t.Fatal(err)
				}
				if reference == cfg.Model && *e.Score.Value != *r.Score.Mixed.Value || e.Samples != 21 {
					t.Errorf("eval of %d samples against %s: %v, searched was %v", e.Samples, reference, *e.Score.Value, *r.Score.Mixed.Value)
				}
			}
			if _, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: cfg.Metric, Block: 3}, mixed, cfg.Model, ""); err == nil || !strings.Contains(err.Error(), "--block 3: the network's batch is fixed to 4") {
				t.Errorf("in blocks of 3: %v", err)
			}
			if e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "mse"}, cfg.Model, mixed, ""); err != nil || e.Samples != 21 {
				t.Errorf("the network against its file of fixed shapes: %+v, %v", e, err)
			}
			if _, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "mse", Block: 3}, cfg.Model, mixed, ""); err == nil || !strings.Contains(err.Error(), "its batch is fixed to 4, and "+cfg.Model+" is run in blocks of 3") {
				t.Errorf("in blocks of 3: %v", err)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// TestFixedShapesOfStates does so with a state whose batch lies inside: it begins with zeros of one sample.
func TestFixedShapesOfStates(t *testing.T) {
	net := tasktest.NewGraph(21).In("x", nil, 8).In("mem", nil, 2, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4).
		Do("a = MatMul x w1; r = Relu a; m = Add mem r; hn = Tanh m; q = MatMul hn w1; u = Tanh q; y = MatMul u w2").Out("y", 2, 4).Out("hn", 2, 8)
	shape := net.G.Input[1].Type.GetTensorType().Shape
	dims := shape.Dim // [N, 2, 8]
	shape.Dim = []*onnxpb.TensorShapeProto_Dimension{dims[1], dims[0], dims[2]}
	net.G.Output[0].Type.GetTensorType().Shape, net.G.Output[1].Type.GetTensorType().Shape = nil, nil
	cfg := net.Config(t)
	cfg.Data = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "steps.npz"), map[string][]byte{"x": tasktest.FloatsNPY(tasktest.Normals(5, 21*3*8), 21, 3, 8)})
	cfg.Calib, cfg.State, cfg.Output, cfg.Block, cfg.FixShapes = cfg.Data, []string{"hn:mem"}, "y", 4, true
	r := mustSearch(t, cfg)
	if !r.Verified.Identical {
		t.Errorf("%+v", r.Verified)
	}
	e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr", Output: "y", State: cfg.State}, filepath.Join(cfg.Out, journal.MixedFile), cfg.Model, "")
	if err != nil || *e.Score.Value != *r.Score.Mixed.Value {
		t.Errorf("eval: %+v, %v; searched was %v", e, err, *r.Score.Mixed.Value)
	}
}
