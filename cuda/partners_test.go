//go:build cuda

package cuda_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// TestEmulatedPartners compares sums and products with another tensor in front of a holder with ONNX Runtime's Add and
// Mul on the CPU, for each way in which the partner of an element is found, on drawn pairs of bit patterns, and with
// what else a launch does.
func TestEmulatedPartners(t *testing.T) {
	emutest.Set(t)
	openRuntime(t)
	r := rand.New(rand.NewPCG(11, 2))
	for _, c := range []struct{ dims, other []int64 }{
		{[]int64{3, 5, 7, 9}, []int64{3, 5, 7, 9}}, {[]int64{3, 5, 7, 9}, []int64{5, 1, 1}}, {[]int64{3, 5, 8, 8}, []int64{5, 1, 1}},
		{[]int64{3, 5, 7, 9}, []int64{3, 5, 1, 1}}, {[]int64{2, 8, 4, 6}, []int64{2, 8, 1, 1}}, {[]int64{6, 12}, []int64{12}},
		{[]int64{6, 13}, []int64{13}}, {[]int64{6, 12}, []int64{6, 1}}, {[]int64{4, 25}, nil}, {[]int64{1, 3, 4}, []int64{1, 3, 1}},
	} {
		for name, ops := range map[string]struct {
			does  int
			clip  cuda.Clip
			nodes []*onnxpb.NodeProto
		}{
			"Add": {cuda.FrontAdd, cuda.NoClip, []*onnxpb.NodeProto{node("Add", "", []string{"x", "o"}, "v")}},
			"Mul": {cuda.FrontMul, cuda.NoClip, []*onnxpb.NodeProto{node("Mul", "", []string{"o", "x"}, "v")}},
			"Add, gate": {cuda.FrontAdd | cuda.FrontGate, cuda.NoClip, []*onnxpb.NodeProto{node("Add", "", []string{"x", "o"}, "a"),
				node("Sigmoid", "", []string{"a"}, "s"), node("Mul", "", []string{"a", "s"}, "v")}},
			"Mul, Relu": {cuda.FrontMul, cuda.Clip{Above: float32(math.Inf(1))}, []*onnxpb.NodeProto{node("Mul", "", []string{"o", "x"}, "m"), node("Relu", "", []string{"m"}, "v")}},
		} {
			t.Run(fmt.Sprint(name, c.dims, c.other), func(t *testing.T) { comparePartners(t, ops.does, ops.clip, ops.nodes, c.dims, c.other, r) })
		}
	}
}

// product multiplies dimensions.
func product(dims []int64) int {
	n := 1
	for _, d := range dims {
		n *= int(d)
	}
	return n
}

// innerOf is how many elements in a row are for one of the other tensor: those behind its last axis that is not 1.
func innerOf(dims, other []int64) int {
	inner := 1
	for i := len(other) - 1; i >= 0 && other[i] == 1; i-- {
		inner *= int(dims[len(dims)-len(other)+i])
	}
	return inner
}

