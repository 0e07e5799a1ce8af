package quantize

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/quant"
)

// preparedNet reads and prepares a small model.
func preparedNet(t testing.TB, b *onnxtest.Net) *network.Network {
	t.Helper()
	n, err := prepare.Network(b.Model(t), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWeightsAreQuantizedPerOutputChannel(t *testing.T) {
	cases := []struct {
		name   string
		net    *onnxtest.Net
		weight string
		axis   int
		scales int
	}{
		{"Conv", onnxtest.NewNet(21, 1, 2, 4, 4).Random("w", 3, 2, 1, 1).Node("Conv", []string{"x", "w"}, []string{"y"}), "w", 0, 3},
		{"ConvTranspose", onnxtest.NewNet(21, 1, 2, 4, 4).Random("w", 2, 5, 1, 1).Node("ConvTranspose", []string{"x", "w"}, []string{"y"}), "w", 1, 5},
		{"ConvTranspose in groups", onnxtest.NewNet(21, 1, 4, 4, 4).Random("w", 4, 3, 1, 1).
			Node("ConvTranspose", []string{"x", "w"}, []string{"y"}, ir.IntAttr("group", 2)), "w", 1, 3},
		{"Gemm", onnxtest.NewNet(21, 1, 4).Random("w", 4, 3).Node("Gemm", []string{"x", "w"}, []string{"y"}), "w", 1, 3},
		{"Gemm with transB", onnxtest.NewNet(21, 1, 4).Random("w", 3, 4).Node("Gemm", []string{"x", "w"}, []string{"y"}, ir.IntAttr("transB", 1)), "w", 0, 3},
		{"Gemm on the left", onnxtest.NewNet(21, 4, 2).Random("w", 3, 4).Node("Gemm", []string{"w", "x"}, []string{"y"}), "w", 0, 3},
		{"Gemm on the left with transA", onnxtest.NewNet(21, 4, 2).Random("w", 4, 3).Node("Gemm", []string{"w", "x"}, []string{"y"}, ir.IntAttr("transA", 1)), "w", 1, 3},
		{"MatMul", onnxtest.NewNet(21, 1, 4).Random("w", 4, 3).Node("MatMul", []string{"x", "w"}, []string{"y"}), "w", 1, 3},
		{"MatMul of a batch", onnxtest.NewNet(21, 2, 1, 4).Random("w", 2, 4, 3).Node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a batch of one", onnxtest.NewNet(21, 2, 1, 4).Random("w", 1, 4, 3).Node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a batch on the left", onnxtest.NewNet(21, 2, 4, 3).Random("w", 2, 3, 4).Node("MatMul", []string{"w", "x"}, []string{"y"}), "w", -1, 1},
		{"MatMul on the left", onnxtest.NewNet(21, 4, 2).Random("w", 3, 4).Node("MatMul", []string{"w", "x"}, []string{"y"}), "w", 0, 3},
		{"MatMul by a vector", onnxtest.NewNet(21, 1, 4).Random("w", 4).Node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a vector", onnxtest.NewNet(21, 4, 2).Random("w", 4).Node("MatMul", []string{"w", "x"}, []string{"y"}), "w", -1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := preparedNet(t, c.net.Output("y"))
			before, err := ir.Floats(onnxtest.Initializer(t, n.Model, c.weight))
			if err != nil {
				t.Fatal(err)
			}
			if err := Weights(n); err != nil {
				t.Fatal(err)
			}
			w := n.Weights[c.weight]
			if w == nil || w.Axis != c.axis || len(w.Scales) != c.scales {
				t.Fatalf("weight %+v", w)
			}
			after, err := ir.Floats(onnxtest.Initializer(t, n.Model, c.weight))
			if err != nil {
				t.Fatal(err)
			}
			want := make([]float32, len(after))
			quant.DequantizeWeights(want, w.Codes, w.Scales, w.Dims, w.Axis)
			if !slices.Equal(after, want) || slices.Equal(after, before) {
				t.Error("the initializer does not hold the values of the codes")
			}
		})
	}
}

func TestSharedWeights(t *testing.T) {
	// w is a weight by columns, a weight by rows, and a tensor of its own.
	b := onnxtest.NewNet(21, 3, 3).Random("w", 3, 3).
		Node("MatMul", []string{"x", "w"}, []string{"a"}).
		Node("MatMul", []string{"w", "a"}, []string{"b"}).
		Node("Mul", []string{"b", "w"}, []string{"y"}).Output("y")
	n := preparedNet(t, b)
	original, err := ir.Floats(onnxtest.Initializer(t, n.Model, "w"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Weights(n); err != nil {
		t.Fatal(err)
	}
	byColumn, byRow, plain := onnxtest.Find(t, n.Model, "a").Input[1], onnxtest.Find(t, n.Model, "b").Input[0], onnxtest.Find(t, n.Model, "y").Input[1]
	if byColumn == byRow || plain != "w" || byColumn == "w" || byRow == "w" {
		t.Fatalf("inputs are %q, %q and %q", byColumn, byRow, plain)
	}
	if n.Weights[byColumn].Axis != 1 || n.Weights[byRow].Axis != 0 || len(n.Weights) != 2 {
		t.Errorf("weights %v", n.Weights)
	}
	if got, err := ir.Floats(onnxtest.Initializer(t, n.Model, "w")); err != nil || !slices.Equal(got, original) {
		t.Error("the tensor that is no weight changed")
	}
}

func TestWeightSharedByEqualUsesStaysOne(t *testing.T) {
	b := onnxtest.NewNet(21, 3, 3).Random("w", 3, 3).
		Node("MatMul", []string{"x", "w"}, []string{"a"}).
		Node("MatMul", []string{"a", "w"}, []string{"y"}).Output("y")
	n := preparedNet(t, b)
	if err := Weights(n); err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 1 || n.Weights["w"] == nil || len(n.Model.Graph().Initializer) != 1 {
		t.Errorf("weights %v, %d initializers", n.Weights, len(n.Model.Graph().Initializer))
	}
}

func TestWeightThatNobodyKeepsIsDropped(t *testing.T) {
	b := onnxtest.NewNet(21, 3, 3).Random("w", 3, 3).
		Node("MatMul", []string{"x", "w"}, []string{"a"}).
		Node("MatMul", []string{"w", "a"}, []string{"y"}).Output("y")
	n := preparedNet(t, b)
	if err := Weights(n); err != nil {
		t.Fatal(err)
	}
	for _, i := range n.Model.Graph().Initializer {
		if i.GetName() == "w" {
			t.Error("the float weight is still there")
		}
	}
	if len(n.Weights) != 2 {
		t.Errorf("weights %v", n.Weights)
	}
}

func TestWeightsThatAreNotFinite(t *testing.T) {
	b := onnxtest.NewNet(21, 1, 2).Floats("w", []int64{2, 1}, 1, float32(math.Inf(1))).Node("MatMul", []string{"x", "w"}, []string{"y"}).Output("y")
	onnxtest.CheckBad(t, Weights(preparedNet(t, b)), `weight "w"`, `MatMul node "y"`)
}

func TestFloat16WeightBehindACast(t *testing.T) {
	b := onnxtest.NewNet(20, 1, 2).Node("Cast", []string{"h"}, []string{"w"}, ir.IntAttr("to", int64(ir.Float))).
		Node("MatMul", []string{"x", "w"}, []string{"y"}).Output("y")
	// 1, -2
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewTensor("h", ir.Float16, []int64{2, 1}, []byte{0x00, 0x3c, 0x00, 0xc0}))
	n := preparedNet(t, b)
	if got, err := ir.Floats(onnxtest.Initializer(t, n.Model, "w")); err != nil || !slices.Equal(got, []float32{1, -2}) {
		t.Fatalf("the folded weight is %v, %v", got, err)
	}
	if err := Weights(n); err != nil {
		t.Fatal(err)
	}
	if w := n.Weights["w"]; w == nil || !slices.Equal(w.Codes, []int8{64, -127}) {
		t.Errorf("weights %v", n.Weights)
	}
}
