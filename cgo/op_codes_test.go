package cgo_test

import (
	"math"
	"testing"

	"demote/cgo"
	"demote/onnx/onnxpb"
	"demote/quant"
)

// TestCodesPassThroughAGraph holds that what FakeQuant leaves comes back from its codes with the same
// bits, for both grids of a holder, and that the codes are those of Pack.
func TestCodesPassThroughAGraph(t *testing.T) {
	for _, formula := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, level := range []int{0, 99} {
			for _, n := range []int64{1, 1000, 100_000} {
				r := quant.Record{Low: grid(t, formula, quant.Asymmetric, 8, -1, 3), High: grid(t, formula, quant.Symmetric, 16, -1, 3)}
				f := fake{"x", "q", 0, r}
				attrs := f.node().Attribute
				to := node("ToCodes", "demote", []string{"q", "demote.mask"}, "codes", attrs...)
				first := open(t, network(t, 1, float("x", n), value("codes", onnxpb.TensorProto_UINT16, n), f.node(), to), cgo.Options{Level: level, IntraThreads: 1})
				from := node("FromCodes", "demote", []string{"codes", "demote.mask"}, "y", attrs...)
				second := open(t, network(t, 1, value("codes", onnxpb.TensorProto_UINT16, n), float("y", n), from), cgo.Options{Level: level, IntraThreads: 1})
				x, codes, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Uint16, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 1)
				a := bind(t, first, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"codes": codes})
				b := bind(t, second, map[string]*cgo.Tensor{"codes": codes, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
				for i := range x.Float32s() {
					x.Float32s()[i] = float32(math.Sin(float64(i)*1.7) * 4)
				}
				for _, bit := range []byte{0, 1, cgo.Watch, cgo.Compare, cgo.Low | cgo.Compare} {
					mask.Bytes()[0] = bit
					for _, run := range []*cgo.Binding{a, b} {
						if err := run.Run(); err != nil {
							t.Fatal(err)
						}
					}
					g := r.High
					if bit&cgo.Low != 0 {
						g = r.Low
					}
					values, packed := make([]float32, n), make([]byte, 2*n)
					for i, v := range x.Float32s() {
						values[i] = g.Value(v)
					}
					cgo.Pack(packed, values, g.Params())
					if string(packed) != string(codes.Bytes()) {
						t.Fatalf("%s, level %d, %d values, mask %d: other codes than Pack's", formula, level, n, bit)
					}
					for i, v := range values {
						if !sameBits(v, y.Float32s()[i]) {
							t.Fatalf("%s, level %d, mask %d: element %d is %g, want %g", formula, level, bit, i, y.Float32s()[i], v)
						}
					}
				}
			}
		}
	}
}