func comparePartners(t *testing.T, does int, clip cuda.Clip, nodes []*onnxpb.NodeProto, dims, other []int64, r *rand.Rand) {
	t.Helper()
	n := product(dims)
	draw := func(n int) []float32 { // bit patterns, and numbers of about the same size
		list := make([]float32, n)
		for i := range list {
			if list[i] = math.Float32frombits(r.Uint32()); i%3 == 0 {
				list[i] = float32(r.NormFloat64()) * 3
			}
		}
		return list
	}
	x, o := draw(n), draw(product(other))
	m := &onnxpb.ModelProto{IrVersion: proto.Int64(10), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(21)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"), Node: nodes, Output: []*onnxpb.ValueInfoProto{value("v", onnxpb.TensorProto_FLOAT, dims...)},
			Input: []*onnxpb.ValueInfoProto{value("x", onnxpb.TensorProto_FLOAT, dims...), value("o", onnxpb.TensorProto_FLOAT, other...)}}}
	data, err := proto.Marshal(m)
	do(t, err)
	s, err := cgo.NewSession(data, cgo.Options{Level: 99, IntraThreads: 1})
	do(t, err)
	defer s.Close()
	b, err := s.NewBinding()
	do(t, err)
	defer b.Close()
	bound := func(of func(string) (cgo.Slot, error), name string, dims []int64, v []float32) *cgo.Tensor {
		at, err := of(name)
		do(t, err)
		tensor, err := cgo.NewTensor(cgo.Float32, dims...)
		do(t, err)
		t.Cleanup(tensor.Close)
		copy(tensor.Float32s(), v)
		do(t, b.Bind(at, tensor))
		return tensor
	}
	bound(b.Input, "x", dims, x)
	bound(b.Input, "o", other, o)
	out := bound(b.Output, "v", dims, nil)
	do(t, b.Run())
	onDevice(t, func(t *testing.T, d *cuda.Device, st *cuda.Stream) {
		dx, dother, y := upload(t, d, st, "x", x), upload(t, d, st, "o", o), newBuffer[float32](t, d, "y", n)
		want := make([]float32, n)
		for _, p := range append([]quant.Params{records(t)[0].High.Params()}, fine()...) {
			grids := upload(t, d, st, "grids", []quant.Params{p})
			f := cuda.Front{Does: does, Other: dother, Inner: innerOf(dims, other), Clip: clip}
			do(t, d.FakeQuantOf(y, dx, f, grids, 0).Run(st))
			p.Apply(want, out.Float32s())
			if err := sameBits(download(t, st, y), want); err != nil {
				t.Errorf("%+v: %v", p, err)
			}
			closeAll(t, grids)
		}
		closeAll(t, dx, dother, y)
	})
}

// TestEmulatedSigmoid holds the kernel's sigmoid, and x times it, against its twin in Go, bit for bit, on a float32 in
// 99,991.
func TestEmulatedSigmoid(t *testing.T) {
	emutest.Set(t)
	var in []float32
	for at := uint64(0); at < 1<<32; at += 99_991 {
		in = append(in, math.Float32frombits(uint32(at)))
	}
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		x, y := upload(t, d, s, "x", in), newBuffer[float32](t, d, "y", len(in))
		want := make([]float32, len(in))
		for _, p := range fine() {
			grids := upload(t, d, s, "grids", []quant.Params{p})
			for does, f := range map[int]func(x float32) float32{cuda.FrontSigmoid: cuda.Sigmoid, cuda.FrontGate: func(x float32) float32 { return x * cuda.Sigmoid(x) }} {
				do(t, d.FakeQuantOf(y, x, cuda.Front{Does: does, Inner: 1, Clip: cuda.NoClip}, grids, 0).Run(s))
				for i, v := range in {
					want[i] = p.Value(f(v))
				}
				if err := sameBits(download(t, s, y), want); err != nil {
					t.Errorf("operation %d: %v", does, err)
				}
			}
			closeAll(t, grids)
		}
		closeAll(t, x, y)
	})
}

// TestEmulatedLine holds what the kernel makes of a line against its twin in Go, bit for bit, on a float32 in 99,991,
// for drawn lines and all orders of operations.
func TestEmulatedLine(t *testing.T) {
	emutest.Set(t)
	var in []float32
	for at := uint64(0); at < 1<<32; at += 99_991 {
		in = append(in, math.Float32frombits(uint32(at)))
	}
	r := rand.New(rand.NewPCG(5, 6))
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		x, y := upload(t, d, s, "x", in), newBuffer[float32](t, d, "y", len(in))
		want, p := make([]float32, len(in)), fine()[0]
		grids := upload(t, d, s, "grids", []quant.Params{p})
		for _, does := range []int{0, cuda.FrontOfLine, cuda.FrontTimes, cuda.FrontTimes | cuda.FrontOfLine, cuda.FrontTimes | cuda.FrontOfValue} {
			for _, divides := range []int{0, cuda.FrontDivides} {
				does := cuda.FrontLine | does | divides
				l := cuda.Line{Slope: r.Float32(), Offset: 4 * r.Float32(), Low: -r.Float32(), High: 6 * r.Float32(), Factor: 1 + 6*r.Float32()}
				do(t, d.FakeQuantOf(y, x, cuda.Front{Does: does, Inner: 1, Line: l, Clip: cuda.NoClip}, grids, 0).Run(s))
				for i, v := range in {
					want[i] = p.Value(l.Of(does, v))
				}
				if err := sameBits(download(t, s, y), want); err != nil {
					t.Errorf("operations %d of %+v: %v", does, l, err)
				}
			}
		}
		closeAll(t, x, y, grids)
	})
}
