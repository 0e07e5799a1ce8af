package run

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/direct"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx"
)

// fusable are networks with what ONNX Runtime's optimizer joins, drops or moves, so that a tensor inside that is
// asked for could be lost. x is [N,8] or, with image, [N,4,6,6]; the tensor y is the output, of 5 values a sample.
var fusable = map[string]string{
	"Transpose Gemm Transpose":   "t = Transpose x perm=1,0; g = Gemm w8 t; a = Transpose g perm=1,0; r = Relu a; y = MatMul r v",
	"Transpose Gemm":             "t = Transpose x perm=1,0; g = Gemm t w8 transA=1; r = Relu g; y = Gemm r v",
	"Gemm Transpose":             "g = Gemm x w8; a = Transpose g perm=1,0; b = Relu a; c = Transpose b perm=1,0; y = MatMul c v",
	"Gemm Transpose twice":       "t = Transpose x perm=1,0; g = Gemm w8 t; a = Transpose g perm=1,0; b = Transpose g perm=1,0; c = Add a b; r = Relu c; y = MatMul r v",
	"Transpose Gemm bias":        "t = Transpose x perm=1,0; g = Gemm w8 t one; a = Transpose g perm=1,0; r = Relu a; y = MatMul r v",
	"Gemm Sum":                   "g = Gemm x w8; s = Sum g c8; h = Relu s; o = Gemm h w8; l = Add o c8; y = MatMul l v",
	"MatMul Add":                 "m = MatMul x w8; a = Add m c8; g = Relu a; h = MatMul g w8; i = Sub h c8; y = MatMul i v",
	"MatMul scaled":              "s = Mul x one; m = MatMul s w8; a = Mul m two; t = Transpose a perm=1,0; u = Transpose t perm=1,0; y = MatMul u v",
	"MatMul Reshape Transpose":   "t = Transpose x perm=1,0; m = MatMul w8 t; u = Transpose m perm=1,0; r = Reshape u by24; q = Transpose r perm=0,2,1; f = Reshape q flat; y = MatMul f v",
	"Gelu":                       "m = MatMul x w8; b = Add m c8; d = Div b root; e = Erf d; p = Add e one; q = Mul b p; h = Mul q half; y = MatMul h v",
	"tanh Gelu":                  "m = MatMul x w8; q = Mul m m; o = Mul q m; s = Mul o half; a = Add m s; b = Mul a half; t = Tanh b; p = Add t one; h = Mul m half; g = Mul h p; y = MatMul g v",
	"quick Gelu":                 "m = MatMul x w8; s = Mul m two; g = Sigmoid s; q = Mul m g; y = MatMul q v",
	"LayerNorm":                  "a = Add x x; m = ReduceMean a axes=[1]; d = Sub a m; q = Pow d two; u = ReduceMean q axes=[1]; e = Add u eps; s = Sqrt e; n = Div d s; g = Mul n c8; b = Add g c8; y = MatMul b v",
	"Softmax bias":               "m = MatMul x w8; a = Add m c8; s = Softmax a axis=-1; y = MatMul s v",
	"no-ops":                     "a = Add x zero; b = Mul a one; c = Div b one; d = Sub c zero; e = Identity d; f = Dropout e; g = Cast f to=1; y = MatMul g v",
	"equal twice":                "a = Relu x; b = Relu x; c = Add a b; d = MatMul c w8; e = MatMul c w8; f = Mul d e; y = MatMul f v",
	"Relu Clip":                  "a = Relu x; b = Clip a half two; c = Clip b zero one; d = Relu c; e = MatMul d w8; f = Clip e zero _; y = MatMul f v",
	"Reshape Reshape":            "a = Relu x; b = Reshape a by24; c = Reshape b by42; d = Reshape c flat; e = Unsqueeze d n1; f = Squeeze e n1; g = Flatten f; y = MatMul g v",
	"Transpose through":          "a = Reshape x by24; b = Transpose a perm=0,2,1; c = Relu b; d = Sigmoid c; e = Transpose d perm=0,2,1; f = Reshape e flat; y = MatMul f v",
	"Transpose through a Concat": "a = Reshape x by24; b = Transpose a perm=0,2,1; c = Relu b; d = Concat b c axis=2; e = Transpose d perm=0,2,1; f = ReduceMean e axes=[1] keepdims=0; g = Concat f f axis=1; y = MatMul g v",
	"Slice all":                  "a = Relu x; b = Slice a n0 n8 n1; c = Expand b n1; d = Concat c c axis=1; e = Slice d n0 n8 n1; y = MatMul e v",
	"Gather to Split":            "a = Relu x; b = Reshape a by24; p = Gather b s0 axis=1; q = Gather b s1 axis=1; r = Concat p q axis=1; y = MatMul r v",
	"Slice to Split":             "a = Relu x; p = Slice a n0 n4 n1; q = Slice a n4 n8 n1; r = Concat q p axis=1; y = MatMul r v",
	"one over":                   "a = Sigmoid x; b = Div one a; c = MatMul x w8; d = Mul b c; y = MatMul d v",
	"Not Where":                  "a = Greater x zero; b = Not a; c = MatMul x w8; d = Where b c x; y = MatMul d v",
	"MatMul BatchNormalization":  "m = MatMul x w8; n = BatchNormalization m p8 c8 c8 p8; r = Relu n; y = MatMul r v",
	"Gemm activation":            "a = Gemm x w8; b = LeakyRelu a; c = Gemm b w8; d = Tanh c; e = Gemm d w8; f = Sigmoid e; y = Gemm f v",

	"image Conv":              "c = Conv x k; n = BatchNormalization c q4 q4 q4 q4; r = Relu n; d = Conv r k; m = Mul d q411; a = Add m q411; l = LeakyRelu a; e = Conv l k; s = Add e r; z = Relu s; g = GlobalAveragePool z; h = Flatten g; y = MatMul h v4",
	"image Pad":               "p = Pad x pads; c = Conv p k; q = Pad c pads; m = MaxPool q kernel_shape=2,2 strides=2,2; a = Pad m pads; b = AveragePool a kernel_shape=2,2; g = GlobalAveragePool b; h = Flatten g; y = MatMul h v4",
	"image channels last":     "a = Transpose x perm=0,2,3,1; b = Relu a; c = Transpose b perm=0,3,1,2; d = Conv c k; e = Transpose d perm=0,2,3,1; f = Sigmoid e; m = ReduceMean f axes=[1,2] keepdims=0; y = MatMul m v4",
	"image blocked":           "c = Conv x k; r = Relu c; p = MaxPool r kernel_shape=2,2 strides=2,2; d = Conv p k; t = Concat p d axis=1; u = Conv t wide; s = Sigmoid u; m = Mul u s; g = GlobalAveragePool m; h = Flatten g; y = MatMul h v4",
	"image Conv MatMul shape": "c = Conv x k; f = Reshape c rows; t = Transpose f perm=0,2,1; m = MatMul f t; s = Softmax m axis=-1; o = MatMul s f; q = ReduceMean o axes=[2] keepdims=0; y = MatMul q v4",
}

