//go:build cuda

package cuda_test

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// A front is what stands in front of a holder and is done by its launch.
type front struct {
	name   string
	nodes  []*onnxpb.NodeProto // from x to v, for ONNX Runtime
	consts map[string]float32
	does   cuda.Front // nothing but a clip: of fake_quant
}

func (f front) launch(d *cuda.Device, x *cuda.Buffer[float32], grids *cuda.Buffer[quant.Params], holder int) *cuda.Launch {
	if f.does.Does == 0 {
		return d.FakeQuant(x, x, grids, holder, f.does.Clip)
	}
	of := f.does
	of.Other, of.Inner = x, 1
	return d.FakeQuantOf(x, x, of, grids, holder)
}

// clips is a front that clips alone.
func clips(name string, below, above float32, consts map[string]float32, nodes ...*onnxpb.NodeProto) front {
	return front{name, nodes, consts, cuda.Front{Clip: cuda.Clip{Below: below, Above: above}}}
}

// of is a front that fake_quant_of does.
func of(name string, does int, clip cuda.Clip, consts map[string]float32, nodes ...*onnxpb.NodeProto) front {
	return front{name, nodes, consts, cuda.Front{Does: does, Clip: clip}}
}

// hard is a front that fake_quant_of does by a line, of the nodes between x and v.
func hard(name string, does int, l cuda.Line, nodes ...*onnxpb.NodeProto) front {
	consts := map[string]float32{}
	for _, n := range nodes {
		for _, in := range n.Input {
			if v, ok := map[string]float32{"k0": 0, "k1": 1, "k3": 3, "k6": 6, "kh": 0.5, "kr": 1.0 / 6}[in]; ok {
				consts[in] = v
			}
		}
	}
	return front{name, nodes, consts, cuda.Front{Does: cuda.FrontLine | does, Line: l, Clip: cuda.NoClip}}
}

// unfused runs a front's nodes in ONNX Runtime on the CPU, with all optimizations, on n values that are put into x.
func unfused(t *testing.T, f front, n int64) (x []float32, run func() []float32) {
	t.Helper()
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(21)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"), Node: f.nodes,
			Input:  []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, n)},
			Output: []*onnxpb.ValueInfoProto{value("v", onnxpb.TensorProto_FLOAT, n)}}}
	for name, v := range f.consts {
		m.Graph.Initializer = append(m.Graph.Initializer, &onnxpb.TensorProto{Name: proto.String(name),
			DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), FloatData: []float32{v}})
	}
	data, err := proto.Marshal(m)
	do(t, err)
	s, err := cgo.NewSession(data, cgo.Options{Level: 99, IntraThreads: 1})
	do(t, err)
	b, err := s.NewBinding()
	do(t, err)
	in, err := cgo.NewTensor(cgo.Float32, n)
	do(t, err)
	out, err := cgo.NewTensor(cgo.Float32, n)
	do(t, err)
	for name, c := range map[string]struct {
		of func(string) (cgo.Slot, error)
		v  *cgo.Tensor
	}{"x": {b.Input, in}, "v": {b.Output, out}} {
		at, err := c.of(name)
		do(t, err)
		do(t, b.Bind(at, c.v))
	}
	t.Cleanup(func() {
		b.Close()
		s.Close()
		in.Close()
		out.Close()
	})
	return in.Float32s(), func() []float32 {
		do(t, b.Run())
		return out.Float32s()
	}
}

// fine are grids so fine that nearly every float32 lies on one of them: the bits of what comes before them are seen.
func fine() (list []quant.Params) {
	inf := float32(math.Inf(1))
	for _, exponent := range []int{-100, 0} {
		scale := float32(math.Ldexp(1, exponent))
		list = append(list, quant.Params{Scale: scale, Inv: 1 / scale, Lo: -inf, Hi: inf})
	}
	return list
}

// TestEmulatedFronts compares what is fused into a launch of fake_quant with ONNX Runtime's own operators on the CPU
// and the grid behind them, in 8 and 16 bits and so fine that all bits are seen, on one float32 in 16,381.
func TestEmulatedFronts(t *testing.T) {
	emutest.Set(t)
	openRuntime(t)
	for _, f := range fronts() {
		t.Run(f.name, func(t *testing.T) { compareFront(t, f) })
	}
}

func compareFront(t *testing.T, f front) {
	t.Helper()
	const stride, chunk = uint64(16_381), 1 << 14
	list := append([]quant.Params{records(t)[0].Low.Params(), records(t)[0].High.Params()}, fine()...)
	in, run := unfused(t, f, chunk)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", list)
		want, different := make([]float32, chunk), 0
		x := newBuffer[float32](t, d, "x", chunk)
		for at := uint64(0); at < 1<<32; {
			n := 0
			for ; n < chunk && at < 1<<32; n, at = n+1, at+stride {
				in[n] = math.Float32frombits(uint32(at))
			}
			v := run()[:n]
			for holder, p := range list {
				do(t, x.Upload(s, in))
				do(t, f.launch(d, x, grids, holder).Run(s))
				p.Apply(want[:n], v)
				for i, got := range download(t, s, x)[:n] {
					if math.Float32bits(got) == math.Float32bits(want[i]) {
						continue
					}
					if different++; different < 5 {
						t.Errorf("%g (%#x), grid %d: %g, want %g", in[i], math.Float32bits(in[i]), holder, got, want[i])
					}
				}
			}
		}
		if different > 0 {
			t.Errorf("%d values differ", different)
		}
		closeAll(t, grids, x)
	})
}

