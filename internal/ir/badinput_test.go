package ir_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

func TestBadFiles(t *testing.T) {
	good := onnxtest.ConvNet(17).Bytes(t)
	archive := append([]byte("PK\x03\x04"), make([]byte, 200)...)
	numpy := append([]byte("\x93NUMPY\x01\x00v\x00{'descr': '<f4'"), make([]byte, 100)...)
	cases := []struct {
		name string
		data []byte
		err  string
	}{
		{"empty", nil, "the file is empty"},
		{"text", []byte("import torch\nprint('hello')\n"), "not an ONNX file"},
		{"npz archive", archive, "not an ONNX"},
		{"npy array", numpy, "not an ONNX"},
		{"zeros", make([]byte, 4096), "not an ONNX file"},
		{"truncated", good[:len(good)-9], "truncated"},
		{"truncated in the graph", good[:len(good)/2], "truncated"},
		{"another message", []byte{0x08, 0x08}, "no graph"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.onnx")
			if err := os.WriteFile(path, c.data, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := ir.Read(path)
			onnxtest.CheckBad(t, err, path, c.err)
		})
	}
	t.Run("no such file", func(t *testing.T) {
		_, err := ir.Read("none.onnx")
		onnxtest.CheckBad(t, err, "none.onnx: no such file")
	})
	t.Run("folder", func(t *testing.T) {
		_, err := ir.Read(t.TempDir())
		onnxtest.CheckBad(t, err, "not a file")
	})
}

func TestBadModels(t *testing.T) {
	cases := []struct {
		name   string
		change func(p *onnxpb.ModelProto)
		texts  []string
	}{
		{"old opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(6) }, []string{"opset 6", "7 to 26"}},
		{"new opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(27) }, []string{"opset 27"}},
		{"negative opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(-1) }, []string{"opset -1"}},
		{"opset twice", func(p *onnxpb.ModelProto) {
			p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str("ai.onnx"), Version: proto.Int64(13)})
		}, []string{"imported twice"}},
		{"no opset", func(p *onnxpb.ModelProto) { p.OpsetImport = nil }, []string{"no operator set"}},
		{"only another domain", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Domain = ir.Str("x") }, []string{"opset 0"}},
		{"old IR", func(p *onnxpb.ModelProto) { p.IrVersion = proto.Int64(2) }, []string{"IR version 2", "3 to 13"}},
		{"new IR", func(p *onnxpb.ModelProto) { p.IrVersion = proto.Int64(14) }, []string{"IR version 14"}},
		{"no graph", func(p *onnxpb.ModelProto) { p.Graph = nil }, []string{"no graph"}},
		{"no output", func(p *onnxpb.ModelProto) { p.Graph.Output = nil }, []string{"no output"}},
		{"dangling input", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Input[0] = "nowhere" }, []string{`Relu node "r"`, `"nowhere"`}},
		{"dangling output", func(p *onnxpb.ModelProto) { p.Graph.Output[0].Name = ir.Str("nowhere") }, []string{`"nowhere"`}},
		{"cycle", func(p *onnxpb.ModelProto) { p.Graph.Node[0].Input[0] = "r" }, []string{"cycle", `Conv node "c"`}},
		{"node that reads itself", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Input[0] = "r" }, []string{"cycle", `Relu node "r"`}},
		{"two producers", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "c" }, []string{"both make", `"c"`}},
		{"producer of an input", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "x" }, []string{`"x"`, "input or initializer"}},
		{"producer of an initializer", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "w2" }, []string{`"w2"`}},
		{"initializer twice", func(p *onnxpb.ModelProto) { p.Graph.Initializer[1].Name = ir.Str("w1") }, []string{`"w1"`}},
		{"initializer without name", func(p *onnxpb.ModelProto) { p.Graph.Initializer[1].Name = nil }, []string{"initializer"}},
		{"input twice", func(p *onnxpb.ModelProto) { p.Graph.Input = append(p.Graph.Input, p.Graph.Input[0]) }, []string{`"x"`}},
		{"no operator", func(p *onnxpb.ModelProto) { p.Graph.Node[1].OpType = nil }, []string{"no operator"}},
		{"data short of dimensions", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].Dims[0] = 3 }, []string{`"w1"`, "72 bytes of data instead of 108"}},
		{"float data short", func(p *onnxpb.ModelProto) {
			p.Graph.Initializer[0].RawData, p.Graph.Initializer[0].FloatData = nil, make([]float32, 17)
		}, []string{`"w1"`, "17 values of data instead of 18"}},
		{"huge dimensions", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].Dims = []int64{1 << 40, 1 << 40} }, []string{`"w1"`, "too large"}},
		{"dimensions that overflow to 0", func(p *onnxpb.ModelProto) {
			p.Graph.Initializer[0].Dims = []int64{1 << 32, 1 << 32}
		}, []string{`"w1"`, "too large"}},
		{"negative dimension", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].Dims[0] = -2 }, []string{`"w1"`, "negative dimension"}},
		{"largest dimension", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].Dims = []int64{math.MaxInt64} }, []string{`"w1"`, "too large"}},
		{"unknown element type", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].DataType = proto.Int32(99) }, []string{`"w1"`, "99"}},
		{"no element type", func(p *onnxpb.ModelProto) { p.Graph.Initializer[0].DataType = nil }, []string{`"w1"`}},
		{"constant with huge dimensions", func(p *onnxpb.ModelProto) {
			p.Graph.Node = append(p.Graph.Node, ir.NewNode("Constant", "k", nil, []string{"k"}, &onnxpb.AttributeProto{Name: ir.Str("value"),
				T: &onnxpb.TensorProto{DataType: proto.Int32(1), Dims: []int64{1 << 50}}}))
		}, []string{`Constant node "k"`, "attribute value"}},
		{"subgraph with a dangling name", func(p *onnxpb.ModelProto) {
			body := &onnxpb.GraphProto{Output: []*onnxpb.ValueInfoProto{ir.NewValue("o", ir.Float, nil)},
				Node: []*onnxpb.NodeProto{ir.NewNode("Neg", "n", []string{"nowhere"}, []string{"o"})}}
			p.Graph.Node = append(p.Graph.Node, ir.NewNode("If", "branch", []string{"x"}, []string{"z"},
				&onnxpb.AttributeProto{Name: ir.Str("then_branch"), G: body}, &onnxpb.AttributeProto{Name: ir.Str("else_branch"), G: body}))
		}, []string{`"nowhere"`, `If node "branch"`}},
		{"function with a dangling name", func(p *onnxpb.ModelProto) {
			p.Functions = []*onnxpb.FunctionProto{{Name: ir.Str("F"), Output: []string{"o"}}}
		}, []string{`function "F"`, `"o"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := onnxtest.ConvNet(17)
			c.change(b.P)
			_, err := ir.Parse(b.Bytes(t), t.TempDir())
			onnxtest.CheckBad(t, err, c.texts...)
		})
	}
}
