//go:build cuda

package cuda_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// The CUDA parts of package cgo, with ONNX Runtime's CPU provider in place of its CUDA provider: its nodes read the
// emulated device's memory, and FakeQuant launches the kernel through the driver.

// openRuntime opens ONNX Runtime for this test process.
func openRuntime(t *testing.T) {
	t.Helper()
	do(t, cgo.Init(orttest.Path(t)))
	before := cgo.Live()
	t.Cleanup(func() {
		if n := cgo.Live() - before; n != 0 {
			t.Errorf("%d handles of package cgo are left open", n)
		}
	})
}

func value(name string, elem onnxpb.TensorProto_DataType, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(elem)), Shape: shape}}}}
}

func node(op, domain string, inputs []string, output string, attributes ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: proto.String(op), Domain: proto.String(domain), Name: proto.String(output + "_node"), Input: inputs,
		Output: []string{output}, Attribute: attributes}
}

func floats(name string, values ...float32) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_FLOATS.Enum(), Floats: values}
}

// fakeQuant is the node of one holder.
func fakeQuant(in, out string, holder int, r quant.Record, more ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	low, high := r.Low.Params().Floats(), r.High.Params().Floats()
	attributes := append([]*onnxpb.AttributeProto{
		{Name: proto.String("holder"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(holder))},
		floats("low", low[:]...), floats("high", high[:]...)}, more...)
	return node("FakeQuant", "demote", []string{in, "demote.mask"}, out, attributes...)
}

// network is x -> holder 0 -> Mul by w -> holder 1 (with a Relu in the launch) -> y, over n elements.
func network(t *testing.T, list []quant.Record, n int64) []byte {
	t.Helper()
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: []*onnxpb.OperatorSetIdProto{
		{Domain: proto.String(""), Version: proto.Int64(21)}, {Domain: proto.String("demote"), Version: proto.Int64(1)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"),
			Input:  []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, n), value("demote.mask", onnxpb.TensorProto_UINT8, int64(len(list)))},
			Output: []*onnxpb.ValueInfoProto{value("y", onnxpb.TensorProto_FLOAT, n)},
			Initializer: []*onnxpb.TensorProto{{Name: proto.String("w"), DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Dims: []int64{1},
				FloatData: []float32{1.5}}},
			Node: []*onnxpb.NodeProto{
				fakeQuant("x", "a", 0, list[0]),
				node("Mul", "", []string{"a", "w"}, "b"),
				fakeQuant("b", "y", 1, list[1], floats("clip", 0, 6)),
			}}}
	data, err := proto.Marshal(m)
	do(t, err)
	return data
}

// launcher is what FakeQuant nodes need of a device.
func launcher(d *cuda.Device, s *cuda.Stream, grids *cuda.Buffer[quant.Params]) cgo.Launcher {
	return cgo.Launcher{Context: d.Context(), Kernel: d.Kernel("fake_quant"), KernelOf: d.Kernel("fake_quant_of"), Grids: grids.Address(), Holders: grids.Len(),
		MaxBlocks: d.MaxBlocks(), Stream: s.Handle()}
}

func deviceTensor[T cuda.Element](t *testing.T, b *cuda.Buffer[T], elem cgo.DType, n int64) *cgo.DeviceTensor {
	t.Helper()
	v, err := cgo.NewDeviceTensor(b.Address(), cgo.HostReadable, elem, n)
	do(t, err)
	return v
}

func TestEmulatedSession(t *testing.T) {
	emutest.Set(t, "shared=1")
	openRuntime(t)
	const n = 3001
	list := []quant.Record{records(t)[0], records(t)[4]}
	model := network(t, list, n)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		in := values(list[0].High.Params(), n, rand.New(rand.NewPCG(1, 7)))
		table, mask := upload(t, d, s, "records", cuda.RecordTable(list)), newBuffer[uint8](t, d, "mask", len(list))
		grids := newBuffer[quant.Params](t, d, "grids", len(list))
		choose := d.ChooseGrids(grids, table, mask)
		x, y, w := upload(t, d, s, "x", in), newBuffer[float32](t, d, "y", n), upload(t, d, s, "w", []float32{2})
		weight := deviceTensor(t, w, cgo.Float32, 1)
		session, err := cgo.NewCUDASession(cgo.Model{Bytes: model}, cgo.Options{Level: 1}, cgo.CUDAOptions{
			Launcher: launcher(d, s, grids), Initializers: map[string]*cgo.DeviceTensor{"w": weight}, StandIn: true})
		do(t, err)
		binding, err := session.NewBinding()
		do(t, err)
		tensors := map[string]*cgo.DeviceTensor{"x": deviceTensor(t, x, cgo.Float32, n), "demote.mask": deviceTensor(t, mask, cgo.Uint8, 2)}
		for name, v := range tensors {
			at, err := binding.Input(name)
			do(t, err)
			do(t, binding.BindDevice(at, v))
		}
		out := deviceTensor(t, y, cgo.Float32, n)
		at, err := binding.Output("y")
		do(t, err)
		do(t, binding.BindDevice(at, out))
		plain, err := cgo.NewRunOptions(cgo.GraphRun(cgo.NoGraph), nil)
		do(t, err)
		pinned, err := cgo.NewPinned(cuda.MaskBytes(len(list)))
		do(t, err)

		for round, factor := range []float32{2, 2, 2, 2, -3} {
			low := []bool{round&1 != 0, round&2 != 0}
			do(t, w.Upload(s, []float32{factor})) // the initializer is used in place
			before := d.Traffic()
			emutest.Set(t, "shared=1")
			copies, pageable := emutest.Counter("up_copies"), emutest.Counter("pageable")
			copy(pinned.Bytes(), packMask(low))
			do(t, mask.UploadPinned(s, pinned.Pointer(), cuda.MaskBytes(len(list))))
			do(t, choose.Run(s))
			do(t, binding.RunWith(plain))
			do(t, s.Synchronize())
			if got := d.Traffic().Sub(before); got.UpBytes != 1 || got.UpCopies != 1 || got.Allocations != 0 {
				t.Errorf("round %d: the device was asked for %+v", round, got)
			}
			if emutest.Counter("up_copies") != copies+1 || emutest.Counter("pageable") != pageable || emutest.Counter("launches") == 0 {
				t.Errorf("round %d: %d copies up, %d pageable, %d launches", round, emutest.Counter("up_copies"), emutest.Counter("pageable"),
					emutest.Counter("launches"))
			}
			want := make([]float32, n)
			for i, v := range in {
				first, second := list[0].High, list[1].High
				if low[0] {
					first = list[0].Low
				}
				if low[1] {
					second = list[1].Low
				}
				want[i] = second.Value(clipped(first.Value(v)*factor, 0, 6))
			}
			if err := sameBits(download(t, s, y), want); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		}
		do(t, pinned.Close())
		plain.Close()
		binding.Close()
		session.Close()
		for _, v := range []*cgo.DeviceTensor{tensors["x"], tensors["demote.mask"], out, weight} {
			v.Close()
		}
		closeAll(t, table, mask, grids, x, y, w)
	})
}

