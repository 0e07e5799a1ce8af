package run

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// touchy begins a network of 21 samples, of very different sizes: an input of 16, two layers, and what stands between
// them.
func touchy(between string) *tasktest.Graph {
	size := func(i int) float32 { return float32(math.Sin(float64(i)*1.7) * math.Exp(math.Sin(float64(i/16)*2.3))) }
	b := tasktest.NewGraph(21).In("x", size, 16).Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 4).Numbers("scalar zero", 0).Numbers("first", 0).Constant("one", []float32{1}).Constant("half", []float32{0.5}).Numbers("flat", 1, 16)
	return b.Do("a = MatMul x w1; r = Relu a; " + between)
}

// sequences begins a network of 21 samples of 6 steps.
func sequences(text string) *tasktest.Graph {
	b := tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4)
	return b.Do(text)
}

// shaped are networks whose samples do not lie on the first axis of the output, or touch each other, and what is said
// of those that are not run in blocks.
func shaped() map[string]struct {
	net  *tasktest.Graph
	said string
} {
	out := func(b *tasktest.Graph, dims ...int64) *tasktest.Graph {
		b.Out("y", dims...)
		b.G.Output[0].Type.GetTensorType().Shape = nil
		return b
	}
	return map[string]struct {
		net  *tasktest.Graph
		said string
	}{
		"time first":    {out(sequences("t = Transpose x perm=1,0,2; a = MatMul t w1; r = Relu a; y = MatMul r w2")), ""},
		"classes first": {out(touchy("z = MatMul r w2; y = Transpose z perm=1,0")), ""},
		"rows, time first": {out(sequences("t = Transpose x perm=1,0,2; a = MatMul t w1; r = Relu a; z = MatMul r w2; y = Flatten z axis=2")),
			"output y of a sample depends on the samples beside it"},
		"no batch axis":             {out(touchy("z = MatMul r w2; y = ReduceMean z axes=[0] keepdims=0")), "output y has no axis for the samples, [4] for one and [4] for two"},
		"a scalar":                  {out(touchy("z = MatMul r w2; y = ReduceSum z keepdims=0")), "output y has no axis for the samples, [] for one and [] for two"},
		"every one with every one":  {out(touchy("q = MatMul r w2; t = Transpose q perm=1,0; y = MatMul q t")), "output y has no axis for the samples, [1 1] for one and [2 2] for two"},
		"a maximum over the block":  {out(touchy("m = ReduceMax r keepdims=0; d = Div r m; y = MatMul d w2")), "output y of a sample depends on the samples beside it"},
		"a floor below the maximum": {out(touchy("m = ReduceMax r keepdims=0; l = Sub m one; c = Max r l; y = MatMul c w2")), "output y of a sample depends on the samples beside it"},
		"CumSum":                    {out(touchy("s = CumSum r zero; y = MatMul s w2")), "output y of a sample depends on the samples beside it"},
		"Softmax":                   {out(touchy("s = Softmax r axis=0; y = MatMul s w2")), "output y of a sample depends on the samples beside it"},
		"a mean over the block":     {out(touchy("m = ReduceMean r axes=[0]; h = Mul m half; d = Sub r h; v = Mul d d; n = ReduceMean v axes=[0]; e = Add n one; s = Sqrt e; q = Div d s; y = MatMul q w2")), "output y of a sample depends on the samples beside it"},
		"a batch of one only":       {out(touchy("f = Reshape r flat; y = MatMul f w2")), "the network runs with one sample and not with two"},
	}
}

// aloneRows runs a file as anyone would who only has ONNX Runtime: each sample in a batch of its own.
func aloneRows(t *testing.T, file, data, output string) [][]float32 {
	t.Helper()
	m, err := onnx.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	set, err := task.OpenData(data, "", m, config.Config{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	var batches [][]backend.Tensor
	for i := range set.Len() {
		in, err := blocks.Inputs(m, blocks.InTurn{Samples: set, Of: []int{i}}, 1)
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, in)
	}
	model, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	seen, err := direct.Look(context.Background(), backend.Model{Bytes: model}, batches...)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]float32
	for _, s := range seen {
		rows = append(rows, s[output].Values)
	}
	return rows
}

