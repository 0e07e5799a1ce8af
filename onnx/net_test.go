package onnx

import (
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// net builds small models in tests.
type net struct{ p *onnxpb.ModelProto }

// newNet starts a model of an operator set with one float input x of the given dimensions.
func newNet(opset int64, dims ...int64) *net {
	g := &onnxpb.GraphProto{Name: str("g"), Input: []*onnxpb.ValueInfoProto{newValue("x", Float, dims)}}
	return &net{&onnxpb.ModelProto{
		IrVersion: proto.Int64(8), Graph: g,
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: str(""), Version: &opset}},
	}}
}

// node adds a node called like its first output.
func (b *net) node(op string, inputs, outputs []string, attrs ...*onnxpb.AttributeProto) *net {
	b.p.Graph.Node = append(b.p.Graph.Node, newNode(op, outputs[0], inputs, outputs, attrs...))
	return b
}

// floats adds an initializer.
func (b *net) floats(name string, dims []int64, values ...float32) *net {
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewFloats(name, dims, values))
	return b
}

// random adds an initializer of normal numbers that depend on its name only.
func (b *net) random(name string, dims ...int64) *net {
	n, _ := count(dims)
	r := rand.New(rand.NewPCG(uint64(len(name)), uint64(name[0])))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
	}
	return b.floats(name, dims, values...)
}

// output declares float outputs.
func (b *net) output(names ...string) *net {
	for _, name := range names {
		b.p.Graph.Output = append(b.p.Graph.Output, newValue(name, Float, nil))
		b.p.Graph.Output[len(b.p.Graph.Output)-1].Type.GetTensorType().Shape = nil
	}
	return b
}

// bytes returns the file.
func (b *net) bytes(t testing.TB) []byte {
	t.Helper()
	data, err := proto.Marshal(b.p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// model reads the file.
func (b *net) model(t testing.TB) *Model {
	t.Helper()
	m, err := Parse(b.bytes(t), "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// convNet is input x -> Conv -> Relu -> Conv -> y, 2 channels inside.
func convNet(opset int64) *net {
	return newNet(opset, -1, 1, 4, 4).random("w1", 2, 1, 3, 3).random("b1", 2).random("w2", 1, 2, 1, 1).
		node("Conv", []string{"x", "w1", "b1"}, []string{"c"}).
		node("Relu", []string{"c"}, []string{"r"}).
		node("Conv", []string{"r", "w2"}, []string{"y"}).output("y")
}

// exampleFile and vitFile are real networks.
const (
	exampleFile = "../examples/fashion/model.onnx"
	vitFile     = "../testdata/fashion-vit/model.onnx"
)

func readFile(t testing.TB, path string) *Model {
	t.Helper()
	m, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// find returns the node that makes a tensor.
func find(t testing.TB, m *Model, made string) *onnxpb.NodeProto {
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

// initializer returns the initializer of that name.
func initializer(t testing.TB, m *Model, name string) *onnxpb.TensorProto {
	t.Helper()
	for _, i := range m.Graph().Initializer {
		if i.GetName() == name {
			return i
		}
	}
	t.Fatalf("no initializer %q", name)
	return nil
}

// someRecords are asymmetric grids that differ from holder to holder.
func someRecords(t testing.TB, n int) []quant.Record {
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
