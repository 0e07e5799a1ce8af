package onnx

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

func TestElementTypes(t *testing.T) {
	tensorAttr := func(typ DType) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: str("value"), Type: onnxpb.AttributeProto_TENSOR.Enum(), T: NewInts("", typ, []int64{1}, []int64{0})}
	}
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{newNode("Shape", "", []string{"x"}, []string{"bs"}), newNode("Relu", "", []string{"x"}, []string{"br"})},
		Output: []*onnxpb.ValueInfoProto{newValue("bs", Undefined, nil), newValue("br", Undefined, nil)},
	}
	cases := []struct {
		op      string
		inputs  []string
		attrs   []*onnxpb.AttributeProto
		outputs []DType
	}{
		{"Relu", []string{"x"}, nil, []DType{Float}},
		{"Relu", []string{"h"}, nil, []DType{Float16}},
		{"Shape", []string{"x"}, nil, []DType{Int64}},
		{"Gather", []string{"i", "i"}, nil, []DType{Int64}},
		{"Gather", []string{"x", "i"}, nil, []DType{Float}},
		{"Cast", []string{"x"}, []*onnxpb.AttributeProto{intAttr("to", int64(Bool))}, []DType{Bool}},
		{"CastLike", []string{"x", "i"}, nil, []DType{Int64}},
		{"ArgMax", []string{"x"}, nil, []DType{Int64}},
		{"TopK", []string{"x", "i"}, nil, []DType{Float, Int64}},
		{"Where", []string{"c", "x", "x"}, nil, []DType{Float}},
		{"Equal", []string{"x", "x"}, nil, []DType{Bool}},
		{"Not", []string{"c"}, nil, []DType{Bool}},
		{"ConstantOfShape", []string{"i"}, nil, []DType{Float}},
		{"ConstantOfShape", []string{"i"}, []*onnxpb.AttributeProto{tensorAttr(Int32)}, []DType{Int32}},
		{"Constant", nil, []*onnxpb.AttributeProto{tensorAttr(Uint8)}, []DType{Uint8}},
		{"Constant", nil, []*onnxpb.AttributeProto{intsAttr("value_ints", 1, 2)}, []DType{Int64}},
		{"Dropout", []string{"x"}, nil, []DType{Float, Bool}},
		{"MaxPool", []string{"x"}, nil, []DType{Float, Int64}},
		{"QuantizeLinear", []string{"x", "x"}, nil, []DType{Uint8}},
		{"QuantizeLinear", []string{"x", "x", "z"}, nil, []DType{Int16}},
		{"DequantizeLinear", []string{"z", "x"}, nil, []DType{Float}},
		{"DynamicQuantizeLinear", []string{"x"}, nil, []DType{Uint8, Float, Uint8}},
		{"OneHot", []string{"i", "i", "x"}, nil, []DType{Float}},
		{"Range", []string{"i", "i", "i"}, nil, []DType{Int64}},
		{"NonMaxSuppression", []string{"x", "x"}, nil, []DType{Int64}},
		{"RandomNormal", nil, nil, []DType{Float}},
		{"EyeLike", []string{"i"}, nil, []DType{Int64}},
		{"EyeLike", []string{"i"}, []*onnxpb.AttributeProto{intAttr("dtype", int64(Float))}, []DType{Float}},
		{"MatMulInteger", []string{"z", "z"}, nil, []DType{Int32}},
		{"Unique", []string{"x"}, nil, []DType{Float, Int64, Int64, Int64}},
		{"If", []string{"c"}, []*onnxpb.AttributeProto{{Name: str("then_branch"), G: body}}, []DType{Int64, Float}},
		{"Loop", []string{"i", "c"}, []*onnxpb.AttributeProto{{Name: str("body"), G: body}}, []DType{Float}},
		{"SequenceAt", []string{"x", "i"}, nil, []DType{Undefined}},
	}
	for _, c := range cases {
		t.Run(c.op, func(t *testing.T) {
			b := newNet(21, 2)
			for name, typ := range map[string]DType{"h": Float16, "i": Int64, "c": Bool, "z": Int16} {
				b.p.Graph.Input = append(b.p.Graph.Input, newValue(name, typ, nil))
			}
			var outputs []string
			for i := range c.outputs {
				outputs = append(outputs, string(rune('p'+i)))
			}
			b.node(c.op, c.inputs, outputs, clone(&onnxpb.NodeProto{Attribute: c.attrs}).Attribute...).output("x")
			x, err := NewIndex(b.model(t))
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
	b := newNet(21, 2).output("x")
	b.p.OpsetImport = append(b.p.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: str("d"), Version: proto.Int64(1)})
	odd := newNode("Odd", "odd", []string{"x"}, []string{"a", "b"})
	odd.Domain = str("d")
	b.p.Graph.Node = append(b.p.Graph.Node, odd)
	b.p.Graph.ValueInfo = append(b.p.Graph.ValueInfo, newValue("a", Int32, nil))
	x, err := NewIndex(b.model(t))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := x.Type("a"), x.Type("b"); a != Int32 || b != Undefined {
		t.Errorf("types are %s and %s", a, b)
	}
}

func TestIndexKnowsReadersInSubgraphs(t *testing.T) {
	body := &onnxpb.GraphProto{
		Node:   []*onnxpb.NodeProto{newNode("Relu", "", []string{"r"}, []string{"o"})},
		Output: []*onnxpb.ValueInfoProto{newValue("o", Float, nil)},
	}
	b := convNet(17)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("cond", Bool, nil, []int64{1}))
	b.node("If", []string{"cond"}, []string{"z"},
		&onnxpb.AttributeProto{Name: str("then_branch"), G: body}, &onnxpb.AttributeProto{Name: str("else_branch"), G: body})
	x, err := NewIndex(b.model(t))
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
