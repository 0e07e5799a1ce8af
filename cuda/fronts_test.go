//go:build cuda

package cuda_test

import (
	"flag"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

var exhaustive = flag.Bool("exhaustive", false, "compare what is fused into fake_quant with ONNX Runtime on all 2^32 floats (make test-fronts)")

// A front is what stands in front of a holder and is done by its launch.
type front struct {
	name   string
	nodes  []*onnxpb.NodeProto // from x to v, for ONNX Runtime
	consts map[string]float32
	launch func(d *cuda.Device, x *cuda.Buffer[float32], grids *cuda.Buffer[quant.Params], holder int) *cuda.Launch
}

// clips is a front that clips alone.
func clips(name string, below, above float32, consts map[string]float32, nodes ...*onnxpb.NodeProto) front {
	return front{name, nodes, consts, func(d *cuda.Device, x *cuda.Buffer[float32], grids *cuda.Buffer[quant.Params], holder int) *cuda.Launch {
		return d.FakeQuant(x, x, grids, holder, cuda.Clip{Below: below, Above: above})
	}}
}

// of is a front that fake_quant_of does.
func of(name string, does int, clip cuda.Clip, consts map[string]float32, nodes ...*onnxpb.NodeProto) front {
	return front{name, nodes, consts, func(d *cuda.Device, x *cuda.Buffer[float32], grids *cuda.Buffer[quant.Params], holder int) *cuda.Launch {
		return d.FakeQuantOf(x, x, cuda.Front{Does: does, Other: x, Inner: 1, Clip: clip}, grids, holder)
	}}
}

// unfused runs a front's nodes in ONNX Runtime on the CPU, with all optimizations, on n values at a time.
func unfused(t *testing.T, f front, n int64) func(x []float32) []float32 {
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
	return func(x []float32) []float32 {
		copy(in.Float32s(), x)
		do(t, b.Run())
		return out.Float32s()[:len(x)]
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
// and the grid behind them, in 8 and 16 bits and so fine that all bits are seen: on one float32 in 16,381, or on all.
func TestEmulatedFronts(t *testing.T) {
	emutest.Set(t)
	openRuntime(t)
	for _, f := range fronts() {
		t.Run(f.name, func(t *testing.T) { compareFront(t, f) })
	}
}

func compareFront(t *testing.T, f front) {
	t.Helper()
	stride, chunk := uint64(16_381), 1<<14
	list := append([]quant.Params{records(t)[0].Low.Params(), records(t)[0].High.Params()}, fine()...)
	if *exhaustive {
		stride, chunk, list = 1, 1<<20, list[1:3]
	}
	run := unfused(t, f, int64(chunk))
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", list)
		host, want, different := make([]float32, chunk), make([]float32, chunk), 0
		x := newBuffer[float32](t, d, "x", chunk)
		for at := uint64(0); at < 1<<32; {
			n := 0
			for ; n < chunk && at < 1<<32; n, at = n+1, at+stride {
				host[n] = math.Float32frombits(uint32(at))
			}
			v := run(host[:n])
			for holder, p := range list {
				do(t, x.Upload(s, host))
				do(t, f.launch(d, x, grids, holder).Run(s))
				p.Apply(want[:n], v)
				for i, got := range download(t, s, x)[:n] {
					if math.Float32bits(got) == math.Float32bits(want[i]) {
						continue
					}
					if different++; different < 5 {
						t.Errorf("%g (%#x), grid %d: %g, want %g", host[i], math.Float32bits(host[i]), holder, got, want[i])
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

// fronts are all that a launch may do in front of the grid.
func fronts() []front {
	x := []string{"x"}
	return []front{
		clips("Relu", 0, float32(math.Inf(1)), nil, node("Relu", "", x, "v")),
		clips("Relu6", 0, 6, map[string]float32{"l": 0, "h": 6}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		clips("Clip", -0.7, 0.3, map[string]float32{"l": -0.7, "h": 0.3}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		clips("Clip from below", -0.7, float32(math.Inf(1)), map[string]float32{"l": -0.7}, node("Clip", "", []string{"x", "l"}, "v")),
		clips("bounds that cross", 0.25, 0.25, map[string]float32{"l": 1, "h": 0.25}, node("Clip", "", []string{"x", "l", "h"}, "v")),
		of("x + x", cuda.FrontAdd, cuda.NoClip, nil, node("Add", "", []string{"x", "x"}, "v")),
		of("x * x", cuda.FrontMul, cuda.NoClip, nil, node("Mul", "", []string{"x", "x"}, "v")),
		of("Sigmoid", cuda.FrontSigmoid, cuda.NoClip, nil, node("Sigmoid", "", x, "v")),
		of("x * Sigmoid(x)", cuda.FrontGate, cuda.NoClip, nil, node("Sigmoid", "", x, "s"), node("Mul", "", []string{"x", "s"}, "v")),
		of("Relu of x + x", cuda.FrontAdd, cuda.Clip{Above: float32(math.Inf(1))}, nil, node("Add", "", []string{"x", "x"}, "a"), node("Relu", "", []string{"a"}, "v")),
	}
}
