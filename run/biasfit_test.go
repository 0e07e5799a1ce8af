package run

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// deadChannels are networks with two channels whose weights are next to nothing and whose biases are large, so that
// these do not fit int32 at the weights' own scales.
func deadChannels(size float32) map[string]*tasktest.Graph {
	image := func() *tasktest.Graph {
		return tasktest.NewGraph(48).In("x", nil, 8, 6, 6).Out("y", 5).Weight("wo", 0.5, 8, 5).Do("r = Relu x")
	}
	tail := "; d = Relu c; g = GlobalAveragePool d; f = Flatten g; y = MatMul f wo"
	vector := func() *tasktest.Graph {
		return tasktest.NewGraph(48).In("x", nil, 8).Out("y", 5).Weight("wo", 0.5, 8, 5).Do("r = Relu x")
	}
	late := "; d = Relu c; y = MatMul d wo"
	norm := []float32{1, 1, 1, 1, 1, 1, 1, 1}
	vanished := []float32{size, size, 1, 1, 1, 1, 1, 1}
	return map[string]*tasktest.Graph{
		"Conv":           image().Weight("w", 0.3, 8, 8, 1, 1).Dead("w", size, 8).Biased("b", 8).Do("c = Conv r w b" + tail),
		"depthwise Conv": image().Weight("w", 0.3, 8, 1, 3, 3).Dead("w", size, 9).Biased("b", 8).Do("c = Conv r w b group=8" + tail),
		"Conv of one dimension": tasktest.NewGraph(48).In("x", nil, 8, 12).Out("y", 5).Weight("wo", 0.5, 8, 5).Weight("w", 0.3, 8, 8, 3).Dead("w", size, 24).Biased("b", 8).
			Do("r = Relu x; c = Conv r w b" + tail),
		"ConvTranspose":  image().Weight("w", 0.3, 8, 8, 2, 2).Dead("w", size, 4).Biased("b", 8).Do("c = ConvTranspose r w b strides=2,2" + tail),
		"Gemm":           vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Biased("b", 8).Do("c = Gemm r w b" + late),
		"Gemm, transB":   vector().Weight("w", 0.3, 8, 8).Dead("w", size, 8).Biased("b", 8).Do("c = Gemm r w b transB=1" + late),
		"Gemm, [1,n]":    vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Biased("b", 1, 8).Do("c = Gemm r w b" + late),
		"Gemm, a number": vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Constant("b", []float32{3}).Do("c = Gemm r w b" + late),
		"MatMul + Add":   vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Biased("b", 8).Do("m = MatMul r w; c = Add m b" + late),
		"Add + MatMul":   vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Biased("b", 8).Do("m = MatMul r w; c = Add b m" + late),
		"MatMul + [1,n]": vector().Weight("w", 0.3, 8, 8).Dead("w", size, 1).Biased("b", 1, 8).Do("m = MatMul r w; c = Add m b" + late),
		"Conv, norm":     image().Weight("w", 0.3, 8, 8, 1, 1).Constant("s", vanished, 8).Biased("b", 8).Constant("mean", make([]float32, 8), 8).Constant("var", norm, 8).Do("k = Conv r w; c = BatchNormalization k s b mean var" + tail),
		"behind MaxPool": image().Weight("w", 0.3, 8, 8, 1, 1).Dead("w", size, 8).Biased("b", 8).Do("p = MaxPool r kernel_shape=2,2; c = Conv p w b" + tail),
		"weights in two layers": image().Weight("w", 0.3, 8, 8, 1, 1).Dead("w", size, 8).Biased("b", 8).Biased("b2", 8).
			Do("k = Conv r w b; kr = Relu k; c = Conv kr w b2" + tail),
	}
}

// TestBiasesFit holds that the written files are as good in a default session as in the exact one: the runtime makes
// int32 of float biases there. 3e-4 is a size at which a bias fits on the 8-bit grid and not on the 16-bit one; 1e-38
// makes weights that are no normal numbers.
func TestBiasesFit(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, size := range []float32{1e-6, 3e-4, 1e-38, 0} {
		for name, b := range deadChannels(size) {
			t.Run(fmt.Sprintf("%s, %g", name, size), func(t *testing.T) {
				t.Parallel()
				cfg := b.Config(t)
				near(t, cfg, 20, 38, "exact")
				near(t, cfg, 12, 38, "default") // whose integer kernels saturate on some processors
			})
		}
	}
}

// TestBiasesFitBesideBF16 has the low grids be chosen behind the weights', which are finer than those by minmax where
// the calibration has an outlier; bfloat16 beside them has no step that bounds them. The file is as good in a default
// session as in the exact one.
func TestBiasesFitBesideBF16(t *testing.T) {
	cfg := deadChannels(1e-6)["Conv"].Config(t)
	x := tasktest.Normals(5, 400*8*36)
	x[7] = 400
	cfg.Calib = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "calib.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, 400, 8, 6, 6)})
	cfg.Bits, cfg.RangeLow, cfg.Target, cfg.Strategy = "8,bf16", "auto", "8", "gallop"
	r := mustSearch(t, cfg)
	exact, other := *r.Score.Mixed.Value, *r.Verified.DefaultValue
	if len(r.Promotion) > 0 || exact < 15 || other < exact-6 {
		t.Errorf("%d activations stay in bf16; %g dB, in a default session %g", len(r.Promotion), exact, other)
	}
}

