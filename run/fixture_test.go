package run

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/config"
	"example.org/demote/internal/npy"
	"example.org/demote/internal/sandbox"
	"example.org/demote/onnx/onnxpb"
)

// TestMain opens ONNX Runtime once. With DEMOTE_TEST_SEARCH set the test binary is a program that
// runs one search, so that tests can kill it.
func TestMain(m *testing.M) {
	if code, child := Child(os.Args); child {
		os.Exit(code)
	}
	sandbox.TryHere = false // but for the tests of it
	path, ok := orttest.Find()
	if !ok {
		fmt.Fprintln(os.Stderr, "no ONNX Runtime library: run `make setup`")
		os.Exit(1)
	}
	if err := cgo.Init(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if text := os.Getenv("DEMOTE_TEST_SEARCH"); text != "" {
		os.Exit(childSearch(text))
	}
	cache, err := os.MkdirTemp("", "demote-cache-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
	code := m.Run()
	os.RemoveAll(cache)
	if n := cgo.Live(); code == 0 && n != 0 {
		fmt.Fprintln(os.Stderr, n, "handles are still open")
		code = 1
	}
	os.Exit(code)
}

// childSearch runs a search, with as much memory as DEMOTE_TEST_MEMORY says, in bytes.
func childSearch(text string) int {
	if bytes, err := strconv.ParseUint(os.Getenv("DEMOTE_TEST_MEMORY"), 10, 63); err == nil {
		if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
			panic(err)
		}
	}
	var c config.Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	_, err := Search(context.Background(), c)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return ExitCode(err)
}

// tinyNetwork writes a small convolutional classifier with random weights: 1x8x8 inputs, 12 classes,
// and channels of uneven ranges, which make int8 hurt.
func tinyNetwork(t testing.TB, dir string) string {
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
	return writeNetwork(t, filepath.Join(dir, "tiny.onnx"), g)
}

// writeNetwork writes a graph as a model of opset 17 and returns its path.
func writeNetwork(t testing.TB, path string, g *onnxpb.GraphProto) string {
	t.Helper()
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}, Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, path, data)
	return path
}

// randomImages writes n samples of 1x8x8 as an npy file.
func randomImages(t testing.TB, path string, n int, seed uint64) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	data := npyHeader("<f4", n, 1, 8, 8)
	for range n {
		phase, freq := rng.Float64()*6, 0.3+rng.Float64()*2
		for i := range 64 {
			v := 0.5*math.Sin(phase+freq*float64(i/8)+float64(i%8)*0.7) + 0.5*rng.NormFloat64()
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
	}
	writeTestFile(t, path, data)
	return path
}

// npyHeader is the head of an npy file, format version 1.0.
func npyHeader(dtype string, shape ...int) []byte {
	dims := make([]int64, len(shape))
	for i, d := range shape {
		dims[i] = int64(d)
	}
	return []byte(npy.Header(dtype, dims...))
}

func writeTestFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// tinyConfig is a search of the tiny network by agreement with the float network.
func tinyConfig(t testing.TB, samples int) config.Config {
	t.Helper()
	dir := t.TempDir()
	return cutEverywhere(config.Config{
		Model: tinyNetwork(t, dir), Calib: randomImages(t, filepath.Join(dir, "calib.npy"), 32, 1), Data: randomImages(t, filepath.Join(dir, "eval.npy"), samples, 2),
		Strategy: "demotion", Target: "16bit-0.03", Out: filepath.Join(dir, "run"), GridLow: "pow2", GridHigh: "pow2", Metric: "agreement",
		Block: 8, Cache: 1 << 30, Version: "test",
	})
}

// cutEverywhere is a configuration whose network is cut wherever it can be: the tests' are too small to be timed.
func cutEverywhere(c config.Config) config.Config {
	c.EveryCut = true
	return c
}