// plainDecibels is how far a file is from another, run so.
func plainDecibels(t *testing.T, float, file, data, output string) float64 {
	t.Helper()
	signal, noise := 0.0, 0.0
	other := aloneRows(t, file, data, output)
	for i, row := range aloneRows(t, float, data, output) {
		if len(row) != len(other[i]) || len(row) == 0 {
			t.Fatalf("%d and %d values", len(row), len(other[i]))
		}
		for k, v := range row {
			signal += float64(v) * float64(v)
			noise += float64(v-other[i][k]) * float64(v-other[i][k])
		}
	}
	return 10 * math.Log10(signal/noise)
}

// inBlocks tells whether the samples of a run were run in blocks: what is written then runs in others too.
func inBlocks(r *config.Result) bool {
	return slices.ContainsFunc(r.Verified.AsWritten, func(a result.AsWritten) bool { return a.Batch > 1 })
}

// TestBatchAxis searches networks whose outputs have no first axis of samples, or whose samples touch each other:
// whatever the block, the score is the one that each sample alone has in ONNX Runtime, in search, eval and verify,
// and one line says why.
func TestBatchAxis(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, c := range shaped() {
		t.Run(name, func(t *testing.T) {
			for i, block := range []int{0, 7} {
				cfg := c.net.Config(t)
				cfg.Block = block
				if name == "Softmax" {
					cfg.Target = "10" // of one sample it is 1, whatever the width: the ends are equal
				}
				said := 0
				cfg.Say = func(line string) {
					if c.said != "" && strings.Contains(line, c.said+": every sample is run alone, in blocks of one") {
						said++
					}
				}
				r := mustSearch(t, cfg)
				switch w := tasktest.Warning(r, blocks.AloneID); {
				case c.said == "" && (w != nil || !inBlocks(r)):
					t.Errorf("block %d: in blocks %v, warnings %q", block, inBlocks(r), r.Warnings)
				case c.said != "" && (w == nil || !strings.Contains(w.Text, c.said) || said != 1):
					t.Errorf("block %d: warnings %q, said %d times", block, r.Warnings, said)
				}
				mixed := filepath.Join(cfg.Out, journal.MixedFile)
				want := plainDecibels(t, cfg.Model, mixed, cfg.Data, "y")
				if got := *r.Score.Mixed.Value; math.Abs(got-want) > 1e-3 || !r.Verified.Identical {
					t.Errorf("block %d: the search says %.6f dB, ONNX Runtime %.6f; %+v", block, got, want, r.Verified)
				}
				e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr", Block: block}, mixed, cfg.Model, "")
				if err != nil || math.Abs(*e.Score.Value-want) > 1e-3 || (c.said == "") != (len(e.Warnings) == 0) {
					t.Errorf("block %d: eval says %+v, %v; ONNX Runtime %.6f", block, e, err, want)
				}
				if i > 0 {
					continue
				}
				if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
					t.Errorf("verify: %+v, %v", v, err)
				}
				cfg.Out = filepath.Join(t.TempDir(), "files")
				if _, _, err := Quantize(context.Background(), cfg); err != nil {
					t.Errorf("quantize: %v", err)
				}
			}
		})
	}
}