// fusableGraph is one of them, with 16 samples.
func fusableGraph(name string) *tasktest.Graph {
	g := tasktest.NewGraph(16)
	if len(name) > 6 && name[:6] == "image " {
		g.In("x", nil, 4, 6, 6)
	} else {
		g.In("x", nil, 8)
	}
	positive := func(n int) (list []float32) {
		for i := range n {
			list = append(list, 0.5+float32(i)/8)
		}
		return list
	}
	g.Weight("w8", 0.5, 8, 8).Weight("v", 0.5, 8, 5).Weight("v4", 0.5, 4, 5).Weight("c8", 1, 8).Weight("k", 0.3, 4, 4, 1, 1).Weight("wide", 0.3, 4, 8, 1, 1)
	g.Constant("p8", positive(8), 8).Constant("q4", positive(4), 4).Constant("q411", positive(4), 1, 4, 1, 1)
	for name, v := range map[string]float32{"zero": 0, "half": 0.5, "one": 1, "root": math.Sqrt2, "two": 2, "eps": 1e-5} {
		g.Constant(name, []float32{v})
	}
	g.Numbers("by24", -1, 2, 4).Numbers("by42", -1, 4, 2).Numbers("flat", -1, 8).Numbers("rows", 0, 4, -1).Numbers("pads", 0, 0, 1, 1, 0, 0, 1, 1)
	g.Numbers("n0", 0).Numbers("n1", 1).Numbers("n4", 4).Numbers("n8", 8)
	return g.Numbers("scalar s0", 0).Numbers("scalar s1", 1).Do(fusable[name]).Out("y", 5)
}

