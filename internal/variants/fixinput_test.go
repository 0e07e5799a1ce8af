package variants

import (
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// fixable reads a in the main graph, b inside the body of an If only, and u nowhere; c is an output as it is.
func fixable(t testing.TB) *ir.Model {
	t.Helper()
	declare := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1), Shape: &onnxpb.TensorShapeProto{}}}}}
	}
	body := &onnxpb.GraphProto{Name: proto.String("body"), Node: []*onnxpb.NodeProto{ir.NewNode("Add", "inner", []string{"a", "b"}, []string{"r"})}, Output: []*onnxpb.ValueInfoProto{declare("r")}}
	branch := func(name string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: proto.CloneOf(body)}
	}
	choose := ir.NewNode("If", "choose", []string{"flag"}, []string{"y"})
	choose.Attribute = []*onnxpb.AttributeProto{branch("then_branch"), branch("else_branch")}
	g := &onnxpb.GraphProto{Name: proto.String("g"), Node: []*onnxpb.NodeProto{choose},
		Input:       []*onnxpb.ValueInfoProto{declare("u"), declare("b"), declare("a"), declare("c")},
		Output:      []*onnxpb.ValueInfoProto{declare("y"), declare("c")},
		Initializer: []*onnxpb.TensorProto{ir.NewInts("flag", ir.Bool, nil, []int64{1})}}
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ir.Parse(data, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func inputNames(m *ir.Model) (names []string) {
	for _, v := range m.Inputs() {
		names = append(names, v.Name)
	}
	return names
}

// TestFixInput fixes inputs that a body reads and that are outputs, and writes a file that declares all of them in
// their old order.
func TestFixInput(t *testing.T) {
	m := fixable(t)
	if got := DropUnread(m); !slices.Equal(got, []string{"u"}) {
		t.Fatalf("%q are unread", got)
	}
	FixInput(m, "b", ir.NewFloats("b", nil, []float32{2}))
	body := m.Graph().GetNode()[0].GetAttribute()[1].GetG().GetNode()[0]
	if got := inputNames(m); !slices.Equal(got, []string{"a", "c"}) || body.GetInput()[1] != "b_value" {
		t.Errorf("inputs %q, the body reads %q", got, body.GetInput())
	}
	if _, err := ir.NewIndex(m); err != nil {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "fixed.onnx")
	if err := m.Clone().Write(path); err != nil {
		t.Fatal(err)
	}
	read, err := ir.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := inputNames(read); !slices.Equal(got, []string{"u", "b", "a", "c"}) {
		t.Errorf("the file declares %q", got)
	}
	if got := DropUnread(read); !slices.Equal(got, []string{"u", "b"}) {
		t.Errorf("of the file %q are unread", got)
	}
	FixInput(m, "c", ir.NewFloats("c", nil, []float32{3}))
	if _, err := ir.NewIndex(m); err != nil {
		t.Errorf("an output that was an input: %v", err)
	}
	if err := m.Write(path); err != nil {
		t.Fatal(err)
	}
	if read, err = ir.Read(path); err != nil || !slices.Equal(inputNames(read), []string{"u", "b", "a"}) {
		t.Errorf("the file declares %q, %v", inputNames(read), err)
	}
}

// TestUnreadInputsAreLeft keeps the inputs of a network that reads none: it would have none left.
func TestUnreadInputsAreLeft(t *testing.T) {
	m := fixable(t)
	m.Graph().Node, m.Graph().Output = nil, m.Graph().Output[:1]
	if got := DropUnread(m); got != nil || len(m.Inputs()) != 4 {
		t.Errorf("%q are taken off, %v left", got, m.Inputs())
	}
}
