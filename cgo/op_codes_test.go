package cgo_test

import (
	"bytes"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// TestCodesPassThroughAGraph holds that FakeQuantCodes gives what FakeQuant does and, where they are asked for, the
// codes that Pack makes of it, from which the same bits come back: for both grids of a holder, by one thread and by
// two.
func TestCodesPassThroughAGraph(t *testing.T) {
	for _, formula := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, level := range []int{0, 99} {
			for _, n := range []int64{1, 1000, 100_000} {
				threads := 1 + level/99
				r := quant.Record{Low: grid(t, formula, quant.Asymmetric, 8, -1, 3), High: grid(t, formula, quant.Symmetric, 16, -1, 3)}
				f := fake{"x", "q", 0, r}
				attrs := f.node().Attribute
				to := node("FakeQuantCodes", "demote", []string{"x", "demote.mask"}, "q", attrs...)
				to.Output = append(to.Output, "codes")
				model := withOutput(t, network(t, 1, float("x", n), float("q", n), to), value("codes", onnxpb.TensorProto_UINT16, n))
				first := open(t, model, cgo.Options{Level: level, IntraThreads: threads})
				from := node("FromCodes", "demote", []string{"codes", "demote.mask"}, "y", attrs...)
				second := open(t, network(t, 1, value("codes", onnxpb.TensorProto_UINT16, n), float("y", n), from), cgo.Options{Level: level, IntraThreads: 1})
				x, q, codes, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint16, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 1)
				a := bind(t, first, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"q": q, "codes": codes})
				b := bind(t, second, map[string]*cgo.Tensor{"codes": codes, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
				for i := range x.Float32s() {
					x.Float32s()[i] = float32(math.Sin(float64(i)*1.7) * 4)
				}
				for _, bit := range []byte{0, 1, cgo.Watch, cgo.Compare, cgo.Low | cgo.Compare} {
					mask.Bytes()[0] = bit
					for i := range codes.Bytes() {
						codes.Bytes()[i] = 0xa5
					}
					if err := a.Run(); err != nil {
						t.Fatal(err)
					}
					if bytes.Count(codes.Bytes(), []byte{0xa5}) != 2*int(n) {
						t.Fatalf("%s, level %d, %d values, mask %d: codes were written and not asked for", formula, level, n, bit)
					}
					bit |= cgo.Store
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
						if !sameBits(v, q.Float32s()[i]) || !sameBits(v, y.Float32s()[i]) {
							t.Fatalf("%s, level %d, mask %d: element %d is %g, and %g from its code, want %g", formula, level, bit, i, q.Float32s()[i], y.Float32s()[i], v)
						}
					}
				}
			}
		}
	}
}

// withOutput is a model with one more output.
func withOutput(t testing.TB, data []byte, v *onnxpb.ValueInfoProto) []byte {
	t.Helper()
	m := new(onnxpb.ModelProto)
	err := proto.Unmarshal(data, m)
	if err == nil {
		m.Graph.Output = append(m.Graph.Output, v)
		data, err = proto.Marshal(m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return data
}
