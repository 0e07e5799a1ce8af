package run

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/variants"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// dimNetwork writes a classifier with holders that are no-ops here and there: one branch that is dark on
// bright images (dark, dim), and a Relu (q) behind a sum (r), on whose low grid nothing is left to round
// once the sum is low. The input is a no-op on bright images, whose pixels are few.
func dimNetwork(t testing.TB, dir string) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 8))
	weights := func(name string, draw func() float64, dims ...int64) *onnxpb.TensorProto {
		w := &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(1)}
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		for range n {
			w.FloatData = append(w.FloatData, float32(draw()))
		}
		return w
	}
	normal := func(scale float64) func() float64 {
		return func() float64 { return scale * rng.NormFloat64() * math.Pow(4, float64(rng.IntN(3)-1)) }
	}
	op := func(op string, in []string, out string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: &op, Name: proto.String(out + "/" + op), Input: in, Output: []string{out}, Attribute: attrs}
	}
	ints := func(name string, v ...int64) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: v}
	}
	value := func(name string, dims ...int64) *onnxpb.ValueInfoProto {
		shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}}}}
		for _, d := range dims {
			shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
		}
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1), Shape: shape}}}}
	}
	g := &onnxpb.GraphProto{
		Name: proto.String("dim"), Input: []*onnxpb.ValueInfoProto{value("image", 1, 8, 8)}, Output: []*onnxpb.ValueInfoProto{value("logits", 12)},
		Initializer: []*onnxpb.TensorProto{weights("w0", func() float64 { return -1 - rng.Float64() }, 8, 1, 3, 3), weights("w1", normal(0.5), 8, 8, 1, 1),
			weights("w2", normal(0.4), 8, 1, 3, 3), weights("w3", normal(0.2), 8, 8, 3, 3), weights("w4", normal(0.2), 8, 8, 3, 3), weights("w5", normal(0.1), 12, 128)},
		Node: []*onnxpb.NodeProto{
			op("Conv", []string{"image", "w0"}, "c0", ints("pads", 1, 1, 1, 1)), op("Relu", []string{"c0"}, "dark"),
			op("Conv", []string{"dark", "w1"}, "c1"), op("Relu", []string{"c1"}, "dim"),
			op("Conv", []string{"image", "w2"}, "c2", ints("pads", 1, 1, 1, 1)), op("Relu", []string{"c2"}, "a"),
			op("Conv", []string{"a", "w3"}, "c3", ints("pads", 1, 1, 1, 1)), op("Add", []string{"a", "c3"}, "r"),
			op("Relu", []string{"r"}, "q"), op("Conv", []string{"q", "w4"}, "c4", ints("pads", 1, 1, 1, 1)),
			op("Add", []string{"r", "c4"}, "s"), op("Add", []string{"s", "dim"}, "u"),
			op("MaxPool", []string{"u"}, "p", ints("kernel_shape", 2, 2), ints("strides", 2, 2)), op("Flatten", []string{"p"}, "f"),
			op("Gemm", []string{"f", "w5"}, "logits", &onnxpb.AttributeProto{Name: proto.String("transB"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}),
		},
	}
	return writeNetwork(t, filepath.Join(dir, "dim.onnx"), g)
}

// dimImages writes n images: the first third and every fifth behind it bright, of pixels that both grids have.
func dimImages(t testing.TB, path string, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 6))
	data := npyHeader("<f4", n, 1, 8, 8)
	for i := range n {
		for range 64 {
			v := rng.NormFloat64()
			if i < n/3 || i%5 == 0 {
				v = float64(rng.IntN(8)) / 4
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
	}
	writeTestFile(t, path, data)
	return path
}

// dimConfig is a search of the dim network by outputs, which leaves the samples in their order; the last of
// its blocks is mostly padding.
func dimConfig(t testing.TB) config.Config {
	t.Helper()
	dir := t.TempDir()
	return cutEverywhere(config.Config{
		Model: dimNetwork(t, dir), Calib: dimImages(t, filepath.Join(dir, "calib.npy"), 60, 1), Data: dimImages(t, filepath.Join(dir, "eval.npy"), 61, 2),
		Strategy: "demotion", Target: "30%", Out: filepath.Join(dir, "run"), GridLow: "pow2", GridHigh: "pow2", Metric: "sqnr",
		Block: 4, Cache: 1 << 30, Version: "test",
	})
}

// inputsOfHolders runs a mask and returns what the node of every holder is given: by holder, all samples
// one after another.
func inputsOfHolders(t *testing.T, s *searchRun, m search.Mask) [][]float32 {
	t.Helper()
	src, err := s.Source(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	from := make([]string, len(s.Records))
	var made []string
	for _, n := range src.Model.Graph().GetNode() {
		if n.GetOpType() != ir.FakeQuantOp {
			continue
		}
		for i, a := range n.GetAttribute() {
			if a.GetName() == "holder" {
				from[n.GetAttribute()[i].GetI()] = n.GetInput()[0]
			}
		}
		if n.GetInput()[0] != "image" {
			made = append(made, n.GetInput()[0])
		}
	}
	model, err := variants.WithOutputs(src.Model, made...).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	session, err := cgo.NewSession(model, cgo.Options{Level: blocks.Optimization, IntraThreads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	binding, err := session.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	defer binding.Close()
	tensors := map[string]*cgo.Tensor{}
	bind := func(name string, of func(string) (cgo.Slot, error), kind cgo.DType, dims ...int64) {
		v, err := cgo.NewTensor(kind, dims...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.Close)
		slot, err := of(name)
		if err == nil {
			err = binding.Bind(slot, v)
		}
		if err != nil {
			t.Fatal(err)
		}
		tensors[name] = v
	}
	block := s.Block
	bind("image", binding.Input, cgo.Float32, int64(block), 1, 8, 8)
	bind(ir.MaskInput, binding.Input, cgo.Uint8, int64(m.Len()))
	for _, p := range session.Outputs() {
		bind(p.Name, binding.Output, cgo.Float32, p.Dims...)
	}
	clear(tensors[ir.MaskInput].Bytes())
	for h := range m.Len() {
		if m.Low(h) {
			tensors[ir.MaskInput].Bytes()[h] = cgo.Low
		}
	}
	all := make([][]float32, len(s.Records))
	for first := 0; first < s.Data.Len(); first += block {
		count := min(block, s.Data.Len()-first)
		for i := range count {
			if err := s.Data.Read(0, first+i, tensors["image"].Bytes()[i*256:(i+1)*256]); err != nil {
				t.Fatal(err)
			}
		}
		if err := binding.Run(); err != nil {
			t.Fatal(err)
		}
		for h, name := range from {
			x := tensors[name].Float32s()
			all[h] = append(all[h], x[:len(x)/block*count]...)
		}
	}
	return all
}
