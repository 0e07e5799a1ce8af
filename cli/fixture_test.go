package cli

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/serve/servetest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/run"
)

// programEnv makes the test binary the program itself, for tests that need a process of its own.
const programEnv = "DEMOTE_TEST_PROGRAM"

// everyCutEnv has a search cut its network wherever it can be, whatever the clock says.
const everyCutEnv = "DEMOTE_TEST_EVERY_CUT"

func TestMain(m *testing.M) {
	if os.Getenv(programEnv) == "alone" { // the test says where the runtime is
		os.Exit(Main(os.Args))
	}
	if os.Getenv(programEnv) == "hog" {
		hog()
	}
	servetest.Main()
	if how := os.Getenv(metricEnv); how != "" {
		os.Exit(metricProgram(how))
	}
	if underRace { // where a mistake may take longer to be found
		opening *= 15
	}
	path, ok := orttest.Find()
	if !ok {
		fmt.Fprintln(os.Stderr, "no ONNX Runtime library: run `make setup`")
		os.Exit(1)
	}
	os.Setenv(run.RuntimeEnv, path)
	// A command line, not flags of a test: bench has started it, from a test that runs in this process.
	if use := os.Getenv(useEnv); use != "" {
		tellUse(use)
	}
	if os.Getenv(everyCutEnv) != "" {
		tuned = func(c *run.Config) { c.EveryCut, c.Patient = true, true }
	}
	if os.Getenv(programEnv) != "" || len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		os.Exit(Main(os.Args))
	}
	cache := tasktest.OwnCache()
	code := m.Run()
	os.RemoveAll(cache)
	if n := cgo.Live(); code == 0 && n != 0 {
		fmt.Fprintln(os.Stderr, n, "handles are still open")
		code = 1
	}
	os.Exit(code)
}

// called is what one command line did.
type called struct {
	code     int
	out, err string
}

// call runs a command line in this process.
func call(args ...string) called {
	var out, errs bytes.Buffer
	code := program(context.Background(), append([]string{"demote"}, args...), &out, &errs)
	return called{code, out.String(), errs.String()}
}

// must is call, of what is to end with exit code 0.
func must(t testing.TB, args ...string) called {
	t.Helper()
	c := call(args...)
	if c.code != 0 {
		t.Fatalf("demote %s: exit code %d, %s", strings.Join(args, " "), c.code, c.err)
	}
	return c
}

// graph builds small networks with one input x of shape [N, 1, 4, 4].
type graph struct{ *onnxpb.ModelProto }

func newGraph() graph {
	return graph{&onnxpb.ModelProto{IrVersion: proto.Int64(8), Graph: &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{value("x", 1, -1, 1, 4, 4)}},
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}}}
}

// value declares a tensor of an ONNX element type; -1 is a free size.
func value(name string, elem int32, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}}
		if d < 0 {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}}
}

// node adds a node with one output.
func (g graph) node(op, out string, in ...string) graph {
	g.Graph.Node = append(g.Graph.Node, &onnxpb.NodeProto{OpType: &op, Name: proto.String("make " + out), Input: in, Output: []string{out}})
	return g
}

// weights adds a constant of the given values, or of random ones.
func (g graph) weights(name string, dims []int64, values ...float32) graph {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	rng := rand.New(rand.NewPCG(uint64(name[0]), uint64(n)))
	for len(values) < int(n) {
		values = append(values, float32(rng.NormFloat64()))
	}
	g.Graph.Initializer = append(g.Graph.Initializer, ir.NewFloats(name, dims, values))
	return g
}

// output declares the output, [N, classes].
func (g graph) output(name string, classes int64) graph {
	g.Graph.Output = append(g.Graph.Output, value(name, 1, -1, classes))
	return g
}

func (g graph) bytes() []byte {
	data, err := proto.Marshal(g)
	if err != nil {
		panic(err)
	}
	return data
}

// plain is a classifier of 5 classes with 8 holders.
func plain() graph {
	return newGraph().weights("w1", []int64{4, 1, 3, 3}).node("Conv", "c1", "x", "w1").node("Relu", "a1", "c1").
		node("Sigmoid", "s1", "c1").node("Mul", "m1", "a1", "s1").node("Flatten", "f", "m1").
		weights("w2", []int64{16, 8}).node("MatMul", "h", "f", "w2").node("Tanh", "t", "h").
		weights("w3", []int64{8, 5}).node("MatMul", "y", "t", "w3").output("y", 5)
}

// npy is an array of float32 or, with "<i8" and "|u1", int64 numbers and bytes as a file.
func npy(dtype string, values []float64, shape ...int) []byte {
	dims := ""
	for _, d := range shape {
		dims += fmt.Sprint(d) + ", "
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, dims)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	data := append([]byte("\x93NUMPY\x01\x00"), byte(len(text)), byte(len(text)>>8))
	data = append(data, text...)
	for _, v := range values {
		switch dtype {
		case "|u1":
			data = append(data, byte(v))
		case "<i8":
			data = binary.LittleEndian.AppendUint64(data, uint64(int64(v)))
		default:
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
	}
	return data
}

// npz is an archive of npy files, by key.
func npz(arrays map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for key, data := range arrays {
		w, err := z.CreateHeader(&zip.FileHeader{Name: key + ".npy", Method: zip.Store})
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// images are n samples of [1, 4, 4], and labels for the classes 0 to 4.
func images(n int) (x, y []float64) {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range n {
		for range 16 {
			x = append(x, rng.NormFloat64())
		}
		y = append(y, float64(i%5))
	}
	return x, y
}

// inputs are the files of a search in a folder of their own, with the command line that names them.
type inputs struct {
	dir   string
	flags map[string]string
}

// good writes a network, 16 calibration samples and 40 labelled evaluation samples.
func good(t testing.TB) inputs {
	t.Helper()
	in := inputs{t.TempDir(), map[string]string{}}
	in.flags = map[string]string{"--model": in.path("net.onnx"), "--calib": in.path("calib.npz"), "--data": in.path("eval.npz"),
		"--target": "16bit-0.05", "--out": in.path("run"), "--block": "8", "--strategy": "demotion"}
	in.write(t, "net.onnx", plain().bytes())
	x, _ := images(16)
	in.write(t, "calib.npz", npz(map[string][]byte{"x": npy("<f4", x, 16, 1, 4, 4)}))
	x, y := images(40)
	in.write(t, "eval.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", y, 40)}))
	return in
}

func (in inputs) path(name string) string { return filepath.Join(in.dir, name) }

func (in inputs) write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(in.path(name), data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// args is the command line of a search; an empty value is a flag without one, and "-" leaves it out. A flag in more
// takes the place of one of these.
func (in inputs) args(more ...string) []string {
	list := []string{"search"}
	for _, name := range []string{"--model", "--calib", "--data", "--target", "--out", "--block", "--strategy", "--range"} {
		if v, ok := in.flags[name]; ok && v != "-" && !slices.Contains(more, name) {
			list = append(list, name, v)
		}
	}
	return append(list, more...)
}
