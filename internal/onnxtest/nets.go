package onnxtest

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/onnx/onnxpb"
)

// OddModel has a bit of everything that this package does not understand.
func OddModel() *Net {
	b := ConvNet(17)
	unknown := protowire.AppendTag(nil, 900, protowire.BytesType)
	unknown = protowire.AppendString(unknown, "from the future")
	b.P.ProtoReflect().SetUnknown(unknown)
	b.P.Graph.ProtoReflect().SetUnknown(unknown)
	b.P.Graph.Node[0].ProtoReflect().SetUnknown(unknown)
	b.P.Graph.Initializer[0].ProtoReflect().SetUnknown(unknown)
	entry := []*onnxpb.StringStringEntryProto{{Key: ir.Str("k"), Value: ir.Str("v")}}
	b.P.MetadataProps, b.P.DocString, b.P.Domain = entry, ir.Str("doc"), ir.Str("com.example")
	b.P.ProducerName, b.P.ProducerVersion, b.P.ModelVersion = ir.Str("maker"), ir.Str("1"), proto.Int64(3)
	b.P.Graph.DocString, b.P.Graph.MetadataProps = ir.Str("graph doc"), entry
	b.P.Graph.Node[0].DocString, b.P.Graph.Node[0].MetadataProps = ir.Str("node doc"), entry
	b.P.Graph.Initializer[0].DocString = ir.Str("tensor doc")
	b.P.Graph.QuantizationAnnotation = []*onnxpb.TensorAnnotation{{TensorName: ir.Str("r"), QuantParameterTensorNames: entry}}
	b.P.OpsetImport = append(b.P.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str("com.example"), Version: proto.Int64(4)})
	b.P.Functions = []*onnxpb.FunctionProto{{
		Name: ir.Str("Twice"), Domain: ir.Str("com.example"), Input: []string{"a"}, Output: []string{"b"},
		Node:        []*onnxpb.NodeProto{ir.NewNode("Add", "", []string{"a", "a"}, []string{"b"})},
		OpsetImport: b.P.OpsetImport[:1],
	}}
	return b
}

// Calling is a model of the functions F0, F1, ... each of which calls the next one that number of times; the last
// is a Relu. change may add to all.
func Calling(depth, times int, change func(f *onnxpb.FunctionProto)) *Net {
	b := NewNet(21, 2, 2)
	b.P.OpsetImport = append(b.P.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str("f"), Version: proto.Int64(1)})
	for i := range depth + 1 {
		f := &onnxpb.FunctionProto{Name: ir.Str(fmt.Sprint("F", i)), Domain: ir.Str("f"), Input: []string{"a"}, Output: []string{"o"},
			OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: proto.Int64(21)}, {Domain: ir.Str("f"), Version: proto.Int64(1)}}}
		last := "a"
		for k := range times {
			n := ir.NewNode(fmt.Sprint("F", i+1), "", []string{last}, []string{fmt.Sprint("t", k)})
			n.Domain = ir.Str("f")
			f.Node, last = append(f.Node, n), fmt.Sprint("t", k)
		}
		if i == depth {
			f.Node = []*onnxpb.NodeProto{ir.NewNode("Relu", "", []string{"a"}, []string{last})}
		}
		f.Node[len(f.Node)-1].Output[0] = "o"
		if change != nil {
			change(f)
		}
		b.P.Functions = append(b.P.Functions, f)
	}
	b.Node("F0", []string{"x"}, []string{"y"}).Output("y")
	b.P.Graph.Node[0].Domain = ir.Str("f")
	return b
}

// ExternalNet has its weight w1 of 72 bytes at a place in a file.
func ExternalNet(entries ...string) *Net {
	b := ConvNet(17)
	w := b.P.Graph.Initializer[0]
	w.RawData, w.DataLocation = nil, onnxpb.TensorProto_EXTERNAL.Enum()
	for i := 0; i < len(entries); i += 2 {
		w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: &entries[i], Value: &entries[i+1]})
	}
	return b
}