func TestEmulatedSessionErrors(t *testing.T) {
	emutest.Set(t, "shared=1")
	openRuntime(t)
	list := records(t)[:2]
	model := network(t, list, 10)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		grids := upload(t, d, s, "grids", []quant.Params{list[0].High.Params(), list[1].High.Params()})
		few := launcher(d, s, grids.View(0, 1))
		if _, err := cgo.NewCUDASession(cgo.Model{Bytes: model}, cgo.Options{}, cgo.CUDAOptions{Launcher: few, StandIn: true}); err == nil ||
			!strings.Contains(err.Error(), "holder 1, but there are grids of 1") {
			t.Errorf("a table that is too short gave %v", err)
		}
		if _, err := cgo.NewCUDASession(cgo.Model{Bytes: model}, cgo.Options{}, cgo.CUDAOptions{Launcher: launcher(d, s, grids)}); err == nil ||
			!strings.Contains(err.Error(), "CUDA execution provider is not enabled in this build") {
			t.Errorf("a runtime without the CUDA provider gave %v", err)
		}
		// A launch that the driver refuses is an error of the run.
		session, err := cgo.NewCUDASession(cgo.Model{Bytes: model}, cgo.Options{}, cgo.CUDAOptions{Launcher: launcher(d, s, grids), StandIn: true})
		do(t, err)
		binding, err := session.NewBinding()
		do(t, err)
		x, mask := upload(t, d, s, "x", make([]float32, 10)), upload(t, d, s, "mask", []uint8{0, 0})
		dx, dm := deviceTensor(t, x, cgo.Float32, 10), deviceTensor(t, mask, cgo.Uint8, 2)
		for name, v := range map[string]*cgo.DeviceTensor{"x": dx, "demote.mask": dm} {
			at, err := binding.Input(name)
			do(t, err)
			do(t, binding.BindDevice(at, v))
		}
		at, err := binding.Output("y")
		do(t, err)
		do(t, binding.BindDevice(at, dx))
		emutest.Set(t, "shared=1", "fail=cuLaunchKernel:1:701")
		if err := binding.Run(); err == nil || !strings.Contains(err.Error(), "launching fake_quant: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (CUDA error 701)") {
			t.Errorf("a refused launch gave %v", err)
		}
		do(t, binding.Run())
		binding.Close()
		session.Close()
		dx.Close()
		dm.Close()
		closeAll(t, grids, x, mask)
	})
}

// Pinned memory: copies overlap with the host, and what is read too early is poison. Seed 0 runs nothing before it
// must.
func TestEmulatedPinnedCopies(t *testing.T) {
	emutest.Set(t, "seed=0")
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		before := cgo.Live()
		p, err := cgo.NewPinned(64)
		do(t, err)
		b := upload(t, d, s, "b", make([]uint8, 64))
		p.Bytes()[3] = 7
		do(t, b.UploadPinned(s, p.Pointer(), 64))
		do(t, s.Synchronize())
		do(t, b.DownloadPinned(s, p.Pointer(), 64))
		if got := p.Bytes()[3]; got != 0xa5 {
			t.Errorf("before the wait the byte is %#x, want poison", got)
		}
		do(t, s.Synchronize())
		if got := p.Bytes()[3]; got != 7 {
			t.Errorf("after the wait the byte is %d, want 7", got)
		}
		do(t, p.Close())
		do(t, p.Close())
		if n := cgo.Live() - before; n != 0 {
			t.Errorf("%d handles are left open", n)
		}
		closeAll(t, b)
	})
}
