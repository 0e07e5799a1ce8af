package qdq_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/qdq"
	"example.org/demote/quant"
)

// narrowGrids are grids of 4 bits, with negative values and without, signed and not.
func narrowGrids(t *testing.T) map[string]quant.Grid {
	grids := make(map[string]quant.Grid)
	for name, c := range map[string]struct {
		kind quant.Kind
		r    quant.Range
	}{
		"asymmetric -1..3": {quant.Asymmetric, quant.Range{Min: -1, Max: 3}}, "asymmetric 0..3": {quant.Asymmetric, quant.Range{Max: 3}},
		"symmetric": {quant.Symmetric, quant.Range{Min: -1, Max: 3}}, "pow2": {quant.Pow2, quant.Range{Min: -1, Max: 3}}, "pow2 0..3": {quant.Pow2, quant.Range{Max: 3}},
	} {
		g, err := quant.GridFor(c.kind, 4, c.r)
		if err != nil {
			t.Fatal(err)
		}
		grids[name] = g
	}
	return grids
}

// TestReluStaysInFrontOf4Bits runs written files with a Relu or a Clip in front of a grid of 4 bits, at every level, in
// the default and in the exact session: they compute the formulas in Go.
func TestReluStaysInFrontOf4Bits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	in := onnxruntest.Feed{Name: "x", Dims: []int64{1, 4, 8, 8}, Floats: make([]float32, 256)}
	for i := range in.Floats {
		in.Floats[i] = float32(r.NormFloat64() * 2)
	}
	copy(in.Floats, []float32{0, -0.1, 0.1, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 1e30, -1e30})
	relu := func(v float32) float32 { return max(v, 0) }
	clip := func(v float32) float32 { return min(max(v, 0), 2) }
	for text, front := range map[string]func(float32) float32{
		"h = Relu(x)\ny = Neg(h)":                                          relu,
		"a = Relu(x)\nh = Transpose(a) perm=[0,1,3,2]\ny = Neg(h)":         relu,
		"a = Relu(x)\nh = Reshape(a, s)\ny = Neg(h)":                       relu,
		"a = Relu(x)\nb = Clip(a, low, high)\nh = Identity(b)\ny = Neg(h)": clip,
		"a = Relu(x)\nh = Clip(a, , high)\ny = Neg(h)":                     clip,
		"h = Clip(x, low)\ny = Neg(h)":                                     relu,
		"c = Conv(x, w) group=4\nh = Relu(c)\ny = Neg(h)":                  relu,
		"c = Conv(x, w) group=4\nh = Clip(c, low, high)\ny = Neg(h)":       clip,
		"h = Clip(x, low, high)\ny = Neg(h)":                               clip,
		"a = Relu(x)\nh = Sub(a, low)\ny = Neg(h)":                         relu,
	} {
		m := onnxtest.FromText(t, "input x\nconst s int64 [4] = 1 4 8 8\nconst w [4 1 1 1] = 1 1 1 1\nconst low = 0\nconst high = 2\n"+text+"\nreturn y")
		m.Graph().Input[0] = onnxtest.Declared("x", ir.Float, 1, 4, 8, 8)
		n, err := prepare.Network(m, network.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n.Holders = []network.Holder{{Name: "h", Tensor: "h"}} // also where the tensor has moved
		for name, g := range narrowGrids(t) {
			m, err := qdq.Write(n, []quant.Record{{Low: g, High: g}}, []bool{true})
			if err != nil {
				t.Fatal(err)
			}
			for _, keys := range []map[string]string{nil, onnxruntest.Exact.Keys} {
				for _, level := range []ort.GraphOptimizationLevel{ort.GraphOptimizationLevelDisableAll, ort.GraphOptimizationLevelEnableBasic,
					ort.GraphOptimizationLevelEnableExtended, ort.GraphOptimizationLevelEnableAll} {
					got := onnxruntest.Run(t, m, onnxruntest.Settings{Level: level, Keys: keys}, in)["y"]
					wrong := 0
					for i, v := range in.Floats {
						at := i
						if strings.Contains(text, "Transpose") {
							at = i/64*64 + i%8*8 + i/8%8
						}
						if -g.Value(front(v)) != got[at] && wrong < 3 {
							wrong++
							t.Errorf("%q, %s (%s), exact %v, level %d: %g became %g, want %g", text, name, g, keys != nil, level, v, got[at], -g.Value(front(v)))
						}
					}
				}
			}
			for _, nd := range m.Graph().GetNode() {
				if op := nd.GetOpType(); op == "Relu" || op == "Clip" {
					t.Errorf("%q, %s: a %s is left", text, name, op)
				}
			}
		}
	}
}
