package onnx

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

// TestWiden turns every place of a model that names an element type: constants in all their forms, values, sequences, bodies,
// functions, and attributes.
func TestWiden(t *testing.T) {
	half := func(name string, values ...uint16) tensor {
		var data []int32
		for _, v := range values {
			data = append(data, int32(v))
		}
		return &onnxpb.TensorProto{Name: &name, DataType: (*int32)(Float16.Enum()), Dims: []int64{int64(len(values))}, Int32Data: data}
	}
	held := func(name string, t tensor) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t}
	}
	number := func(name string, v DType) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(v))}
	}
	nodes := func() []node {
		return []node{
			newNode("Constant", "k", nil, []string{"k"}, held("value", half("", 0x3c00, 0xc000))), // 1, -2
			newNode("ConstantOfShape", "o", []string{"size"}, []string{"o"}, held("value", half("", 0x3800))),
			newNode("Cast", "n", []string{"size"}, []string{"n"}, number("to", Float16)),
			newNode("Cast", "z", []string{"k"}, []string{"z"}, number("to", Float)),
			newNode("RandomNormalLike", "e", []string{"k"}, []string{"e"}, number("dtype", Float16)),
			newNode("EyeLike", "axis10", []string{"k"}, []string{"q"}, number("k", Float16)), // no type, though its number is one's
		}
	}
	sequence := &onnxpb.ValueInfoProto{Name: str("s"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_SequenceType{
		SequenceType: &onnxpb.TypeProto_Sequence{ElemType: newValue("", Float16, []int64{1}).Type}}}}
	body := &onnxpb.GraphProto{Name: str("b"), Initializer: []tensor{half("i", 0x7bff)}, Output: []*onnxpb.ValueInfoProto{newValue("i", Float16, nil)}, Node: nodes()}
	g := &onnxpb.GraphProto{Name: str("g"), Input: []*onnxpb.ValueInfoProto{newValue("x", Float16, []int64{1, 4})}, Output: []*onnxpb.ValueInfoProto{newValue("y", Float16, nil)},
		ValueInfo: []*onnxpb.ValueInfoProto{sequence}, Initializer: []tensor{half("w", 0x3c00, 0x0001, 0xfbff)}, Node: append(nodes(),
			newNode("If", "y", []string{"c"}, []string{"y"}, &onnxpb.AttributeProto{Name: str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body})),
		SparseInitializer: []*onnxpb.SparseTensorProto{{Values: half("v", 0x4000), Indices: newTensor("v_indices", Int64, []int64{1}, make([]byte, 8)), Dims: []int64{9}}}}
	m := &Model{Proto: &onnxpb.ModelProto{Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: str(""), Version: proto.Int64(21)}},
		Functions: []*onnxpb.FunctionProto{{Name: str("f"), Domain: str("own"), Node: nodes()[:3]}}}}
	if err := m.Widen(Float16); err != nil {
		t.Fatal(err)
	}
	left := strings.Count(strings.ReplaceAll(prototext.Format(m.Proto), "  ", " "), ": 10\n")
	if left != 2 { // of EyeLike, here and in the body
		t.Errorf("%d places have float16 left:\n%s", left, prototext.Format(m.Proto))
	}
	for _, c := range []struct {
		t    tensor
		want []float32
	}{
		{g.Initializer[0], []float32{1, 1.0 / (1 << 24), -65504}}, {g.SparseInitializer[0].Values, []float32{2}}, {body.Initializer[0], []float32{65504}},
		{g.Node[0].Attribute[0].T, []float32{1, -2}}, {g.Node[1].Attribute[0].T, []float32{0.5}}, {m.Proto.Functions[0].Node[0].Attribute[0].T, []float32{1, -2}},
	} {
		if got, err := Floats(c.t); err != nil || DType(c.t.GetDataType()) != Float || !slices.Equal(got, c.want) {
			t.Errorf("%s %v, %v; %v is due", DType(c.t.GetDataType()), got, err, c.want)
		}
	}
	for _, list := range [][]node{g.Node, body.Node} {
		if list[2].GetOpType() != "Cast" || attrInt(list[2], "to", 0) != int64(Float) || list[3].GetOpType() != "Identity" || list[3].Attribute != nil {
			t.Errorf("%v, %v", list[2], list[3])
		}
	}
}