// TestPassComputesInnerTensors holds, for what the runtime's optimizer joins, drops or moves, that every tensor asked
// for of a pass has the values that it has where nothing is optimized; and so the ranges of calibration.
func TestPassComputesInnerTensors(t *testing.T) {
	for name := range fusable {
		t.Run(name, func(t *testing.T) {
			p, cfg := preparedFloat(t, fusableGraph(name).Config(t))
			all := innerTensors(t, p, 8)
			plain, fused := passOf(t, all, p, 0), passOf(t, all, p, blocks.Optimization)
			for i, out := range all.Outputs {
				if far := farthest(plain[i], fused[i]); !(far < 1e-4) {
					t.Errorf("%s is %g of its range from what the network computes", out.Name, far)
				}
			}
			grids, err := task.CalibrateAndTell(context.Background(), p.Network, p.Data, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i, h := range p.Network.Holders {
				at := slices.IndexFunc(all.Outputs, func(o backend.Tensor) bool { return o.Name == h.Tensor })
				if at < 0 {
					continue // an input
				}
				low, high := slices.Min(plain[at]), slices.Max(plain[at])
				if size := float64(high - low); math.Abs(float64(low)-float64(min(grids.Seen[i].Min, low))) > 1e-4*size || math.Abs(float64(high)-float64(grids.Seen[i].Max)) > 1e-4*size {
					t.Errorf("calibration saw %v of %s; it is %v to %v", grids.Seen[i], h.Tensor, low, high)
				}
			}
		})
	}
}

// preparedFloat reads a float network and its samples.
func preparedFloat(t *testing.T, c config.Config) (*task.Task, config.Config) {
	t.Helper()
	c = c.Filled()
	p := &task.Task{}
	var err error
	if p.Model, err = onnx.Read(c.Model); err == nil {
		if p.Network, err = task.PrepareFloat(context.Background(), p.Model, c); err == nil {
			p.Data, err = task.OpenData(c.Data, "", p.Model, c, 0)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, c
}

// farthest is the largest difference of two lists, in shares of the first one's largest value.
func farthest(want, got []float32) float64 {
	size, far := 0.0, 0.0
	for i, v := range want {
		d := math.Abs(float64(v) - float64(got[i]))
		if d != d {
			return d
		}
		size, far = max(size, math.Abs(float64(v))), max(far, d)
	}
	if far == 0 {
		return 0
	}
	return far / size
}

// innerTensors is the float network with every float tensor as an output.
func innerTensors(t *testing.T, p *task.Task, block int) *backend.Segment {
	t.Helper()
	inputs, err := blocks.Inputs(p.Model, p.Data, block)
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := fixShapes(context.Background(), p.Network.Model, inputs, block)
	if err != nil {
		t.Fatal(err)
	}
	src, err := segments.New(fixed, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range fixed.Computed() {
		if src.Tensors[n].Type == backend.DType(ir.Float) {
			names = append(names, n)
		}
	}
	all, err := src.Of(variants.WithOutputs(fixed, names...))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// passOf are the outputs of a pass, all samples' of each behind one another.
func passOf(t *testing.T, s *backend.Segment, p *task.Task, level int) [][]float32 {
	t.Helper()
	rows := make([][]float32, len(s.Outputs))
	if err := direct.PassSteps(context.Background(), s, p.Data, level, func(_, _, _ int, outputs [][]float32) error {
		for i := range outputs {
			rows[i] = append(rows[i], outputs[i]...)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestUnwrittenOutputIsAnError holds that a session that leaves an output as it was is never read, whatever runs it,
// and that outputs of every type are told from memory that nobody wrote.
func TestUnwrittenOutputIsAnError(t *testing.T) {
	plain := func(g *tasktest.Graph, names ...string) error {
		p, _ := preparedFloat(t, g.Config(t))
		inputs, err := blocks.Inputs(p.Model, p.Data, 8)
		if err != nil {
			t.Fatal(err)
		}
		fixed, err := fixShapes(context.Background(), p.Model, inputs, 8)
		if err != nil {
			t.Fatal(err)
		}
		src, err := segments.New(fixed, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := src.Of(variants.WithOutputs(fixed, names...))
		if err != nil {
			t.Fatal(err)
		}
		runs, err := direct.NewPlain(s, p.Data, direct.PlainOptions{Level: blocks.Optimization})
		if err != nil {
			t.Fatal(err)
		}
		defer runs.Close()
		return runs.Pass(context.Background())
	}
	err := plain(fusableGraph("Transpose Gemm Transpose"), "g", "a", "y")
	if e, ok := errors.AsType[*device.UnwrittenError](err); !ok || !slices.Equal(e.Tensors, []string{"g"}) || ExitCode(err) != 1 {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
	g := tasktest.NewGraph(16).In("x", nil, 8).Weight("v", 0.5, 8, 5).Constant("zero", []float32{0}).Constant("c", []float32{0xd5})
	g.Do("y = MatMul x v; o = Mul x zero; p = Add o c; byte = Cast p to=2; flag = Cast p to=9; short = Cast p to=5; long = Cast p to=7; wide = Cast p to=11; half = Cast p to=10").Out("y", 5)
	if err := plain(g, "y", "byte", "flag", "short", "long", "wide", "half"); err != nil {
		t.Errorf("outputs of all types: %v", err)
	}
}

// fixShapes measures the shapes of a model's tensors and fixes them for blocks of one size.
func fixShapes(ctx context.Context, m *onnx.Model, inputs []backend.Tensor, block int) (*onnx.Model, error) {
	s, err := blocks.Measure(ctx, m, inputs, block)
	if err != nil {
		return nil, err
	}
	return s.Fix(m, inputs, block, nil)
}
