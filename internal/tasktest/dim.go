package tasktest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/onnx/onnxpb"
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
	return WriteNetwork(t, filepath.Join(dir, "dim.onnx"), g)
}

// dimImages writes n images: the first third and every fifth behind it bright, of pixels that both grids have.
func dimImages(t testing.TB, path string, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 6))
	data := NPYHeader("<f4", n, 1, 8, 8)
	for i := range n {
		for range 64 {
			v := rng.NormFloat64()
			if i < n/3 || i%5 == 0 {
				v = float64(rng.IntN(8)) / 4
			}
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
	}
	WriteFile(t, path, data)
	return path
}

// DimConfig is a search of the dim network by outputs, which leaves the samples in their order; the last of
// its blocks is mostly padding.
func DimConfig(t testing.TB) config.Config {
	t.Helper()
	dir := t.TempDir()
	return CutEverywhere(config.Config{
		Model: dimNetwork(t, dir), Calib: dimImages(t, filepath.Join(dir, "calib.npy"), 60, 1), Data: dimImages(t, filepath.Join(dir, "eval.npy"), 61, 2),
		Strategy: "demotion", Target: "30%", Out: filepath.Join(dir, "run"), GridLow: "pow2", GridHigh: "pow2", Metric: "sqnr",
		Block: 4, Cache: 1 << 30, RangeLow: "minmax", Version: "test",
	})
}