// hards are HardSwish and HardSigmoid in the forms of networks.
func hards() []front {
	do := func(op, out string, in ...string) *onnxpb.NodeProto { return node(op, "", in, out) }
	sigmoid := func(alpha float32, out string) *onnxpb.NodeProto {
		n := do("HardSigmoid", out, "x")
		n.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("alpha"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(alpha)}}
		return n
	}
	sixth, six, reciprocal := cuda.Line{Slope: 1.0 / 6, Offset: 0.5, High: 1, Factor: 1}, cuda.Line{Slope: 1, Offset: 3, High: 6, Factor: 6}, cuda.Line{Slope: 1, Offset: 3, High: 6, Factor: 1.0 / 6}
	add, clip := do("Add", "b", "x", "k3"), do("Clip", "c", "b", "k0", "k6")
	return []front{
		hard("HardSwish", cuda.FrontTimes, sixth, do("HardSwish", "v", "x")),
		hard("x * HardSigmoid(x)", cuda.FrontTimes, sixth, sigmoid(1.0/6, "s"), do("Mul", "v", "x", "s")),
		hard("(x * clip) / 6", cuda.FrontTimes|cuda.FrontDivides, six, add, clip, do("Mul", "m", "x", "c"), do("Div", "v", "m", "k6")),
		hard("(x * clip) * 1/6", cuda.FrontTimes, reciprocal, add, clip, do("Mul", "m", "x", "c"), do("Mul", "v", "m", "kr")),
		hard("x * (clip / 6)", cuda.FrontTimes|cuda.FrontOfLine|cuda.FrontDivides, six, add, clip, do("Div", "m", "c", "k6"), do("Mul", "v", "x", "m")),
		hard("x * (clip * 1/6)", cuda.FrontTimes|cuda.FrontOfLine, reciprocal, add, clip, do("Mul", "m", "c", "kr"), do("Mul", "v", "x", "m")),
		hard("(x / 6) * clip", cuda.FrontTimes|cuda.FrontOfValue|cuda.FrontDivides, six, add, clip, do("Div", "m", "x", "k6"), do("Mul", "v", "m", "c")),
		hard("(x * 1/6) * clip", cuda.FrontTimes|cuda.FrontOfValue, reciprocal, add, clip, do("Mul", "m", "x", "kr"), do("Mul", "v", "m", "c")),
		hard("Relu and Min", cuda.FrontTimes, reciprocal, add, do("Relu", "r", "b"), do("Min", "c", "r", "k6"), do("Mul", "m", "x", "c"), do("Mul", "v", "m", "kr")),
		hard("Max and Min", cuda.FrontTimes|cuda.FrontDivides, six, add, do("Max", "r", "k0", "b"), do("Min", "c", "k6", "r"), do("Mul", "m", "x", "c"), do("Div", "v", "m", "k6")),
		hard("x * clip(x*1/6 + 1/2)", cuda.FrontTimes, sixth, do("Mul", "m", "x", "kr"), do("Add", "b", "m", "kh"), do("Clip", "c", "b", "k0", "k1"), do("Mul", "v", "x", "c")),
		hard("HardSigmoid", 0, cuda.Line{Slope: 0.2, Offset: 0.5, High: 1, Factor: 1}, sigmoid(0.2, "v")),
		hard("clip / 6", cuda.FrontOfLine|cuda.FrontDivides, six, add, clip, do("Div", "v", "c", "k6")),
	}
}

// fronts are all that a launch may do in front of the grid.
func fronts() []front {
	x := []string{"x"}
	return append(hards(), []front{
		clips("Relu", 0, float32(math.Inf(1)), nil, node("Relu", "", x, "v")),
		clips("Relu6", 0, 6, map[string]float32{"l": 0, "h": 6}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		clips("Clip", -0.7, 0.3, map[string]float32{"l": -0.7, "h": 0.3}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		clips("Clip from below", -0.7, math.MaxFloat32, map[string]float32{"l": -0.7}, node("Clip", "", []string{"x", "l"}, "v")),
		clips("bounds that cross", 0.25, 0.25, map[string]float32{"l": 1, "h": 0.25}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		of("x + x", cuda.FrontAdd, cuda.NoClip, nil, node("Add", "", []string{"x", "x"}, "v")),
		of("x * x", cuda.FrontMul, cuda.NoClip, nil, node("Mul", "", []string{"x", "x"}, "v")),
		of("Sigmoid", cuda.FrontSigmoid, cuda.NoClip, nil, node("Sigmoid", "", x, "v")),
		of("x * Sigmoid(x)", cuda.FrontGate, cuda.NoClip, nil, node("Sigmoid", "", x, "s"), node("Mul", "", []string{"x", "s"}, "v")),
		of("Relu of x + x", cuda.FrontAdd, cuda.Clip{Above: float32(math.Inf(1))}, nil, node("Add", "", []string{"x", "x"}, "a"), node("Relu", "", []string{"a"}, "v")),
	}...)
}
