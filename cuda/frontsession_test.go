//go:build cuda

package cuda_test

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// TestEmulatedFakeQuantOf runs the operator in a session, with a tensor of its own and without, and makes the mistakes
// that it refuses.
func TestEmulatedFakeQuantOf(t *testing.T) {
	emutest.Set(t, "shared=1")
	openRuntime(t)
	list := records(t)[:1]
	in, other := []float32{-1, 0.5, 2, 3, -7, 6}, []float32{0.25, -0.5}
	six := cuda.Line{Slope: 1, Offset: 3, High: 6, Factor: 6}
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids, mask := upload(t, d, s, "grids", []quant.Params{list[0].High.Params()}), upload(t, d, s, "mask", []uint8{0})
		x, o, y := upload(t, d, s, "x", in), upload(t, d, s, "o", other), newBuffer[float32](t, d, "y", len(in))
		for name, c := range map[string]struct {
			does, inner int64
			inputs      []string
			want        func(i int) float32
			refused     string
			line        []float32
		}{
			"sum and gate":        {9, 3, []string{"x", "demote.mask", "o"}, func(i int) float32 { v := in[i] + other[i/3]; return v * cuda.Sigmoid(v) }, "", nil},
			"over and over":       {2, 1, []string{"x", "demote.mask", "o"}, func(i int) float32 { return in[i] * other[i%2] }, "", nil},
			"alone":               {4, 1, []string{"x", "demote.mask"}, func(i int) float32 { return cuda.Sigmoid(in[i]) }, "", nil},
			"sum and HardSwish":   {305, 3, []string{"x", "demote.mask", "o"}, func(i int) float32 { return six.Of(304, in[i]+other[i/3]) }, "", []float32{1, 3, 0, 6, 6}},
			"nothing":             {0, 1, []string{"x", "demote.mask"}, nil, "attributes does 0, inner 1", nil},
			"an unknown bit":      {512, 1, []string{"x", "demote.mask"}, nil, "attributes does 512, inner 1", nil},
			"a factor of nothing": {256, 1, []string{"x", "demote.mask"}, nil, "attributes does 256, inner 1", nil},
			"no line":             {16, 1, []string{"x", "demote.mask"}, nil, "does is 16, and line is missing", nil},
			"half a line":         {16, 1, []string{"x", "demote.mask"}, nil, "attribute line has 2 numbers, not 5", []float32{1, 2}},
			"no elements":         {1, 0, []string{"x", "demote.mask", "o"}, nil, "attributes does 1, inner 0", nil},
			"sizes do not fit":    {1, 2, []string{"x", "demote.mask", "o"}, nil, "6 elements, 2 of the other tensor for 2 each", nil},
		} {
			t.Run(name, func(t *testing.T) {
				n := fakeQuant("x", "y", 0, list[0], &onnxpb.AttributeProto{Name: proto.String("does"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(c.does)},
					&onnxpb.AttributeProto{Name: proto.String("inner"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(c.inner)})
				if c.line != nil {
					n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{Name: proto.String("line"), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: c.line})
				}
				n.OpType, n.Input = proto.String("FakeQuantOf"), c.inputs
				m := &onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: []*onnxpb.OperatorSetIdProto{
					{Domain: proto.String(""), Version: proto.Int64(21)}, {Domain: proto.String("demote"), Version: proto.Int64(1)}},
					Graph: &onnxpb.GraphProto{Name: proto.String("g"), Node: []*onnxpb.NodeProto{n}, Output: []*onnxpb.ValueInfoProto{value("y", onnxpb.TensorProto_FLOAT, 6)},
						Input: []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, 6), value("demote.mask", onnxpb.TensorProto_UINT8, 1)}}}
				if len(c.inputs) > 2 {
					m.Graph.Input = append(m.Graph.Input, value("o", onnxpb.TensorProto_FLOAT, 2))
				}
				data, err := proto.Marshal(m)
				do(t, err)
				err = func() error {
					session, err := cgo.NewCUDASession(cgo.Model{Bytes: data}, cgo.Options{}, cgo.CUDAOptions{Launcher: launcher(d, s, grids), StandIn: true})
					if err != nil {
						return err
					}
					defer session.Close()
					b, err := session.NewBinding()
					do(t, err)
					defer b.Close()
					for name, v := range map[string]*cgo.DeviceTensor{"x": deviceTensor(t, x, cgo.Float32, 6), "demote.mask": deviceTensor(t, mask, cgo.Uint8, 1),
						"o": deviceTensor(t, o, cgo.Float32, 2)} {
						defer v.Close()
						if at, err := b.Input(name); err == nil {
							do(t, b.BindDevice(at, v))
						}
					}
					at, err := b.Output("y")
					do(t, err)
					out := deviceTensor(t, y, cgo.Float32, 6)
					defer out.Close()
					do(t, b.BindDevice(at, out))
					return b.Run()
				}()
				if c.refused != "" {
					if err == nil || !strings.Contains(err.Error(), c.refused) {
						t.Errorf("got %v, want %q", err, c.refused)
					}
					return
				}
				do(t, err)
				do(t, s.Synchronize())
				for i, got := range download(t, s, y) {
					if want := list[0].High.Value(c.want(i)); math.Float32bits(got) != math.Float32bits(want) {
						t.Errorf("element %d: %g, want %g", i, got, want)
					}
				}
			})
		}
		closeAll(t, grids, mask, x, o, y)
	})
}

// TestFakeQuantOfMarksNaN holds that the mark of NaN is of what the grid is given, as of operators of their own.
func TestFakeQuantOfMarksNaN(t *testing.T) {
	inf := float32(math.Inf(1))
	list := records(t)[:1]
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", []quant.Params{list[0].High.Params()})
		for _, c := range []struct {
			x, other float32
			want     uint32
		}{{inf, -inf, 1}, {inf, 1, 0}, {float32(math.NaN()), 1, 1}, {1, 2, 0}} {
			x, other := upload(t, d, s, "x", []float32{1, 1, 1, 1, 1, c.x, 1}), upload(t, d, s, "other", []float32{0, 0, 0, 0, 0, c.other, 0})
			mark := upload(t, d, s, "mark", []uint32{0})
			l := d.FakeQuantOf(x, x, cuda.Front{Does: cuda.FrontAdd, Other: other, Inner: 1, Clip: cuda.Clip{Above: inf}}, grids, 0)
			l.MarkNaN(mark)
			do(t, l.Run(s))
			if got := download(t, s, mark)[0]; got != c.want {
				t.Errorf("%g + %g: marked %d, want %d", c.x, c.other, got, c.want)
			}
			closeAll(t, x, other, mark)
		}
		closeAll(t, grids)
	})
}
