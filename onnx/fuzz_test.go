package onnx

import (
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/rewrite"
	"example.org/demote/internal/sites"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// seeds are small models with every construct that the reader treats in its own way.
func seeds(t testing.TB) [][]byte {
	typed := onnxtest.ConvNet(13)
	typed.P.Graph.Initializer[0] = &onnxpb.TensorProto{Name: ir.Str("w1"), DataType: proto.Int32(int32(ir.Float)),
		Dims: []int64{2, 1, 3, 3}, FloatData: make([]float32, 18)}
	half := onnxtest.NewNet(20, 1, 4).Node("Cast", []string{"h"}, []string{"w"}, ir.IntAttr("to", int64(ir.Float))).
		Node("MatMul", []string{"x", "w"}, []string{"y"}).Output("y")
	half.P.Graph.Initializer = append(half.P.Graph.Initializer, &onnxpb.TensorProto{Name: ir.Str("h"), DataType: proto.Int32(int32(ir.Float16)),
		Dims: []int64{4, 1}, RawData: make([]byte, 8)})
	moves := onnxtest.NewNet(22, -1, 6).Node("Constant", nil, []string{"shape"}, ir.IntsAttr("value_ints", 0, 2, 3)).
		Node("Reshape", []string{"x", "shape"}, []string{"r"}).Node("ReduceMean", []string{"r"}, []string{"y"}).Output("y")
	normal := onnxtest.NewNet(17, 1, 2, 3, 3).Random("w", 2, 2, 1, 1).Random("s", 2).Random("m", 2).Floats("v", []int64{2}, 1, 2).
		Node("Conv", []string{"x", "w"}, []string{"c"}).
		Node("BatchNormalization", []string{"c", "s", "m", "m", "v"}, []string{"n"}).
		Node("Sigmoid", []string{"n"}, []string{"g"}).Node("Mul", []string{"n", "g"}, []string{"y"}).Output("y")
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{ir.NewNode("ReduceMax", "", []string{"x"}, []string{"o"}, ir.IntsAttr("axes", 0))},
		Output: []*onnxpb.ValueInfoProto{ir.NewValue("o", ir.Float, nil)},
	}
	branch := onnxtest.NewNet(16, 2)
	branch.P.Graph.Initializer = append(branch.P.Graph.Initializer, ir.NewInts("cond", ir.Bool, nil, []int64{1}))
	branch.Node("If", []string{"cond"}, []string{"y"}, &onnxpb.AttributeProto{Name: ir.Str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body},
		&onnxpb.AttributeProto{Name: ir.Str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).Output("y")
	called := onnxtest.OddModel()
	twice := ir.NewNode("Twice", "call", []string{"y"}, []string{"z"})
	twice.Domain = ir.Str("com.example")
	called.P.Graph.Node = append(called.P.Graph.Node, twice)
	called.Output("z")
	var all [][]byte
	for _, b := range []*onnxtest.Net{onnxtest.ConvNet(17), onnxtest.OddModel(), typed, half, moves, normal, branch, called, onnxtest.TwoLayers(), onnxtest.RecurrentNet(), onnxtest.ExternalNet("location", "w", "offset", "8")} {
		all = append(all, b.Bytes(t))
	}
	return all
}

// FuzzRead reads, prepares and exports whatever the bytes say. Nothing may panic, hang, or take memory that the bytes
// do not justify; what is read must survive being written.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "w"), make([]byte, 80), 0o666); err != nil {
		f.Fatal(err)
	}
	for _, s := range seeds(f) {
		if m, err := ir.Parse(s, dir); err != nil {
			f.Fatal(err)
		} else if err := useModel(m); err != nil {
			f.Fatal(err)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ir.Parse(data, dir)
		if err != nil {
			return
		}
		written, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ir.Parse(written, "")
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
		if err := QuantizeWeights(n); err != nil {
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
		if _, err := sites.Measure(n, known); err != nil {
			return err
		}
	}
	if err := QuantizeWeights(n); err != nil {
		return err
	}
	grid := quant.Grid{Formula: quant.QDQ, Bits: 8, Scale: 0.5, Zero: 3, Max: 255}
	records, low := make([]quant.Record, len(n.Holders)), make([]bool, len(n.Holders))
	for i := range records {
		records[i] = quant.Record{Low: grid, High: grid}
	}
	switchable, err := rewrite.Switchable(n, records)
	if err != nil {
		return err
	}
	qdq, err := QDQ(n, records, low)
	if err != nil {
		return err
	}
	for _, out := range []*Model{switchable, qdq} {
		data, err := out.Bytes()
		if err != nil {
			return err
		}
		if _, err := ir.Parse(data, ""); err != nil {
			return err
		}
	}
	return nil
}
