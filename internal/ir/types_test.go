package ir_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

func TestElementTypes(t *testing.T) {
	tensorAttr := func(typ ir.DType) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: ir.Str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: ir.NewInts("", typ, []int64{1}, []int64{0})}
	}
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{ir.NewNode("Shape", "", []string{"x"}, []string{"bs"}), ir.NewNode("Relu", "", []string{"x"}, []string{"br"})},
		Output: []*onnxpb.ValueInfoProto{ir.NewValue("bs", ir.Undefined, nil), ir.NewValue("br", ir.Undefined, nil)},
	}
	cases := []struct {
		op      string
		inputs  []string
		attrs   []*onnxpb.AttributeProto
		outputs []ir.DType
	}{
		{"Relu", []string{"x"}, nil, []ir.DType{ir.Float}},
		{"Relu", []string{"h"}, nil, []ir.DType{ir.Float16}},
		{"Shape", []string{"x"}, nil, []ir.DType{ir.Int64}},
		{"Gather", []string{"i", "i"}, nil, []ir.DType{ir.Int64}},
		{"Gather", []string{"x", "i"}, nil, []ir.DType{ir.Float}},
		{"Cast", []string{"x"}, []*onnxpb.AttributeProto{ir.IntAttr("to", int64(ir.Bool))}, []ir.DType{ir.Bool}},
		{"CastLike", []string{"x", "i"}, nil, []ir.DType{ir.Int64}},
		{"ArgMax", []string{"x"}, nil, []ir.DType{ir.Int64}},
		{"TopK", []string{"x", "i"}, nil, []ir.DType{ir.Float, ir.Int64}},
		{"Where", []string{"c", "x", "x"}, nil, []ir.DType{ir.Float}},
		{"Equal", []string{"x", "x"}, nil, []ir.DType{ir.Bool}},
		{"Not", []string{"c"}, nil, []ir.DType{ir.Bool}},
		{"ConstantOfShape", []string{"i"}, nil, []ir.DType{ir.Float}},
		{"ConstantOfShape", []string{"i"}, []*onnxpb.AttributeProto{tensorAttr(ir.Int32)}, []ir.DType{ir.Int32}},
		{"Constant", nil, []*onnxpb.AttributeProto{tensorAttr(ir.Uint8)}, []ir.DType{ir.Uint8}},
		{"Constant", nil, []*onnxpb.AttributeProto{ir.IntsAttr("value_ints", 1, 2)}, []ir.DType{ir.Int64}},
		{"Dropout", []string{"x"}, nil, []ir.DType{ir.Float, ir.Bool}},
		{"MaxPool", []string{"x"}, nil, []ir.DType{ir.Float, ir.Int64}},
		{"QuantizeLinear", []string{"x", "x"}, nil, []ir.DType{ir.Uint8}},
		{"QuantizeLinear", []string{"x", "x", "z"}, nil, []ir.DType{ir.Int16}},
		{"DequantizeLinear", []string{"z", "x"}, nil, []ir.DType{ir.Float}},
		{"DynamicQuantizeLinear", []string{"x"}, nil, []ir.DType{ir.Uint8, ir.Float, ir.Uint8}},
		{"OneHot", []string{"i", "i", "x"}, nil, []ir.DType{ir.Float}},
		{"Range", []string{"i", "i", "i"}, nil, []ir.DType{ir.Int64}},
		{"NonMaxSuppression", []string{"x", "x"}, nil, []ir.DType{ir.Int64}},
		{"RandomNormal", nil, nil, []ir.DType{ir.Float}},
		{"EyeLike", []string{"i"}, nil, []ir.DType{ir.Int64}},
		{"EyeLike", []string{"i"}, []*onnxpb.AttributeProto{ir.IntAttr("dtype", int64(ir.Float))}, []ir.DType{ir.Float}},
		{"MatMulInteger", []string{"z", "z"}, nil, []ir.DType{ir.Int32}},
		{"Unique", []string{"x"}, nil, []ir.DType{ir.Float, ir.Int64, ir.Int64, ir.Int64}},
		{"If", []string{"c"}, []*onnxpb.AttributeProto{{Name: ir.Str("then_branch"), G: body}}, []ir.DType{ir.Int64, ir.Float}},
		{"Loop", []string{"i", "c"}, []*onnxpb.AttributeProto{{Name: ir.Str("body"), G: body}}, []ir.DType{ir.Float}},
		{"SequenceAt", []string{"x", "i"}, nil, []ir.DType{ir.Undefined}},
	}
	for _, c := range cases {
		t.Run(c.op, func(t *testing.T) {
			b := onnxtest.NewNet(21, 2)
			for name, typ := range map[string]ir.DType{"h": ir.Float16, "i": ir.Int64, "c": ir.Bool, "z": ir.Int16} {
				b.P.Graph.Input = append(b.P.Graph.Input, ir.NewValue(name, typ, nil))
			}
			var outputs []string
			for i := range c.outputs {
				outputs = append(outputs, string(rune('p'+i)))
			}
			b.Node(c.op, c.inputs, outputs, wire.Clone(&onnxpb.NodeProto{Attribute: c.attrs}).Attribute...).Output("x")
			x, err := ir.NewIndex(b.Model(t))
			if err != nil {
				t.Fatal(err)
			}
			for i, out := range outputs {
				if got := x.Type(out); got != c.outputs[i] {
					t.Errorf("output %d is %s, want %s", i, got, c.outputs[i])
				}
			}
		})
	}
}

func TestDeclaredTypeOfAnUnknownOperator(t *testing.T) {
	b := onnxtest.NewNet(21, 2).Output("x")
	b.P.OpsetImport = append(b.P.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: ir.Str("d"), Version: proto.Int64(1)})
	odd := ir.NewNode("Odd", "odd", []string{"x"}, []string{"a", "b"})
	odd.Domain = ir.Str("d")
	b.P.Graph.Node = append(b.P.Graph.Node, odd)
	b.P.Graph.ValueInfo = append(b.P.Graph.ValueInfo, ir.NewValue("a", ir.Int32, nil))
	x, err := ir.NewIndex(b.Model(t))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := x.Type("a"), x.Type("b"); a != ir.Int32 || b != ir.Undefined {
		t.Errorf("types are %s and %s", a, b)
	}
}

func TestIndexKnowsReadersInSubgraphs(t *testing.T) {
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{ir.NewNode("Relu", "", []string{"r"}, []string{"o"})},
		Output: []*onnxpb.ValueInfoProto{ir.NewValue("o", ir.Float, nil)},
	}
	b := onnxtest.ConvNet(17)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("cond", ir.Bool, nil, []int64{1}))
	b.Node("If", []string{"cond"}, []string{"z"},
		&onnxpb.AttributeProto{Name: ir.Str("then_branch"), G: body}, &onnxpb.AttributeProto{Name: ir.Str("else_branch"), G: body})
	x, err := ir.NewIndex(b.Model(t))
	if err != nil {
		t.Fatal(err)
	}
	if c := x.Consumers("r"); len(c) != 2 || c[0].GetName() != "y" || c[1].GetName() != "z" {
		t.Errorf("readers of r are %v", c)
	}
	if p := x.Producer("r"); p.GetName() != "r" || x.Order(p) != 1 {
		t.Errorf("producer of r is %v", p)
	}
	if !x.IsInput("x") || x.IsInput("r") || !x.IsOutput("y") || x.Initializer("w1") == nil || x.Constant("w1") == nil || x.Constant("r") != nil {
		t.Error("inputs, outputs or constants are wrong")
	}
}
