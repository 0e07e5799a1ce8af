package onnx

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

func TestBadFiles(t *testing.T) {
	good := convNet(17).bytes(t)
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
		{"nested without end", nested(200), "nested more than"},
		{"empty messages", claims(4 << 20), "bytes of memory"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.onnx")
			if err := os.WriteFile(path, c.data, 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			checkBad(t, err, path, c.err)
		})
	}
	t.Run("no such file", func(t *testing.T) {
		_, err := Read("none.onnx")
		checkBad(t, err, "none.onnx: no such file")
	})
	t.Run("folder", func(t *testing.T) {
		_, err := Read(t.TempDir())
		checkBad(t, err, "not a file")
	})
}

// checkBad expects one line that matches ErrInput and has every text in it.
func checkBad(t *testing.T, err error, texts ...string) {
	t.Helper()
	if !errors.Is(err, ErrInput) {
		t.Fatalf("error %v does not match ErrInput", err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is not one line", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

// nested is a model whose node has a graph whose node has a graph and so on.
func nested(depth int) []byte {
	var data []byte
	for range depth {
		for _, field := range []protowire.Number{6, 5, 1} { // attribute.g of node.attribute of graph.node
			data = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), data)
		}
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, fieldGraph, protowire.BytesType), data)
}

// claims is a graph of n/2 empty nodes.
func claims(n int) []byte {
	data := make([]byte, 0, n)
	for len(data) < n {
		data = append(data, 1<<3|2, 0)
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, fieldGraph, protowire.BytesType), data)
}

func TestBadModels(t *testing.T) {
	cases := []struct {
		name   string
		change func(p *onnxpb.ModelProto)
		texts  []string
	}{
		{"old opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(6) }, []string{"opset 6", "7 to 23"}},
		{"new opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(24) }, []string{"opset 24"}},
		{"negative opset", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Version = proto.Int64(-1) }, []string{"opset -1"}},
		{"opset twice", func(p *onnxpb.ModelProto) {
			p.OpsetImport = append(p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str("ai.onnx"), Version: proto.Int64(13)})
		}, []string{"imported twice"}},
		{"no opset", func(p *onnxpb.ModelProto) { p.OpsetImport = nil }, []string{"no operator set"}},
		{"only another domain", func(p *onnxpb.ModelProto) { p.OpsetImport[0].Domain = str("x") }, []string{"opset 0"}},
		{"old IR", func(p *onnxpb.ModelProto) { p.IrVersion = proto.Int64(2) }, []string{"IR version 2", "3 to 12"}},
		{"new IR", func(p *onnxpb.ModelProto) { p.IrVersion = proto.Int64(13) }, []string{"IR version 13"}},
		{"no graph", func(p *onnxpb.ModelProto) { p.Graph = nil }, []string{"no graph"}},
		{"no output", func(p *onnxpb.ModelProto) { p.Graph.Output = nil }, []string{"no output"}},
		{"dangling input", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Input[0] = "nowhere" }, []string{`Relu node "r"`, `"nowhere"`}},
		{"dangling output", func(p *onnxpb.ModelProto) { p.Graph.Output[0].Name = str("nowhere") }, []string{`"nowhere"`}},
		{"cycle", func(p *onnxpb.ModelProto) { p.Graph.Node[0].Input[0] = "r" }, []string{"cycle", `Conv node "c"`}},
		{"node that reads itself", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Input[0] = "r" }, []string{"cycle", `Relu node "r"`}},
		{"two producers", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "c" }, []string{"both make", `"c"`}},
		{"producer of an input", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "x" }, []string{`"x"`, "input or initializer"}},
		{"producer of an initializer", func(p *onnxpb.ModelProto) { p.Graph.Node[1].Output[0] = "w2" }, []string{`"w2"`}},
		{"initializer twice", func(p *onnxpb.ModelProto) { p.Graph.Initializer[1].Name = str("w1") }, []string{`"w1"`}},
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
			p.Graph.Node = append(p.Graph.Node, newNode("Constant", "k", nil, []string{"k"}, &onnxpb.AttributeProto{Name: str("value"),
				T: &onnxpb.TensorProto{DataType: proto.Int32(1), Dims: []int64{1 << 50}}}))
		}, []string{`Constant node "k"`, "attribute value"}},
		{"subgraph with a dangling name", func(p *onnxpb.ModelProto) {
			body := &onnxpb.GraphProto{Output: []*onnxpb.ValueInfoProto{newValue("o", Float, nil)},
				Node: []*onnxpb.NodeProto{newNode("Neg", "n", []string{"nowhere"}, []string{"o"})}}
			p.Graph.Node = append(p.Graph.Node, newNode("If", "branch", []string{"x"}, []string{"z"},
				&onnxpb.AttributeProto{Name: str("then_branch"), G: body}, &onnxpb.AttributeProto{Name: str("else_branch"), G: body}))
		}, []string{`"nowhere"`, `If node "branch"`}},
		{"function with a dangling name", func(p *onnxpb.ModelProto) {
			p.Functions = []*onnxpb.FunctionProto{{Name: str("F"), Output: []string{"o"}}}
		}, []string{`function "F"`, `"o"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := convNet(17)
			c.change(b.p)
			_, err := Parse(b.bytes(t), t.TempDir())
			checkBad(t, err, c.texts...)
		})
	}
}

func TestPrepareRefuses(t *testing.T) {
	half := func() *net {
		b := newNet(17, 1, 4).output("y")
		b.p.Graph.Input[0].Type.GetTensorType().ElemType = proto.Int32(int32(Float16))
		return b.node("Relu", []string{"x"}, []string{"y"})
	}
	cases := []struct {
		name  string
		net   *net
		texts []string
	}{
		{"float16 network", half(), []string{`Relu node "y" computes in float16`, "float32"}},
		{"unknown operator", newNet(17, 1, 4).node("Swizzle", []string{"x"}, []string{"y"}).output("y"),
			[]string{"operator Swizzle", `"y"`, "17 to 21"}},
		{"rotary embedding of opset 23", newNet(23, 1, 2, 4, 4).floats("cos", []int64{1, 4, 2}, make([]float32, 8)...).
			node("RotaryEmbedding", []string{"x", "cos", "cos"}, []string{"y"}).output("y"), []string{"RotaryEmbedding", `"y"`, "opset 21"}},
		{"nothing to quantize", newNet(17, 1, 4).floats("k", nil, 1).node("Identity", []string{"k"}, []string{"y"}).output("y"),
			[]string{"no float activation"}},
	}
	cases[len(cases)-1].net.p.Graph.Input = nil
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := c.net.model(t)
			m.Path = "file.onnx"
			_, err := Prepare(m, Options{})
			checkBad(t, err, append(c.texts, "file.onnx: ")...)
		})
	}
}
