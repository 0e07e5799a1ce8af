package prepare

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// TestWiden turns every place of a model that names an element type: constants in all their forms, values, sequences,
// bodies, functions, and attributes.
func TestWiden(t *testing.T) {
	half := func(name string, values ...uint16) ir.Tensor {
		var data []int32
		for _, v := range values {
			data = append(data, int32(v))
		}
		return &onnxpb.TensorProto{Name: &name, DataType: (*int32)(ir.Float16.Enum()), Dims: []int64{int64(len(values))}, Int32Data: data}
	}
	held := func(name string, t ir.Tensor) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_TENSOR.Enum(), T: t}
	}
	number := func(name string, v ir.DType) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(v))}
	}
	nodes := func() []ir.Node {
		return []ir.Node{
			ir.NewNode("Constant", "k", nil, []string{"k"}, held("value", half("", 0x3c00, 0xc000))), // 1, -2
			ir.NewNode("ConstantOfShape", "o", []string{"size"}, []string{"o"}, held("value", half("", 0x3800))),
			ir.NewNode("Cast", "n", []string{"size"}, []string{"n"}, number("to", ir.Float16)),
			ir.NewNode("Cast", "z", []string{"k"}, []string{"z"}, number("to", ir.Float)),
			ir.NewNode("RandomNormalLike", "e", []string{"k"}, []string{"e"}, number("dtype", ir.Float16)),
			// no type, though its number is one's
			ir.NewNode("EyeLike", "axis10", []string{"k"}, []string{"q"}, number("k", ir.Float16)),
		}
	}
	sequence := &onnxpb.ValueInfoProto{Name: ir.Str("s"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_SequenceType{
		SequenceType: &onnxpb.TypeProto_Sequence{ElemType: ir.NewValue("", ir.Float16, []int64{1}).Type}}}}
	body := &onnxpb.GraphProto{Name: ir.Str("b"), Initializer: []ir.Tensor{half("i", 0x7bff)}, Output: []*onnxpb.ValueInfoProto{ir.NewValue("i", ir.Float16, nil)}, Node: nodes()}
	g := &onnxpb.GraphProto{Name: ir.Str("g"), Input: []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float16, []int64{1, 4})}, Output: []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float16, nil)},
		ValueInfo: []*onnxpb.ValueInfoProto{sequence}, Initializer: []ir.Tensor{half("w", 0x3c00, 0x0001, 0xfbff)}, Node: append(nodes(),
			ir.NewNode("If", "y", []string{"c"}, []string{"y"}, &onnxpb.AttributeProto{Name: ir.Str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body})),
		SparseInitializer: []*onnxpb.SparseTensorProto{{Values: half("v", 0x4000), Indices: ir.NewTensor("v_indices", ir.Int64, []int64{1}, make([]byte, 8)), Dims: []int64{9}}}}
	m := &ir.Model{Proto: &onnxpb.ModelProto{Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: proto.Int64(21)}},
		Functions: []*onnxpb.FunctionProto{{Name: ir.Str("f"), Domain: ir.Str("own"), Node: nodes()[:3]}}}}
	if err := Widen(m, ir.Float16); err != nil {
		t.Fatal(err)
	}
	left := strings.Count(strings.ReplaceAll(prototext.Format(m.Proto), "  ", " "), ": 10\n")
	if left != 2 { // of EyeLike, here and in the body
		t.Errorf("%d places have float16 left:\n%s", left, prototext.Format(m.Proto))
	}
	for _, c := range []struct {
		t    ir.Tensor
		want []float32
	}{
		{g.Initializer[0], []float32{1, 1.0 / (1 << 24), -65504}}, {g.SparseInitializer[0].Values, []float32{2}}, {body.Initializer[0], []float32{65504}},
		{g.Node[0].Attribute[0].T, []float32{1, -2}}, {g.Node[1].Attribute[0].T, []float32{0.5}}, {m.Proto.Functions[0].Node[0].Attribute[0].T, []float32{1, -2}},
	} {
		if got, err := ir.Floats(c.t); err != nil || ir.DType(c.t.GetDataType()) != ir.Float || !slices.Equal(got, c.want) {
			t.Errorf("%s %v, %v; %v is due", ir.DType(c.t.GetDataType()), got, err, c.want)
		}
	}
	for _, list := range [][]ir.Node{g.Node, body.Node} {
		if list[2].GetOpType() != "Cast" || ir.AttrInt(list[2], "to", 0) != int64(ir.Float) || list[3].GetOpType() != "Identity" || list[3].Attribute != nil {
			t.Errorf("%v, %v", list[2], list[3])
		}
	}
}

// TestWidenSaturates keeps finite what lies beyond float32, such as the lowest float64 of a mask, and infinite what
// is.
func TestWidenSaturates(t *testing.T) {
	numbers := []float64{1e39, -math.MaxFloat64, math.Inf(1), math.Inf(-1), 0.1, 1e-60}
	want := []float32{math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), 0.1, 0}
	var raw []byte
	for _, v := range numbers {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	dims := []int64{int64(len(numbers))}
	g := &onnxpb.GraphProto{Name: ir.Str("g"), Initializer: []ir.Tensor{
		{Name: ir.Str("raw"), DataType: (*int32)(ir.Double.Enum()), Dims: dims, RawData: raw}, {Name: ir.Str("list"), DataType: (*int32)(ir.Double.Enum()), Dims: dims, DoubleData: numbers}}}
	if err := Widen(&ir.Model{Proto: &onnxpb.ModelProto{Graph: g}}, ir.Double); err != nil {
		t.Fatal(err)
	}
	for _, c := range g.Initializer {
		if got, err := ir.Floats(c); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; %v is due", c.GetName(), got, err, want)
		}
	}
}