// TestBatchAxisBench measures such networks, in batches of one where they must be.
func TestBatchAxisBench(t *testing.T) {
	for name, alone := range map[string]bool{"time first": false, "a batch of one only": true} {
		cfg := shaped()[name].net.Config(t)
		cfg.Out, cfg.Block, cfg.Target = "", 0, ""
		b, err := RunBench(context.Background(), cfg, bench.Options{})
		if err != nil || (b.Block == 1) != alone || (b.RBatch == 1) != alone || (b.SingleBatch == 1) != alone {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// TestBatchAxisCommand holds that a command gets the whole outputs of all samples, sample by sample, whatever their
// axis.
func TestBatchAxisCommand(t *testing.T) {
	for name, shape := range map[string]string{"time first": "(21, 6, 4)", "classes first": "(21, 4)", "no batch axis": "(21, 4)", "a scalar": "(21, 1)", "CumSum": "(21, 4)"} {
		t.Run(name, func(t *testing.T) {
			cfg := shaped()[name].net.Config(t)
			got := filepath.Join(t.TempDir(), "got")
			e, err := Eval(context.Background(), config.Config{Data: cfg.Data, MetricCmd: "cat > " + got + "; echo 1"}, cfg.Model, "", "")
			if err != nil {
				t.Fatal(e, err)
			}
			data, err := os.ReadFile(got)
			if err != nil {
				t.Fatal(err)
			}
			var want []byte
			for _, row := range aloneRows(t, cfg.Model, cfg.Data, "y") {
				want = append(want, blocks.BytesOf(row)...)
			}
			head, body := string(data[:len(data)-len(want)]), data[len(data)-len(want):]
			if !strings.Contains(head, "'shape': "+shape) || !strings.HasSuffix(head, "\n") {
				t.Errorf("head %q; shape %s is due", head, shape)
			}
			far := 0
			for i := range body {
				if body[i] != want[i] {
					far++
				}
			}
			if far > len(want)/2 { // last bits may differ
				t.Errorf("%d of %d bytes differ", far, len(want))
			}
		})
	}
}

// TestBatchAxisFixed has networks whose batch the file fixes: one is run as it is, several where no sample touches
// another and they lie in front, and all others are refused with what to do.
func TestBatchAxisFixed(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name  string
		batch int64
		want  string
	}{
		{"time first", 1, ""}, {"no batch axis", 1, ""}, {"CumSum", 1, ""}, {"a maximum over the block", 1, ""},
		{"time first", 3, ""}, {"classes first", 3, ""}, {"no batch axis", 3, "has no axis for the samples"}, {"a scalar", 3, "has no axis for the samples"},
		{"CumSum", 3, "depends on the samples beside it"}, {"a maximum over the block", 3, "depends on the samples beside it, and the network's batch is fixed to 3"},
		{"sound", 3, ""}, {"time as long as the batch", 3, ""},
	} {
		nets := shaped()
		net := nets[c.name].net
		switch c.name {
		case "sound":
			net = touchy("y = MatMul r w2").Out("y", 4)
		case "time as long as the batch":
			net = tasktest.NewGraph(21).In("x", nil, 3, 8).Weight("w1", 0.5, 8, 4).Do("a = MatMul x w1; y = Relu a").Out("y", 3, 4)
		}
		for _, v := range append(net.G.Input, net.G.Output...) {
			if s := v.Type.GetTensorType().Shape; s != nil {
				s.Dim[0] = &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: c.batch}}
			}
		}
		cfg := net.Config(t)
		cfg.Block = 0
		r, err := Search(context.Background(), cfg)
		switch {
		case c.want != "":
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %d: %v; %q is due", c.name, c.batch, err, c.want)
			}
		case err != nil || !r.Verified.Identical:
			t.Errorf("%s of %d: %v", c.name, c.batch, err)
		case c.batch == 1:
			if want := plainDecibels(t, cfg.Model, filepath.Join(cfg.Out, journal.MixedFile), cfg.Data, "y"); math.Abs(*r.Score.Mixed.Value-want) > 1e-3 {
				t.Errorf("%s of %d: %.6f dB, ONNX Runtime %.6f", c.name, c.batch, *r.Score.Mixed.Value, want)
			}
		}
	}
}