// TestIntegerBiasesFit holds that --bias int32 puts such biases on their grids, too, those of one row among them, and
// that the file says what it was told.
func TestIntegerBiasesFit(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, size := range []float32{1e-6, 1e-38} {
		for name, b := range deadChannels(size) {
			t.Run(fmt.Sprintf("%s, %g", name, size), func(t *testing.T) {
				cfg := b.Config(t)
				cfg.Bias = "int32"
				var said []string
				cfg.Say = func(text string) { said = append(said, text) }
				near(t, cfg, 20, 38, "exact")
				near(t, cfg, 12, 38, "default")
				cfg.Out = t.TempDir()
				low, _, err := Quantize(context.Background(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				m, err := onnx.Read(low)
				if err != nil {
					t.Fatal(err)
				}
				whole := 0
				for _, w := range m.Graph().GetInitializer() {
					if ir.DType(w.GetDataType()) == ir.Int32 && strings.HasSuffix(w.GetName(), "_quantized") {
						whole++
					}
				}
				if name == "Gemm, a number" {
					if whole != 0 || !strings.Contains(strings.Join(said, "\n"), `warning: bias "b" of `) {
						t.Errorf("%d biases are int32; it said %q", whole, said)
					}
				} else if whole == 0 || len(said) > 0 {
					t.Errorf("%d biases are int32; it said %q", whole, said)
				}
			})
		}
	}
}

// TestWideWeights holds that MatMuls with stacks of matrices for weights, on either side, run in a default session.
func TestWideWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	net := func(dims ...int64) *tasktest.Graph {
		return tasktest.NewGraph(40).In("x", nil, dims...).Out("y", 5).Weight("wo", 0.5, 8, 5)
	}
	for name, b := range map[string]*tasktest.Graph{
		"[1,8,8]":           net(6, 8).Weight("w", 1, 1, 8, 8).Do("a = MatMul x w; r = Relu a; p = ReduceMean r axes=[1] keepdims=0; y = MatMul p wo"),
		"[1,1,8,8]":         net(2, 6, 8).Weight("w", 1, 1, 1, 8, 8).Do("a = MatMul x w; r = Relu a; p = ReduceMean r axes=1,2 keepdims=0; y = MatMul p wo"),
		"[2,8,8]":           net(2, 6, 8).Weight("w", 1, 2, 8, 8).Do("a = MatMul x w; r = Relu a; p = ReduceMean r axes=1,2 keepdims=0; y = MatMul p wo"),
		"[1,3,8,8], a bias": net(3, 6, 8).Weight("w", 1, 1, 3, 8, 8).Weight("b", 1, 8).Do("m = MatMul x w; a = Add m b; r = Relu a; p = ReduceMean r axes=1,2 keepdims=0; y = MatMul p wo"),
		"a matrix, left":    net(6, 8).Weight("w", 1, 4, 6).Do("a = MatMul w x; r = Relu a; p = ReduceMean r axes=[1] keepdims=0; y = MatMul p wo"),
		"[1,4,6], left":     net(6, 8).Weight("w", 1, 1, 4, 6).Do("a = MatMul w x; r = Relu a; p = ReduceMean r axes=[1] keepdims=0; y = MatMul p wo"),
	} {
		t.Run(name, func(t *testing.T) {
			cfg := b.Config(t)
			near(t, cfg, 20, 38, "exact")
			near(t, cfg, 15, 38, "default")
		})
	}
}

// TestExportsOfWideAndWidenedWeights writes such weights in every format: each file that a runtime can run is what
// was searched.
func TestExportsOfWideAndWidenedWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, b := range map[string]*tasktest.Graph{
		"dead channels":     deadChannels(1e-6)["Conv"],
		"a bias of one row": deadChannels(1e-6)["Gemm, [1,n]"],
		"[2,8,8]": tasktest.NewGraph(40).In("x", nil, 2, 6, 8).Out("y", 5).Weight("wo", 0.5, 8, 5).Weight("w", 1, 2, 8, 8).
			Do("a = MatMul x w; r = Relu a; p = ReduceMean r axes=1,2 keepdims=0; y = MatMul p wo"),
	} {
		for _, bias := range []string{"float", "int32"} {
			t.Run(name+", "+bias, func(t *testing.T) {
				cfg := b.Config(t)
				cfg.Bias, cfg.Export = bias, []string{"qdq-ms", "mctq", "encodings", "overrides"}
				r := mustSearch(t, cfg)
				if !r.Verified.Identical || len(r.Exports) < 4 {
					t.Errorf("%+v, %d exports", r.Verified, len(r.Exports))
				}
				for _, e := range r.Exports {
					if e.Verified != nil && !e.Verified.Identical {
						t.Errorf("%s: %+v", e.Format, e.Verified)
					}
				}
			})
		}
	}
}
