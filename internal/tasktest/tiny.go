package tasktest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// TinyNetwork writes a small convolutional classifier with random weights: 1x8x8 inputs, 12 classes,
// and channels of uneven ranges, which make int8 hurt.
func TinyNetwork(t testing.TB, dir string) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	weights := func(name string, dims ...int64) *onnxpb.TensorProto {
		n, fan := int64(1), int64(1)
		for i, d := range dims {
			n *= d
			if i > 0 {
				fan *= d
			}
		}
		w := &onnxpb.TensorProto{Name: &name, Dims: dims, DataType: proto.Int32(1)}
		for i := range n {
			out, in := i/(n/dims[0]), i/(fan/dims[1])%dims[1]
			scale := math.Pow(2, float64(2*(out%4)-2*(in%4)))
			w.FloatData = append(w.FloatData, float32(1.5*rng.NormFloat64()/math.Sqrt(float64(fan))*scale))
		}
		return w
	}
	op := func(op string, in []string, out string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: &op, Name: proto.String(out + "/" + op), Input: in, Output: []string{out}, Attribute: attrs}
	}
	pads := &onnxpb.AttributeProto{Name: proto.String("pads"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{1, 1, 1, 1}}
	kernel := &onnxpb.AttributeProto{Name: proto.String("kernel_shape"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{2, 2}}
	strides := &onnxpb.AttributeProto{Name: proto.String("strides"), Type: onnxpb.AttributeProto_INTS.Enum(), Ints: []int64{2, 2}}
	value := func(name string, dims ...int64) *onnxpb.ValueInfoProto {
		shape := &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}}}}
		for _, d := range dims {
			shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
		}
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1), Shape: shape}}}}
	}
	g := &onnxpb.GraphProto{
		Name: proto.String("tiny"), Input: []*onnxpb.ValueInfoProto{value("image", 1, 8, 8)}, Output: []*onnxpb.ValueInfoProto{value("logits", 12)},
		Initializer: []*onnxpb.TensorProto{weights("w1", 8, 1, 3, 3), weights("w2", 8, 8, 3, 3), weights("w3", 8, 8, 3, 3), weights("w4", 8, 8, 1, 1), weights("w5", 12, 128)},
		Node: []*onnxpb.NodeProto{
			op("Conv", []string{"image", "w1"}, "c1", pads), op("Relu", []string{"c1"}, "a1"),
			op("Conv", []string{"a1", "w2"}, "c2", pads), op("Sigmoid", []string{"c2"}, "s2"), op("Mul", []string{"c2", "s2"}, "a2"),
			op("Add", []string{"a1", "a2"}, "r2"),
			op("Conv", []string{"r2", "w3"}, "c3", pads), op("Relu", []string{"c3"}, "a3"),
			op("Add", []string{"r2", "a3"}, "r3"),
			op("Conv", []string{"r3", "w4"}, "c4"), op("Relu", []string{"c4"}, "a4"),
			op("MaxPool", []string{"a4"}, "p", kernel, strides), op("Flatten", []string{"p"}, "f"),
			op("Gemm", []string{"f", "w5"}, "logits", &onnxpb.AttributeProto{Name: proto.String("transB"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(1)}),
		},
	}
	return WriteNetwork(t, filepath.Join(dir, "tiny.onnx"), g)
}

// RandomImages writes n samples of 1x8x8 as an npy file.
func RandomImages(t testing.TB, path string, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	data := NPYHeader("<f4", n, 1, 8, 8)
	for range n {
		phase, freq := rng.Float64()*6, 0.3+rng.Float64()*2
		for i := range 64 {
			v := 0.5*math.Sin(phase+freq*float64(i/8)+float64(i%8)*0.7) + 0.5*rng.NormFloat64()
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
	}
	WriteFile(t, path, data)
	return path
}

// TinyConfig is a search of the tiny network by agreement with the float network.
func TinyConfig(t testing.TB, samples int) config.Config {
	t.Helper()
	dir := t.TempDir()
	return CutEverywhere(config.Config{
		Model: TinyNetwork(t, dir), Calib: RandomImages(t, filepath.Join(dir, "calib.npy"), 32, 1), Data: RandomImages(t, filepath.Join(dir, "eval.npy"), samples, 2),
		Strategy: "demotion", Target: "16bit-0.03", Out: filepath.Join(dir, "run"), GridLow: "pow2", GridHigh: "pow2", Metric: "agreement",
		Block: 8, Cache: 1 << 30, RangeLow: "minmax", Version: "test",
	})
}

// FixedBatch writes a network again with its batch fixed.
func FixedBatch(t *testing.T, path string, batch int64) string {
	t.Helper()
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{m.Graph().GetInput(), m.Graph().GetOutput()} {
		for _, v := range list {
			v.GetType().GetTensorType().GetShape().GetDim()[0].Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: batch}
		}
	}
	path = filepath.Join(t.TempDir(), "fixed.onnx")
	if err := m.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// FashionConfig is a search of the example with 200 of its images.
func FashionConfig(t testing.TB) config.Config {
	t.Helper()
	dir := filepath.Join(root(t), "examples", "fashion")
	return config.Config{Model: filepath.Join(dir, "model.onnx"), Calib: filepath.Join(dir, "calib.npz"), Data: filepath.Join(dir, "eval.npz"),
		Strategy: "gallop", Target: "16bit-0.01", Out: filepath.Join(t.TempDir(), "run"), Limit: 200, Block: 50, RangeLow: "minmax", Version: "test"}
}

// root is the top of the project as seen from the folder of the test.
func root(t testing.TB) string {
	t.Helper()
	for dir := ".."; len(dir) < 20; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the folder of the test")
	return ""
}

// CutEverywhere is a configuration whose network is cut wherever it can be: the tests' are too small to be timed.
func CutEverywhere(c config.Config) config.Config {
	c.EveryCut = true
	return c
}

// Warning finds a warning by its id.
func Warning(r *config.Result, id string) *result.Warning {
	for i, w := range r.Warnings {
		if w.ID == id {
			return &r.Warnings[i]
		}
	}
	return nil
}
