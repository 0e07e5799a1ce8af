package qdq_test

import (
	"math"
	"slices"
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

// TestCastPair runs files with activations on bfloat16 at every level, in the default and in the exact session, over
// floats of all exponents and signs, NaN, infinities and -0: ONNX Runtime keeps the pair of Casts, and computes the
// formula in Go, bit for bit. Read again, the file has that grid.
func TestCastPair(t *testing.T) {
	var x []float32
	for u := uint64(0); u < 1<<32; u += 99_991 {
		x = append(x, math.Float32frombits(uint32(u)))
	}
	for _, u := range []uint32{0, 0x8000, 0x3f808000, 0x3f818000, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000} {
		x = append(x, math.Float32frombits(u), math.Float32frombits(u|1<<31))
	}
	x = x[:len(x)/8*8]
	in := onnxruntest.Feed{Name: "x", Dims: []int64{int64(len(x) / 8), 8}, Floats: x}
	g := quant.BF16Grid()
	same := func(v float32) float32 { return v }
	for text, fs := range map[string][2]func(float32) float32{
		"h = Identity(x)\ny = Neg(h)":                 {same, func(v float32) float32 { return -v }},
		"h = Relu(x)\ny = Abs(h)":                     {func(v float32) float32 { return float32(math.Max(float64(v), 0)) }, func(v float32) float32 { return float32(math.Abs(float64(v))) }},
		"h = Neg(x)\nz = Reshape(h, s)\ny = Abs(z)":   {func(v float32) float32 { return -v }, func(v float32) float32 { return float32(math.Abs(float64(v))) }},
		"h = Neg(x)\ny = Cast(h) to=1":                {func(v float32) float32 { return -v }, same},
		"a = Neg(x)\nh = Mul(a, one)\ny = Mul(h,one)": {func(v float32) float32 { return -v }, same},
	} {
		m := onnxtest.FromText(t, "input x\nconst s int64 [2] = -1 8\nconst one = 1\n"+text+"\nreturn y")
		m.Graph().Input[0] = onnxtest.Declared("x", ir.Float, "N", 8)
		n, err := prepare.Network(m, network.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := n.Holders
		n.Holders = []network.Holder{{Name: "h", Tensor: "h"}}
		if !slices.ContainsFunc(n.Model.Graph().Node, func(nd ir.Node) bool { return slices.Contains(nd.GetOutput(), "h") }) {
			n.Holders[0].Tensor = at[len(at)-1].Tensor // an Identity is left out
		}
		low, err := quant.GridFor(quant.Asymmetric, 8, quant.Range{Min: -1, Max: 3})
		if err != nil {
			t.Fatal(err)
		}
		written, err := qdq.Write(n, []quant.Record{{Low: low, High: g}}, []bool{false})
		if err != nil {
			t.Fatal(err)
		}
		if _, grids, err := qdq.Format.Read(written, quant.QDQ); err != nil || len(grids) != 1 || grids[0] != g {
			t.Errorf("%q: read again, the grids are %v, %v", text, grids, err)
		}
		for _, keys := range []map[string]string{nil, onnxruntest.Exact.Keys} {
			for _, level := range []ort.GraphOptimizationLevel{ort.GraphOptimizationLevelDisableAll, ort.GraphOptimizationLevelEnableBasic,
				ort.GraphOptimizationLevelEnableExtended, ort.GraphOptimizationLevelEnableAll} {
				got := onnxruntest.Run(t, written, onnxruntest.Settings{Level: level, Keys: keys}, in)["y"]
				wrong := 0
				for i, v := range x {
					if v != v {
						if got[i] == got[i] && wrong < 3 {
							wrong++
							t.Errorf("%q, level %d: NaN became %g", text, level, got[i])
						}
						continue
					}
					if want := fs[1](g.Value(fs[0](v))); math.Float32bits(want) != math.Float32bits(got[i]) && wrong < 3 {
						wrong++
						t.Errorf("%q, exact %v, level %d: %g (%08x) became %g, want %g", text, keys != nil, level, v, math.Float32bits(v), got[i], want)
					}
				}
			}
		}
	}
}