// ActivationsAttr is the attribute of a recurrent operator that names its activations.
func ActivationsAttr(names ...string) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: ir.Str("activations"), Type: onnxpb.AttributeProto_STRINGS.Enum()}
	for _, n := range names {
		a.Strings = append(a.Strings, []byte(n))
	}
	return a
}

// TwoLayers is a network of two LSTM layers over 6 steps of 8 numbers, as PyTorch writes them, and a Gemm on the last
// hidden state.
func TwoLayers() *Net {
	return NewNet(17, -1, 6, 8).Node("Transpose", []string{"x"}, []string{"turned"}, ir.IntsAttr("perm", 1, 0, 2)).
		Random("wa", 1, 20, 8).Random("ra", 1, 20, 5).Random("ba", 1, 40).Random("wb", 2, 20, 5).Random("rb", 2, 20, 5).
		Node("LSTM", []string{"turned", "wa", "ra", "ba"}, []string{"ya"}, ir.IntAttr("hidden_size", 5)).
		Ints("axis", 1).Node("Squeeze", []string{"ya", "axis"}, []string{"sa"}).
		Node("LSTM", []string{"sa", "wb", "rb"}, []string{"yb", "hb"}, ir.IntAttr("hidden_size", 5), ir.StringAttr("direction", "bidirectional")).
		Node("Transpose", []string{"hb"}, []string{"tb"}, ir.IntsAttr("perm", 1, 0, 2)).Node("Flatten", []string{"tb"}, []string{"f"}).
		Random("v", 10, 3).Node("Gemm", []string{"f", "v"}, []string{"y"}).Output("y")
}

// RecurrentNet has operators with all inputs: an LSTM with peepholes, states and lengths, a GRU whose state is made
// of zeros, and an RNN.
func RecurrentNet() *Net {
	b := NewNet(17, 3, 2, 4).Random("w", 2, 8, 4).Random("r", 2, 8, 2).Random("b", 2, 16).Random("h", 2, 2, 2).Random("p", 2, 6).Random("wg", 1, 6, 4).Random("rg", 1, 6, 2).
		Random("wr", 1, 2, 4).Random("rr", 1, 2, 2).Ints("shape", 1, 2, 2)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("n", ir.Int32, []int64{2}, []int64{3, 3}))
	return b.Node("LSTM", []string{"x", "w", "r", "b", "n", "h", "h", "p"}, []string{"l", "lh", "lc"}, ir.IntAttr("hidden_size", 2), ir.StringAttr("direction", "bidirectional"), ir.FloatAttr("clip", 1)).
		Node("ConstantOfShape", []string{"shape"}, []string{"z"}).Node("Concat", []string{"z", "z"}, []string{"zz"}, ir.IntAttr("axis", 1)).Node("GRU", []string{"x", "wg", "rg", "", "", "z"}, []string{"g"}, ir.IntAttr("linear_before_reset", 1)).
		Node("RNN", []string{"x", "wr", "rr"}, []string{"", "e"}, ActivationsAttr("Relu")).Output("l", "lh", "lc", "g", "e")
}

// Taking is a graph attribute with nodes as "y = Op a b", constants of one element and outputs.
func Taking(name string, nodes string, constants map[string]float32, outputs ...string) *onnxpb.AttributeProto {
	g := &onnxpb.GraphProto{Name: ir.Str(name)}
	for _, line := range strings.Split(nodes, ";") {
		if left, right, ok := strings.Cut(line, "="); ok {
			words := strings.Fields(right)
			g.Node = append(g.Node, ir.NewNode(words[0], strings.TrimSpace(left), words[1:], []string{strings.TrimSpace(left)}))
		}
	}
	for c, v := range constants {
		g.Initializer = append(g.Initializer, ir.NewFloats(c, nil, []float32{v}))
	}
	for _, o := range outputs {
		g.Output = append(g.Output, ir.NewValue(o, ir.Float, nil))
	}
	return &onnxpb.AttributeProto{Name: ir.Str(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g}
}

// TensorsOf lists the tensors that have holders.
func TensorsOf(n *network.Network) (list []string) {
	for _, h := range n.Holders {
		list = append(list, h.Tensor)
	}
	return list
}
