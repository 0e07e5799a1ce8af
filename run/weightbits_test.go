package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/result"
)

// weightWidths are the widths of the weights in a written file, by their names, in order.
func weightWidths(t *testing.T, path string) (list []string) {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := onnx.ReadQuantized(m, "qdq")
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range n.Weights {
		list = append(list, fmt.Sprint(name, " ", w.Bits()))
	}
	slices.Sort(list)
	return list
}

// TestWeightBits searches with weights of 4 and 16 bits, of all layers and of some: the file has them so and computes
// what was searched, bit for bit; result, inspect and quantize say the same widths; full scores decide alike; the bit
// operations count them.
func TestWeightBits(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	base := tasktest.TinyConfig(t, 64)
	base.Strategy, base.Target = "gallop", "16bit-0.1"
	plain, err := Search(context.Background(), base)
	if err != nil {
		t.Fatal(err)
	}
	inspected, err := Inspect(context.Background(), config.Config{Model: base.Model})
	if err != nil {
		t.Fatal(err)
	}
	layer := inspected.Layers[1]
	if len(inspected.Layers) < 3 || layer.Bits != 8 || layer.Elements == 0 || plain.Layers != nil {
		t.Fatalf("layers %+v, in a plain result %+v", inspected.Layers, plain.Layers)
	}
	for text, want := range map[string]func(l result.Layer) int{
		"4":  func(result.Layer) int { return 4 },
		"16": func(result.Layer) int { return 16 },
		"4 " + layer.Layer + "=16": func(l result.Layer) int {
			return map[bool]int{true: 16, false: 4}[l.Layer == layer.Layer]
		},
		"16 op:*=8 " + layer.Weight + "=4": func(l result.Layer) int {
			return map[bool]int{true: 4, false: 8}[l.Weight == layer.Weight]
		},
	} {
		t.Run(text, func(t *testing.T) {
			c := base
			c.WeightBits, c.Out, c.Export = strings.Fields(text), filepath.Join(t.TempDir(), "run"), []string{"mctq", "encodings", "qdq-ms"}
			r, err := Search(context.Background(), c)
			if err != nil {
				t.Fatal(err)
			}
			if v := r.Verified; !v.Identical || slices.ContainsFunc(r.Exports, func(e result.Export) bool { return e.Verified != nil && !e.Verified.Identical }) {
				t.Errorf("the written files: %+v, %+v", v, r.Exports)
			}
			var widths []string
			for _, l := range r.Layers {
				if l.Bits != want(l) {
					t.Errorf("%s has %d bits, want %d", l.Layer, l.Bits, want(l))
				}
				widths = append(widths, fmt.Sprint(l.Weight, " ", l.Bits))
			}
			slices.Sort(widths)
			if got := weightWidths(t, filepath.Join(c.Out, "mixed.onnx")); !slices.Equal(got, widths) {
				t.Errorf("the file has %v, the result %v", got, widths)
			}
			seen, err := Inspect(context.Background(), config.Config{Model: c.Model, WeightBits: c.WeightBits})
			if err != nil || !slices.EqualFunc(seen.Layers, r.Layers, func(a, b result.Layer) bool { return a.Layer == b.Layer && a.Bits == b.Bits }) {
				t.Errorf("inspect: %+v, %v", seen, err)
			}
			if low, _, err := Quantize(context.Background(), config.Config{Model: c.Model, Calib: c.Calib, Out: t.TempDir(), WeightBits: c.WeightBits}); err != nil {
				t.Error(err)
			} else if got := weightWidths(t, low); !slices.Equal(got, widths) {
				t.Errorf("quantize: %v, want %v", got, widths)
			}
			if bops, usual := *r.Savings[0].Total, *plain.Savings[0].Total; len(c.WeightBits) == 1 && bops != usual*float64(r.Layers[0].Bits)/8 {
				t.Errorf("%v bit operations at %d bits, %v at 8", bops, r.Layers[0].Bits, usual)
			}
			naive := c
			naive.Scan, naive.Export, naive.Out = "naive", nil, filepath.Join(t.TempDir(), "naive")
			again, err := Search(context.Background(), naive)
			if err != nil || promotedBy(again) != promotedBy(r) {
				t.Errorf("by full scores %s, else %s (%v)", promotedBy(again), promotedBy(r), err)
			}
			if v, err := Verify(context.Background(), c.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
			c.WeightBits = []string{"8", "op:*=4"}
			if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "weight bits") && !strings.Contains(err.Error(), "finished") {
				t.Errorf("the same folder with other weights: %v", err)
			}
		})
	}
	usual := base
	usual.WeightBits, usual.Out = []string{"8"}, filepath.Join(t.TempDir(), "usual")
	if _, err := Search(context.Background(), usual); err != nil {
		t.Fatal(err)
	}
	one, err := os.ReadFile(filepath.Join(base.Out, "mixed.onnx"))
	two, err2 := os.ReadFile(filepath.Join(usual.Out, "mixed.onnx"))
	if err != nil || err2 != nil || !slices.Equal(one, two) {
		t.Errorf("weights of 8 bits, typed, are another file: %v, %v", err, err2)
	}
}

