package mctq_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/rewrite"
	"example.org/demote/quant"
)

// mctqCases are the fixtures that scripts/fixtures_mctq.py makes with the real toolkit.
var mctqCases = []string{
	"pot", "symmetric", "uniform", "tensor", "attention", "constants", "lutpot", "lutsym", "shifted", "shiftlow", "shifthigh", "ports",
}

// TestMCTQHolders: names, widths and parameters of every holder as the toolkit has them, in the order of the file.
func TestMCTQHolders(t *testing.T) {
	for _, name := range mctqCases {
		f := onnxruntest.ReadFixture(t, name)
		for side, want := range map[string][]onnxruntest.Recorded{"low": f.Low, "high": f.High, "mixed": f.Mixed} {
			n, grids, err := mctq.Read(onnxruntest.Read(t, "../../onnx/testdata/mctq/"+name+"_"+side+".onnx"), quant.Torch)
			if err != nil {
				t.Errorf("%s %s: %v", name, side, err)
				continue
			}
			if len(n.Holders) != len(want) || len(grids) != len(want) {
				t.Errorf("%s %s: %d holders, %d grids, the toolkit has %d", name, side, len(n.Holders), len(grids), len(want))
				continue
			}
			for i, h := range n.Holders {
				j := slices.IndexFunc(want, func(r onnxruntest.Recorded) bool { return r.Name == h.Name })
				if j < 0 || h.Index != i {
					t.Errorf("%s %s: holder %d is %q", name, side, i, h.Name)
					continue
				}
				if err := matches(grids[i], want[j]); err != nil {
					t.Errorf("%s %s: holder %q: %v", name, side, h.Name, err)
				}
			}
		}
	}
}

// matches compares a grid with the toolkit's parameters: step and zero point as torch gets them.
func matches(g quant.Grid, r onnxruntest.Recorded) error {
	step := r.Threshold / math.Ldexp(1, r.Bits)
	zero := 0.0
	if r.Signed {
		step *= 2
	}
	if r.Quantizer == "ActivationUniformInferableQuantizer" {
		step = (r.MaxRange - r.MinRange) / (math.Ldexp(1, r.Bits) - 1)
		zero = -math.RoundToEven(r.MinRange / step)
	}
	if g.Bits != r.Bits || g.Signed != r.Signed || g.Scale != float32(step) || float64(g.Zero) != zero {
		return fmt.Errorf("%v, the toolkit has %d bits, signed %v, step %g, zero %g", g, r.Bits, r.Signed, float32(step), zero)
	}
	return nil
}

// TestMCTQWeights: every folded weight has the bits that the toolkit's quantizer makes in torch, and codes where they
// fit.
func TestMCTQWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, name := range mctqCases {
		record := onnxruntest.ReadNPZ(t, "../../onnx/testdata/mctq/"+name+".npz")
		for _, side := range []string{"low", "high"} {
			n, _, err := mctq.Read(onnxruntest.Read(t, "../../onnx/testdata/mctq/"+name+"_"+side+".onnx"), quant.Torch)
			if err != nil {
				t.Fatal(err)
			}
			have := make(map[string][]float32)
			for _, init := range n.Model.Graph().Initializer {
				if init.GetDataType() == int32(ir.Float) {
					v, err := ir.Floats(init)
					if err != nil {
						t.Fatal(err)
					}
					have[init.GetName()] = v
				}
			}
			found := 0
			for key, want := range record {
				layer, ok := strings.CutPrefix(key, side+"_weights/")
				if !ok {
					continue
				}
				for tensor, values := range have {
					if sameValues(values, want.Floats) {
						found++
						checkCodes(t, n.Weights[tensor], values)
						layer = ""
						break
					}
				}
				// A MatMul's weight is stored transposed; MCTQTransposed looks at those.
				if layer != "" && name != "attention" {
					t.Errorf("%s %s: weight %s of the toolkit is not in the network", name, side, layer)
				}
			}
			if found == 0 {
				t.Errorf("%s %s: no weight compared", name, side)
			}
		}
	}
}

func sameValues(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] { // zeros of either sign are the same
			return false
		}
	}
	return true
}

// checkCodes: code times scale gives the value again.
func checkCodes(t *testing.T, w *network.Weight, values []float32) {
	t.Helper()
	if w == nil {
		return
	}
	inner := 1
	if w.Axis >= 0 {
		for _, d := range w.Dims[w.Axis+1:] {
			inner *= int(d)
		}
	}
	for i, c := range w.Codes {
		if y := float32(float32(c) * w.Scales[i/inner%len(w.Scales)]); y != values[i] {
			t.Fatalf("weight %q, element %d: code %d gives %g, not %g", w.Tensor, i, c, y, values[i])
		}
	}
}

// TestMCTQCodes: with the toolkit's own quantized tensors as operands, every holder gives the toolkit's codes; torch
// and ONNX Runtime sum in another order, so a code may be one step off where a value lies between two.
func TestMCTQCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, name := range mctqCases {
		record := onnxruntest.ReadNPZ(t, "../../onnx/testdata/mctq/"+name+".npz")
		for _, side := range []string{"low", "high", "mixed"} {
			n, grids, err := mctq.Read(onnxruntest.Read(t, "../../onnx/testdata/mctq/"+name+"_"+side+".onnx"), quant.Torch)
			if err != nil {
				t.Fatal(err)
			}
			sw, err := rewrite.Switchable(n, onnxruntest.Both(grids))
			if err != nil {
				t.Fatal(err)
			}
			feeds := []onnxruntest.Feed{onnxruntest.MaskFeed(len(grids))}
			for i, v := range n.Model.Inputs() {
				x := record["x"]
				if i > 0 {
					x = record[fmt.Sprintf("x%d", i)]
				}
				size := len(x.Floats) / int(x.Dims[0])
				feeds = append(feeds, onnxruntest.Feed{Name: v.Name, Dims: append([]int64{1}, x.Dims[1:]...), Floats: x.Floats[:size]})
			}
			for i, h := range n.Holders {
				codes := record[side+"_codes/"+h.Name]
				f := onnxruntest.Feed{Name: h.Name, Dims: codes.Dims}
				for _, c := range codes.Ints {
					f.Floats = append(f.Floats, grids[i].Decode(int32(c)))
				}
				feeds = append(feeds, f)
			}
			out := onnxruntest.Run(t, onnxruntest.Forced(sw, n.Holders), onnxruntest.Exact, feeds...)
			elements, off := 0, 0
			for i, h := range n.Holders {
				want := record[side+"_codes/"+h.Name].Ints
				have := out[h.Name+"@"]
				if len(have) != len(want) || len(want) == 0 {
					t.Fatalf("%s %s: holder %q has %d elements, the toolkit %d", name, side, h.Name, len(have), len(want))
				}
				for k, y := range have {
					elements++
					if d := int64(grids[i].Code(y)) - want[k]; d < -1 || d > 1 {
						t.Fatalf("%s %s: holder %q, element %d: code %d, the toolkit has %d", name, side, h.Name, k, grids[i].Code(y), want[k])
					} else if d != 0 {
						off++
					}
				}
			}
			if limit := elements/500 + 2; off > limit {
				t.Errorf("%s %s: %d of %d codes one step off, more than %d", name, side, off, elements, limit)
			}
			t.Logf("%s %s: %d of %d codes one step off", name, side, off, elements)
		}
	}
}
