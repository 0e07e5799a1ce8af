package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// seeds are small models with every construct that the reader treats in its own way.
func seeds(t testing.TB) [][]byte {
	typed := convNet(13)
	typed.p.Graph.Initializer[0] = &onnxpb.TensorProto{Name: str("w1"), DataType: proto.Int32(int32(Float)),
		Dims: []int64{2, 1, 3, 3}, FloatData: make([]float32, 18)}
	half := newNet(20, 1, 4).node("Cast", []string{"h"}, []string{"w"}, intAttr("to", int64(Float))).
		node("MatMul", []string{"x", "w"}, []string{"y"}).output("y")
	half.p.Graph.Initializer = append(half.p.Graph.Initializer, &onnxpb.TensorProto{Name: str("h"), DataType: proto.Int32(int32(Float16)),
		Dims: []int64{4, 1}, RawData: make([]byte, 8)})
	moves := newNet(22, -1, 6).node("Constant", nil, []string{"shape"}, intsAttr("value_ints", 0, 2, 3)).
		node("Reshape", []string{"x", "shape"}, []string{"r"}).node("ReduceMean", []string{"r"}, []string{"y"}).output("y")
	normal := newNet(17, 1, 2, 3, 3).random("w", 2, 2, 1, 1).random("s", 2).random("m", 2).floats("v", []int64{2}, 1, 2).
		node("Conv", []string{"x", "w"}, []string{"c"}).
		node("BatchNormalization", []string{"c", "s", "m", "m", "v"}, []string{"n"}).
		node("Sigmoid", []string{"n"}, []string{"g"}).node("Mul", []string{"n", "g"}, []string{"y"}).output("y")
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{newNode("ReduceMax", "", []string{"x"}, []string{"o"}, intsAttr("axes", 0))},
		Output: []*onnxpb.ValueInfoProto{newValue("o", Float, nil)},
	}
	branch := newNet(16, 2)
	branch.p.Graph.Initializer = append(branch.p.Graph.Initializer, NewInts("cond", Bool, nil, []int64{1}))
	branch.node("If", []string{"cond"}, []string{"y"}, &onnxpb.AttributeProto{Name: str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body},
		&onnxpb.AttributeProto{Name: str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).output("y")
	called := oddModel()
	twice := newNode("Twice", "call", []string{"y"}, []string{"z"})
	twice.Domain = str("com.example")
	called.p.Graph.Node = append(called.p.Graph.Node, twice)
	called.output("z")
	var all [][]byte
	for _, b := range []*net{convNet(17), oddModel(), typed, half, moves, normal, branch, called, twoLayers(), recurrentNet(), externalNet("location", "w", "offset", "8")} {
		all = append(all, b.bytes(t))
	}
	return all
}

// FuzzRead reads, prepares and exports whatever the bytes say. Nothing may panic, hang, or take memory that the bytes do not
// justify; what is read must survive being written.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "w"), make([]byte, 80), 0o666); err != nil {
		f.Fatal(err)
	}
	for _, s := range seeds(f) {
		if m, err := Parse(s, dir); err != nil {
			f.Fatal(err)
		} else if err := useModel(m); err != nil {
			f.Fatal(err)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data, dir)
		if err != nil {
			return
		}
		written, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written, "")
		if err != nil {
			t.Fatalf("a model that was read is refused after it was written: %v", err)
		}
		if !proto.Equal(again.Proto, m.Proto) {
			t.Fatal("a model changed on its way through Bytes")
		}
		_ = useModel(m) // an error is an answer
	})
}

// useModel takes a model as far as its export.
func useModel(m *Model) error {
	if n, err := Prepare(m, Options{Unroll: &Unroll{}}); err == nil {
		if err := n.QuantizeWeights(); err != nil {
			return err
		}
	}
	n, err := Prepare(m, Options{})
	if err != nil {
		return err
	}
	dims := make(map[string][]int64)
	for _, v := range n.Model.Values() {
		if v.Dims != nil {
			dims[v.Name] = v.Dims // with -1 among them: counting has to bear any number
		}
	}
	for _, known := range []map[string][]int64{nil, dims} {
		if _, err := n.Work(known); err != nil {
			return err
		}
	}
	if err := n.QuantizeWeights(); err != nil {
		return err
	}
	grid := quant.Grid{Formula: quant.QDQ, Bits: 8, Scale: 0.5, Zero: 3, Max: 255}
	records, low := make([]quant.Record, len(n.Holders)), make([]bool, len(n.Holders))
	for i := range records {
		records[i] = quant.Record{Low: grid, High: grid}
	}
	switchable, err := n.Switchable(records)
	if err != nil {
		return err
	}
	qdq, err := n.QDQ(records, low)
	if err != nil {
		return err
	}
	for _, out := range []*Model{switchable, qdq} {
		data, err := out.Bytes()
		if err != nil {
			return err
		}
		if _, err := Parse(data, ""); err != nil {
			return err
		}
	}
	return nil
}