// TestBatchAxisOfSeveral chooses among outputs with different axes: only those of the one that is scored matter.
func TestBatchAxisOfSeveral(t *testing.T) {
	net := func() *tasktest.Graph {
		b := sequences("a = MatMul x w1; r = Relu a; y = MatMul r w2; t = Transpose y perm=1,0,2; m = ReduceMax r keepdims=0").Out("y").Out("t").Out("m")
		for _, o := range b.G.Output {
			o.Type.GetTensorType().Shape = nil
		}
		return b
	}
	for output, alone := range map[string]bool{"y": false, "t": false, "m": true} {
		cfg := net().Config(t)
		cfg.Output = output
		r := mustSearch(t, cfg)
		if got := tasktest.Warning(r, blocks.AloneID) != nil; got != alone || !r.Verified.Identical {
			t.Errorf("--output %s: warnings %q", output, r.Warnings)
		}
		if want := plainDecibels(t, cfg.Model, filepath.Join(cfg.Out, journal.MixedFile), cfg.Data, output); math.Abs(*r.Score.Mixed.Value-want) > 1e-3 {
			t.Errorf("--output %s: %.6f dB, ONNX Runtime %.6f", output, *r.Score.Mixed.Value, want)
		}
	}
}

// TestBatchAxisOfAPair searches the two written ends of such a network as a pair, and holds samples out.
func TestBatchAxisOfAPair(t *testing.T) {
	for _, name := range []string{"time first", "a maximum over the block", "a batch of one only"} {
		cfg := writtenPair(t, shaped()[name].net.Config(t))
		cfg.Metric, cfg.Holdout = "cosine", "30%"
		r := mustSearch(t, cfg)
		if (tasktest.Warning(r, blocks.AloneID) == nil) != (name == "time first") || !r.Verified.Identical || r.Holdout == nil {
			t.Errorf("%s: %q, %+v", name, r.Warnings, r.Verified)
		}
	}
}

// TestSamplesTouchByAHair has samples that touch each other by less than two runs show, by a maximum that is the same
// sample's wherever the others stand: the self-test finds it by its bits, and the search begins again with each
// sample alone.
func TestSamplesTouchByAHair(t *testing.T) {
	b := tasktest.NewGraph(21).In("x", func(i int) float32 {
		v := float32(math.Sin(float64(i) * 1.7))
		if i/16 == 1 {
			v *= 5
		}
		return v
	}, 16).Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 4).Do("a = MatMul x w1; r = Relu a; m = ReduceMax r keepdims=0; e = Mul m hair; d = Add r e; y = MatMul d w2").Out("y", 4)
	b.Constant("hair", []float32{1e-5})
	cfg := b.Config(t)
	r := mustSearch(t, cfg)
	if w := tasktest.Warning(r, blocks.AloneID); w == nil || !strings.Contains(w.Text, "depends on slot and neighbours, from ") {
		t.Errorf("warnings %q", r.Warnings)
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	again := cfg
	again.Out, again.Block = filepath.Join(t.TempDir(), "one"), 1
	if one := mustSearch(t, again); *one.Score.Mixed.Value != *r.Score.Mixed.Value {
		t.Errorf("%v, and in blocks of one %v", *r.Score.Mixed.Value, *one.Score.Mixed.Value)
	}
}

// TestBatchAxisOfInputs holds that an input whose batch is named elsewhere than in front is fed with blocks along
// that axis.
func TestBatchAxisOfInputs(t *testing.T) {
	var want float64
	for _, names := range [][]string{{"", ""}, {"N", "time"}, {"batch", "n"}, {"", "seq"}, {"time", "batch"}, {"", "batch_size"}} {
		b := tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w", 0.5, 8, 4).Out("y", 6, 4).Do("y = MatMul x w")
		for i, name := range names {
			d := &onnxpb.TensorShapeProto_Dimension{}
			if name != "" {
				d.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: name}
			}
			b.G.Input[0].Type.GetTensorType().Shape.Dim[i] = d
			b.G.Output[0].Type.GetTensorType().Shape.Dim[i] = &onnxpb.TensorShapeProto_Dimension{}
		}
		cfg := b.Config(t)
		cfg.Block = 0
		r := mustSearch(t, cfg)
		got := *r.Score.Low.Value
		if want == 0 {
			want = got
		}
		if !inBlocks(r) || tasktest.Warning(r, blocks.AloneID) != nil || !r.Verified.Identical || math.Abs(got-want) > 1e-3 {
			t.Errorf("%q: in blocks %v, all int8 %v, want %v; %+v", names, inBlocks(r), got, want, r.Verified)
		}
	}
}
