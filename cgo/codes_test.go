package cgo

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/quant"
)

// TestCodesAreLossless encodes every value of a grid and values fake-quantized from random ones.
func TestCodesAreLossless(t *testing.T) {
	for name, grid := range map[string]func() (quant.Grid, error){
		"asymmetric 8":  func() (quant.Grid, error) { return quant.GridFor("asymmetric", 8, quant.Range{Min: -1.7, Max: 3.1}) },
		"asymmetric 16": func() (quant.Grid, error) { return quant.GridFor("asymmetric", 16, quant.Range{Min: -1.7, Max: 3.1}) },
		"pow2 16":       func() (quant.Grid, error) { return quant.GridFor("pow2", 16, quant.Range{Min: -1.7, Max: 3.1}) },
		"symmetric 16": func() (quant.Grid, error) {
			return quant.GridFor("symmetric", 16, quant.Range{Min: -1e-30, Max: 1e-30})
		},
		"large 16":        func() (quant.Grid, error) { return quant.GridFor("asymmetric", 16, quant.Range{Min: 0, Max: 3e38}) },
		"mctq uniform 16": func() (quant.Grid, error) { return quant.FromMinMax(quant.MCTQ, -0.3, 77.7, 16) },
		"mctq uniform 8":  func() (quant.Grid, error) { return quant.FromMinMax(quant.MCTQ, -5.3, 1.1, 8) },
		"torch 16":        func() (quant.Grid, error) { return quant.FromMinMax(quant.Torch, -5.3, 1.1, 16) },
	} {
		t.Run(name, func(t *testing.T) {
			g, err := grid()
			if err != nil {
				t.Fatal(err)
			}
			p := g.Params()
			var x []float32
			for c := g.Min; c <= g.Max; c++ {
				x = append(x, g.Decode(c))
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for range 1<<16 + 13 {
				x = append(x, float32(rng.NormFloat64())*p.Scale*float32(int(1)<<g.Bits))
			}
			p.Apply(x, x)
			codes := make([]byte, 2*len(x))
			Encode(codes, x, p)
			for _, isa := range ISAs() {
				packed := make([]byte, 2*len(x))
				pack(packed, x, p, isa)
				if !bytes.Equal(packed, codes) {
					t.Fatalf("%s: Pack and Encode differ on values that lie on the grid", ISAName(isa))
				}
			}
			y := make([]float32, len(x))
			Decode(y, codes, p)
			for i := range x {
				if math.Float32bits(x[i]) != math.Float32bits(y[i]) {
					t.Fatalf("value %d: %g came back as %g", i, x[i], y[i])
				}
			}
		})
	}
}

// TestRecode turns the codes of one grid into those of another on which the same values lie, both ways.
func TestRecode(t *testing.T) {
	for name, k := range map[string]quant.Kind{"pow2": quant.Pow2, "symmetric": quant.Symmetric} {
		low, err := quant.GridOf(quant.QDQ, k, 8, quant.Range{Min: -1.7, Max: 3.1})
		if err != nil {
			t.Fatal(err)
		}
		high, err := quant.GridOf(quant.QDQ, k, 16, quant.Range{Min: -1.7, Max: 3.1})
		if err != nil {
			t.Fatal(err)
		}
		var x []float32
		for range 5 {
			for c := low.Min; c <= low.Max; c++ {
				if v := low.Decode(c); math.Float32bits(v) == math.Float32bits(high.Value(v)) {
					x = append(x, v)
				}
			}
		}
		codes, want, back := make([]byte, 2*len(x)), make([]byte, 2*len(x)), make([]byte, 2*len(x))
		Encode(codes, x, low.Params())
		Encode(back, x, low.Params())
		Encode(want, x, high.Params())
		if bytes.Equal(codes, want) {
			t.Fatalf("%s: the codes of both grids are the same: this test shows nothing", name)
		}
		Recode(codes, low.Params(), high.Params())
		if !bytes.Equal(codes, want) {
			t.Errorf("%s: %d codes of the low grid became other codes than the high grid's", name, len(x))
		}
		Recode(codes, high.Params(), low.Params())
		if !bytes.Equal(codes, back) {
			t.Errorf("%s: %d codes did not come back", name, len(x))
		}
	}
	Recode(nil, quant.Params{}, quant.Params{})
}