// TestWeightBitsRepaired: a weight of two layers that a repair makes two keeps the width that its name was given.
func TestWeightBitsRepaired(t *testing.T) {
	b := tasktest.NewGraph(40).In("x", nil, 8).Out("y", 5).Weight("v", 0.4, 8, 8).Weight("w", 0.4, 8, 8).Weight("u", 0.4, 8, 8).Weight("l", 0.5, 8, 5).
		Do("a = MatMul x v; b = Relu a; c = MatMul b w; d = Relu c; e = MatMul d u; f = Relu e; g = MatMul f w; h = Relu g; y = MatMul h l")
	for _, w := range b.G.Initializer { // channels far apart in size
		for i := range w.FloatData {
			w.FloatData[i] *= float32(int(1) << (i % 4 * 3))
		}
	}
	c := b.Config(t)
	c.Target, c.Strategy, c.Repair, c.WeightBits = "16bit-1", "gallop", "equalize", []string{"w=16"}
	r, err := Search(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := weightWidths(t, filepath.Join(c.Out, "mixed.onnx"))
	if want := []string{"l 8", "u 8", "v 8", "w 16", "w_repaired 16"}; !slices.Equal(got, want) {
		t.Errorf("the file has %v, want %v; repairs %+v", got, want, r.Repairs)
	}
}

// TestWeightBitsOfNone: where no weight is rounded, that is said, and not a list named that has nothing.
func TestWeightBitsOfNone(t *testing.T) {
	b := tasktest.NewGraph(8).In("x", func(i int) float32 { return float32(i % 7) }, 8).Weight("w", 0.5, 8, 4).
		Do("e = Einsum x w equation=ab,bc->ac; y = Softmax e").Out("y", 4)
	c := b.Config(t)
	c.WeightBits = []string{"4"}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "no layer of this network has weights that are rounded; leave it out") {
		t.Error(err)
	}
}

// TestWeightBitsRefused are widths of weights that cannot be meant.
func TestWeightBitsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"2": `"2" is no width of weights: choose among 4, 8 and 16`, "conv=": `"" is no width of weights`, "=4": "write a width for all layers", "nothing*=4": "no layer with weights, and no weight, is named or matched",
		"[=4": "is no pattern", "op:Softmax=16": "no layer with weights", "bf16": "is no width of weights",
	} {
		c := tasktest.TinyConfig(t, 16)
		c.Target, c.WeightBits = "16bit-0.1", []string{"8", text}
		_, searched := Search(context.Background(), c)
		_, seen := Inspect(context.Background(), config.Config{Model: c.Model, WeightBits: c.WeightBits})
		_, _, written := Quantize(context.Background(), config.Config{Model: c.Model, Calib: c.Calib, Out: t.TempDir(), WeightBits: c.WeightBits})
		for _, err := range []error{searched, seen, written} {
			if err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
				t.Errorf("%s: %v, want %q", text, err, want)
			}
		}
	}
	pair := config.Config{Low: "l.onnx", High: "h.onnx", Data: "e.npz", Target: "0.5", Out: "x", WeightBits: []string{"4"}}
	if _, err := Search(context.Background(), pair); err == nil || !strings.Contains(err.Error(), "bring their own weights") {
		t.Errorf("a pair: %v", err)
	}
	encoded := config.Config{Model: "m.onnx", EncodingsLow: "l.json", EncodingsHigh: "h.json", Data: "e.npz", Target: "0.5", Out: "x", WeightBits: []string{"4"}}
	if _, err := Search(context.Background(), encoded); err == nil || !strings.Contains(err.Error(), "bring the grids of weights") {
		t.Errorf("encodings: %v", err)
	}
	c := tasktest.TinyConfig(t, 16)
	c.Target, c.WeightBits, c.Export = "16bit-0.1", []string{"4"}, []string{"overrides"}
	if _, err := Search(context.Background(), c); err == nil || !strings.Contains(err.Error(), "overrides say nothing of weights") || ExitCode(err) != ExitMistake {
		t.Errorf("overrides: %v", err)
	}
}
