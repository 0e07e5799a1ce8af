package onnx

import (
	"math"
	"slices"
	"testing"

	"demote/quant"
)

// prepare reads and prepares a small model.
func prepare(t testing.TB, b *net) *Network {
	t.Helper()
	n, err := Prepare(b.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWeightsAreQuantizedPerOutputChannel(t *testing.T) {
	cases := []struct {
		name   string
		net    *net
		weight string
		axis   int
		scales int
	}{
		{"Conv", newNet(21, 1, 2, 4, 4).random("w", 3, 2, 1, 1).node("Conv", []string{"x", "w"}, []string{"y"}), "w", 0, 3},
		{"ConvTranspose", newNet(21, 1, 2, 4, 4).random("w", 2, 5, 1, 1).node("ConvTranspose", []string{"x", "w"}, []string{"y"}), "w", 1, 5},
		{"ConvTranspose in groups", newNet(21, 1, 4, 4, 4).random("w", 4, 3, 1, 1).
			node("ConvTranspose", []string{"x", "w"}, []string{"y"}, intAttr("group", 2)), "w", 1, 3},
		{"Gemm", newNet(21, 1, 4).random("w", 4, 3).node("Gemm", []string{"x", "w"}, []string{"y"}), "w", 1, 3},
		{"Gemm with transB", newNet(21, 1, 4).random("w", 3, 4).node("Gemm", []string{"x", "w"}, []string{"y"}, intAttr("transB", 1)), "w", 0, 3},
		{"Gemm on the left", newNet(21, 4, 2).random("w", 3, 4).node("Gemm", []string{"w", "x"}, []string{"y"}), "w", 0, 3},
		{"Gemm on the left with transA", newNet(21, 4, 2).random("w", 4, 3).node("Gemm", []string{"w", "x"}, []string{"y"}, intAttr("transA", 1)), "w", 1, 3},
		{"MatMul", newNet(21, 1, 4).random("w", 4, 3).node("MatMul", []string{"x", "w"}, []string{"y"}), "w", 1, 3},
		{"MatMul of a batch", newNet(21, 2, 1, 4).random("w", 2, 4, 3).node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a batch of one", newNet(21, 2, 1, 4).random("w", 1, 4, 3).node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a batch on the left", newNet(21, 2, 4, 3).random("w", 2, 3, 4).node("MatMul", []string{"w", "x"}, []string{"y"}), "w", -1, 1},
		{"MatMul on the left", newNet(21, 4, 2).random("w", 3, 4).node("MatMul", []string{"w", "x"}, []string{"y"}), "w", 0, 3},
		{"MatMul by a vector", newNet(21, 1, 4).random("w", 4).node("MatMul", []string{"x", "w"}, []string{"y"}), "w", -1, 1},
		{"MatMul of a vector", newNet(21, 4, 2).random("w", 4).node("MatMul", []string{"w", "x"}, []string{"y"}), "w", -1, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := prepare(t, c.net.output("y"))
			before, err := Floats(initializer(t, n.Model, c.weight))
			if err != nil {
				t.Fatal(err)
			}
			if err := n.QuantizeWeights(); err != nil {
				t.Fatal(err)
			}
			w := n.Weights[c.weight]
			if w == nil || w.Axis != c.axis || len(w.Scales) != c.scales {
				t.Fatalf("weight %+v", w)
			}
			after, err := Floats(initializer(t, n.Model, c.weight))
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
	b := newNet(21, 3, 3).random("w", 3, 3).
		node("MatMul", []string{"x", "w"}, []string{"a"}).
		node("MatMul", []string{"w", "a"}, []string{"b"}).
		node("Mul", []string{"b", "w"}, []string{"y"}).output("y")
	n := prepare(t, b)
	original, err := Floats(initializer(t, n.Model, "w"))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.QuantizeWeights(); err != nil {
		t.Fatal(err)
	}
	byColumn, byRow, plain := find(t, n.Model, "a").Input[1], find(t, n.Model, "b").Input[0], find(t, n.Model, "y").Input[1]
	if byColumn == byRow || plain != "w" || byColumn == "w" || byRow == "w" {
		t.Fatalf("inputs are %q, %q and %q", byColumn, byRow, plain)
	}
	if n.Weights[byColumn].Axis != 1 || n.Weights[byRow].Axis != 0 || len(n.Weights) != 2 {
		t.Errorf("weights %v", n.Weights)
	}
	if got, err := Floats(initializer(t, n.Model, "w")); err != nil || !slices.Equal(got, original) {
		t.Error("the tensor that is no weight changed")
	}
}

func TestWeightSharedByEqualUsesStaysOne(t *testing.T) {
	b := newNet(21, 3, 3).random("w", 3, 3).
		node("MatMul", []string{"x", "w"}, []string{"a"}).
		node("MatMul", []string{"a", "w"}, []string{"y"}).output("y")
	n := prepare(t, b)
	if err := n.QuantizeWeights(); err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 1 || n.Weights["w"] == nil || len(n.Model.Graph().Initializer) != 1 {
		t.Errorf("weights %v, %d initializers", n.Weights, len(n.Model.Graph().Initializer))
	}
}

func TestWeightThatNobodyKeepsIsDropped(t *testing.T) {
	b := newNet(21, 3, 3).random("w", 3, 3).
		node("MatMul", []string{"x", "w"}, []string{"a"}).
		node("MatMul", []string{"w", "a"}, []string{"y"}).output("y")
	n := prepare(t, b)
	if err := n.QuantizeWeights(); err != nil {
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
	b := newNet(21, 1, 2).floats("w", []int64{2, 1}, 1, float32(math.Inf(1))).node("MatMul", []string{"x", "w"}, []string{"y"}).output("y")
	checkBad(t, prepare(t, b).QuantizeWeights(), `weight "w"`, `MatMul node "y"`)
}

func TestFloat16WeightBehindACast(t *testing.T) {
	b := newNet(20, 1, 2).node("Cast", []string{"h"}, []string{"w"}, intAttr("to", int64(Float))).
		node("MatMul", []string{"x", "w"}, []string{"y"}).output("y")
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, newTensor("h", Float16, []int64{2, 1}, []byte{0x00, 0x3c, 0x00, 0xc0})) // 1, -2
	n := prepare(t, b)
	if got, err := Floats(initializer(t, n.Model, "w")); err != nil || !slices.Equal(got, []float32{1, -2}) {
		t.Fatalf("the folded weight is %v, %v", got, err)
	}
	if err := n.QuantizeWeights(); err != nil {
		t.Fatal(err)
	}
	if w := n.Weights["w"]; w == nil || !slices.Equal(w.Codes, []int8{64, -127}) {
		t.Errorf("weights %v", n.Weights)
	}
}
