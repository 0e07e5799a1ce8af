package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
	"example.org/demote/search"
)

// wide is two layers over embedded ids, each a MatMul of three axes and the Add of its bias, whose rows are longer
// than a block of the product: with its axes fixed ONNX Runtime makes a Gemm of them, which adds in another order.
func wide() *tasktest.Graph {
	const width = 512
	b := tasktest.NewGraph(30).Ints("ids", func(i int) int64 { return int64(i*7) % 40 }, 5).Weight("emb", 1, 40, width).Weight("w1", 0.1, width, width).Weight("w2", 0.1, width, width).
		Weight("b1", 1, width).Weight("b2", 1, width).Out("y", width)
	b.Do("e = Gather emb ids; m1 = MatMul e w1; s1 = Add m1 b1; r1 = Relu s1; m2 = MatMul r1 w2; s2 = Add b2 m2; r2 = Relu s2; y = ReduceMean r2 axes=[1] keepdims=0")
	return b
}

// TestAsWritten holds that a file with free axes gives the bits that were searched as users run it, whatever their
// batch: in blocks that begin with one kernel. Batches of one, in which ONNX Runtime has another kernel, are told.
func TestAsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, way := range []string{"float", "pair"} {
		cfg := wide().Config(t)
		cfg.Export = []string{"qdq-ms"}
		if way == "pair" {
			cfg = writtenPair(t, cfg)
			cfg.Metric = "cosine"
		}
		r := mustSearch(t, cfg)
		var batches []int
		for _, a := range r.Verified.AsWritten {
			batches = append(batches, a.Batch)
			if a.Batch > 1 && a.Differ > 0 {
				t.Errorf("%s: %d of 30 samples differ in batches of %d", way, a.Differ, a.Batch)
			}
		}
		if len(batches) != 3 || batches[0] != 1 || batches[1] != 7 || batches[2] != 8 || !r.Verified.Identical {
			t.Errorf("%s: %+v in batches of %v", way, r.Verified, batches)
		}
		if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || len(v.AsWritten) != 3 {
			t.Errorf("%s: verify says %+v, %v", way, v, err)
		}
	}
}

// TestAsWrittenAlone runs the file of a network whose samples touch each other in batches of one, as it was searched.
func TestAsWrittenAlone(t *testing.T) {
	r := mustSearch(t, shaped()["a maximum over the block"].net.Config(t))
	if w := r.Verified.AsWritten; len(w) != 1 || w[0].Batch != 1 || w[0].Differ != 0 {
		t.Errorf("%+v", w)
	}
}

// free lists the inputs and outputs of a file that have a free axis.
func free(t *testing.T, path string) (names []string) {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range append(m.Inputs(), m.Outputs()...) {
		for _, d := range v.Dims {
			if d < 0 {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// TestFixShapes writes the axes of the search into the file, which then computes what was searched wherever it is
// run; also by export, of a run that was searched with free axes, and by quantize for single samples.
func TestFixShapes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := wide().Config(t)
	cfg.FixShapes = true
	r := mustSearch(t, cfg)
	if names := free(t, filepath.Join(cfg.Out, journal.MixedFile)); names != nil || !r.Verified.Identical || r.Verified.AsWritten != nil {
		t.Errorf("free axes of %q; %+v", names, r.Verified)
	}
	if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
		t.Errorf("verify: %+v, %v", v, err)
	}
	cfg.FixShapes, cfg.Out = false, filepath.Join(t.TempDir(), "run")
	mustSearch(t, cfg)
	if free(t, filepath.Join(cfg.Out, journal.MixedFile)) == nil {
		t.Error("axes are fixed that nobody asked for")
	}
	for _, format := range []string{"qdq", "qdq-ms"} {
		out := filepath.Join(t.TempDir(), format+".onnx")
		e, err := Export(context.Background(), cfg.Out, format, out, config.Config{FixShapes: true})
		if err != nil || !e.Verified.Identical || free(t, out) != nil {
			t.Errorf("export of %s: %+v, %v", format, e, err)
		}
	}
	cfg.FixShapes, cfg.Out = true, filepath.Join(t.TempDir(), "files")
	low, high, err := Quantize(context.Background(), cfg)
	if err != nil || free(t, low) != nil || free(t, high) != nil {
		t.Errorf("quantize: %v", err)
	}
}

// TestWrittenDiffers tells both scores, and the cure, where the file scores otherwise as it is written than what was
// searched.
func TestWrittenDiffers(t *testing.T) {
	s := trialtest.Compiled(t, wide().Config(t))
	value := func(v float64) *float64 { return &v }
	no := false
	for _, c := range []struct {
		list []result.AsWritten
		want string
	}{
		{[]result.AsWritten{{Batch: 1}, {Batch: 7}}, ""},
		{[]result.AsWritten{{Batch: 1, Differ: 30, Value: value(45.2544723)}}, ""},
		{[]result.AsWritten{{Batch: 1, Differ: 30, Value: value(45.31)}, {Batch: 7, Differ: 2, Value: value(45.3)}},
			"run with its axes free, as it is written, the file scores 45.31 in batches of 1, 45.3 in batches of 7; searched was 45.2545; --fix-shapes writes the axes of the search into the file, for batches of 8"},
		{[]result.AsWritten{{Batch: 7, Differ: 2, Value: value(45.2545), DoesMeet: &no}}, "the file scores 45.2545 in batches of 7; searched was 45.2545, and the target is missed there"},
	} {
		said := ""
		s.Config.Say = func(line string) { said += line }
		newSearch(s).checker().TellWritten(c.list, search.Score{Value: 45.25447})
		if !strings.Contains(said, c.want) || c.want == "" && said != "" {
			t.Errorf("%q; %q is due", said, c.want)
		}
	}
}

// TestAsWrittenOfSeveral runs a file whose other outputs are of other axes, or of a size that the samples decide.
func TestAsWrittenOfSeveral(t *testing.T) {
	b := touchy("y = MatMul r w2; n = NonZero r; m = ReduceMax r axes=[1] keepdims=0").Out("y", 4).Out("n", 2).Out("m")
	b.G.Output[1].Type.GetTensorType().ElemType = new(int32(7))
	b.G.Output[1].Type.GetTensorType().Shape = nil
	cfg := b.Config(t)
	cfg.Output = "y"
	r := mustSearch(t, cfg)
	if w := r.Verified.AsWritten; len(w) != 3 || !r.Verified.Identical {
		t.Errorf("%+v", r.Verified)
	}
}

// TestMisdeclaredOutputs takes files that declare an output with another batch than it has, or with no shape, as ONNX
// Runtime does.
func TestMisdeclaredOutputs(t *testing.T) {
	for name, shape := range map[string]*onnxpb.TensorShapeProto{"none": nil, "a batch of 1": onnxtest.Declared("y", ir.Float, 1, 5).Type.GetTensorType().Shape, "a batch of 9": onnxtest.Declared("y", ir.Float, 9, 5).Type.GetTensorType().Shape} {
		b := tasktest.NewGraph(30).In("x", nil, 8).Weight("w", 0.6, 8, 8).Weight("v", 0.6, 8, 5).Do("a = MatMul x w; b = Relu a; y = MatMul b v").Out("y", 5)
		b.G.Output[0].Type.GetTensorType().Shape = shape
		r := mustSearch(t, b.Config(t))
		if !r.Verified.Identical || len(r.Verified.AsWritten) != 3 {
			t.Errorf("%s: %+v", name, r.Verified)
		}
	}
}
