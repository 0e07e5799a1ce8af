package onnxtest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// Net builds small models in tests.
type Net struct{ P *onnxpb.ModelProto }

// NewNet starts a model of an operator set with one float input x of the given dimensions.
func NewNet(opset int64, dims ...int64) *Net {
	g := &onnxpb.GraphProto{Name: ir.Str("g"), Input: []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float, dims)}}
	return &Net{&onnxpb.ModelProto{
		IrVersion: proto.Int64(8), Graph: g,
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: &opset}},
	}}
}

// Node adds a node called like its first output.
func (b *Net) Node(op string, inputs, outputs []string, attrs ...*onnxpb.AttributeProto) *Net {
	b.P.Graph.Node = append(b.P.Graph.Node, ir.NewNode(op, outputs[0], inputs, outputs, attrs...))
	return b
}

// Floats adds an initializer.
func (b *Net) Floats(name string, dims []int64, values ...float32) *Net {
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewFloats(name, dims, values))
	return b
}

// Random adds an initializer of normal numbers that depend on its name only.
func (b *Net) Random(name string, dims ...int64) *Net {
	n, _ := ir.Count(dims)
	r := rand.New(rand.NewPCG(uint64(len(name)), uint64(name[0])))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return b.Floats(name, dims, values...)
}

// Output declares float outputs.
func (b *Net) Output(names ...string) *Net {
	for _, name := range names {
		b.P.Graph.Output = append(b.P.Graph.Output, ir.NewValue(name, ir.Float, nil))
		b.P.Graph.Output[len(b.P.Graph.Output)-1].Type.GetTensorType().Shape = nil
	}
	return b
}

// Bytes returns the file.
func (b *Net) Bytes(t testing.TB) []byte {
	t.Helper()
	data, err := proto.Marshal(b.P)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Model reads the file.
func (b *Net) Model(t testing.TB) *ir.Model {
	t.Helper()
	m, err := ir.Parse(b.Bytes(t), "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ConvNet is input x -> Conv -> Relu -> Conv -> y, 2 channels inside.
func ConvNet(opset int64) *Net {
	return NewNet(opset, -1, 1, 4, 4).Random("w1", 2, 1, 3, 3).Random("b1", 2).Random("w2", 1, 2, 1, 1).
		Node("Conv", []string{"x", "w1", "b1"}, []string{"c"}).
		Node("Relu", []string{"c"}, []string{"r"}).
		Node("Conv", []string{"r", "w2"}, []string{"y"}).Output("y")
}

// ExampleFile and VitFile are real networks.
var (
	ExampleFile = fromTop("examples/fashion/model.onnx")
	VitFile     = fromTop("testdata/fashion-vit/model.onnx")
)

// fromTop finds a file, whose path is given from the top of the tree, from the folder of any test.
func fromTop(path string) string {
	for range 4 {
		if _, err := os.Stat(path); err == nil {
			break
		}
		path = filepath.Join("..", path)
	}
	return path
}

// ReadFile reads a file that must be good.
func ReadFile(t testing.TB, path string) *ir.Model {
	t.Helper()
	m, err := ir.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Find returns the node that makes a tensor.
func Find(t testing.TB, m *ir.Model, made string) *onnxpb.NodeProto {
	t.Helper()
	for _, n := range m.Graph().Node {
		for _, out := range n.Output {
			if out == made {
				return n
			}
		}
	}
	t.Fatalf("no node makes %q", made)
	return nil
}

// Initializer returns the initializer of that name.
func Initializer(t testing.TB, m *ir.Model, name string) *onnxpb.TensorProto {
	t.Helper()
	for _, i := range m.Graph().Initializer {
		if i.GetName() == name {
			return i
		}
	}
	t.Fatalf("no initializer %q", name)
	return nil
}

// SomeRecords are asymmetric grids that differ from holder to holder.
func SomeRecords(t testing.TB, n int) []quant.Record {
	t.Helper()
	records := make([]quant.Record, n)
	for i := range records {
		r := quant.Range{Min: -1 - float32(i%7), Max: 2 + float32(i%3)}
		var err error
		if records[i].Low, err = quant.GridFor("asymmetric", 8, r); err != nil {
			t.Fatal(err)
		}
		if records[i].High, err = quant.GridFor("asymmetric", 16, r); err != nil {
			t.Fatal(err)
		}
	}
	return records
}

// NetOf is a model of one node that reads x of the given dimensions and constants, and makes the float tensor y.
func NetOf(t testing.TB, opset int64, dims []int64, n *onnxpb.NodeProto, constants ...*onnxpb.TensorProto) *ir.Model {
	t.Helper()
	b := NewNet(opset, dims...)
	b.P.Graph.Node = append(b.P.Graph.Node, n)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, constants...)
	return b.Output("y").Model(t)
}

// Ints adds a list of integers.
func (b *Net) Ints(name string, values ...int64) *Net {
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts(name, ir.Int64, []int64{int64(len(values))}, values))
	return b
}
