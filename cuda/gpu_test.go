//go:build cuda && gpu

package cuda_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Questions that only ONNX Runtime's CUDA provider on a GPU can answer; `make gpu-check` runs them there.

// check runs the small network for each mask and compares the outputs with package quant.
func (v *small) check(t *testing.T, d *cuda.Device, s *cuda.Stream, factor float32, entries map[string]string) {
	t.Helper()
	in := values(v.records[0].High.Params(), v.x.Len(), rand.New(rand.NewPCG(2, 2)))
	do(t, v.x.Upload(s, in))
	for bits := range 4 {
		low := []bool{bits&1 != 0, bits&2 != 0}
		do(t, v.mask.View(0, 1).Upload(s, packMask(low)))
		do(t, d.ChooseGrids(v.grids, v.table, v.mask).Run(s))
		v.run(t, entries)
		want := make([]float32, len(in))
		for i, x := range in {
			first, second := v.records[0].High, v.records[1].High
			if low[0] {
				first = v.records[0].Low
			}
			if low[1] {
				second = v.records[1].Low
			}
			want[i] = second.Value(clipped(first.Value(x)*factor, 0, 6))
		}
		if err := sameBits(download(t, s, v.y), want); err != nil {
			t.Errorf("mask %02b, %v: %v", bits, entries, err)
		}
	}
}

// Does FakeQuant inside a session give the bits of package quant, in plain runs and replayed from captured graphs?
func TestGPUSessionHasTheBitsOfQuant(t *testing.T) {
	openProvider(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		v := newSmall(t, d, s, nil)
		for _, graph := range []int{cgo.NoGraph, 1, 2, 1} {
			v.check(t, d, s, 1.5, cgo.GraphRun(graph))
		}
		v.close(t)
	})
}

// Is a change of an initializer on the device seen by the next run, also by the replay of a graph?
func TestGPUInitializersAreUsedInPlace(t *testing.T) {
	openProvider(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		w := upload(t, d, s, "w", []float32{2})
		weight, err := cgo.NewDeviceTensor(w.Address(), 0, cgo.Float32, 1)
		do(t, err)
		v := newSmall(t, d, s, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Initializers = map[string]*cgo.DeviceTensor{"w": weight} })
		for _, factor := range []float32{2, 3, -1} {
			do(t, w.Upload(s, []float32{factor}))
			v.check(t, d, s, factor, cgo.GraphRun(cgo.NoGraph))
			v.check(t, d, s, factor, cgo.GraphRun(1))
		}
		v.close(t)
		weight.Close()
		closeAll(t, w)
	})
}

// openProvider opens ONNX Runtime with its CUDA libraries.
func openProvider(t *testing.T) {
	t.Helper()
	openRuntime(t)
	_, err := cuda.Preload(cgo.Path())
	do(t, err)
}

// Is TF32 really off? Its products keep 10 bits of each factor, and these factors need 13: it would be off by 2^-11 of
// the value.
func TestGPUConvolutionsKeepAllBits(t *testing.T) {
	openProvider(t)
	const channels, side = 32, 16
	weights := make([]float32, channels*channels)
	for i := range channels {
		weights[i*channels+(i+1)%channels] = 1 + 0x1p-12 // a 1x1 convolution that moves each channel and multiplies it
	}
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(21)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"),
			Input:  []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, 1, channels, side, side)},
			Output: []*onnxpb.ValueInfoProto{value("y", onnxpb.TensorProto_FLOAT, 1, channels, side, side)},
			Initializer: []*onnxpb.TensorProto{{Name: proto.String("w"), DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)),
				Dims: []int64{channels, channels, 1, 1}, FloatData: weights}},
			Node: []*onnxpb.NodeProto{node("Conv", "", []string{"x", "w"}, "y")}}}
	model, err := proto.Marshal(m)
	do(t, err)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		in := make([]float32, channels*side*side)
		for i := range in {
			in[i] = 1 + float32(i%4096)*0x1p-12
		}
		table := upload(t, d, s, "records", make([]quant.Params, 2))
		session, err := place(d, s, model, table, func(_ *cgo.Options, c *cgo.CUDAOptions) { c.Provider.Graph = false })
		do(t, err)
		binding, err := session.NewBinding()
		do(t, err)
		v := &small{binding: binding, session: session, x: upload(t, d, s, "x", in), y: newBuffer[float32](t, d, "y", len(in)), table: table,
			grids: newBuffer[quant.Params](t, d, "grids", 1), mask: newBuffer[uint8](t, d, "mask", 1)}
		for name, b := range map[string]*cuda.Buffer[float32]{"x": v.x, "y": v.y} {
			find := binding.Input
			if name == "y" {
				find = binding.Output
			}
			tensor, err := cgo.NewDeviceTensor(b.Address(), 0, cgo.Float32, 1, channels, side, side)
			do(t, err)
			at, err := find(name)
			do(t, err)
			do(t, binding.BindDevice(at, tensor))
			v.tensors = append(v.tensors, tensor)
		}
		v.run(t, cgo.GraphRun(cgo.NoGraph))
		out := download(t, s, v.y)
		for c := range channels {
			for i := range side * side {
				want := in[(c+1)%channels*side*side+i] * (1 + 0x1p-12)
				if got := out[c*side*side+i]; !(math.Abs(float64(got-want)) < 0x1p-20*float64(want)) {
					t.Fatalf("channel %d, element %d: got %b, want %b: convolutions do not keep all bits", c, i, got, want)
				}
			}
		}
		v.close(t)
	})
}
