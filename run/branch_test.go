package run

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestKnownBranchIsSearched holds that a network whose layers lie in the taken branch of an If with a known condition
// is searched as the same network without the If is.
func TestKnownBranchIsSearched(t *testing.T) {
	layers := "a = MatMul x w; b = Relu a; c = MatMul b w; d = Relu c"
	net := func() *tasktest.Graph {
		return tasktest.NewGraph(40).In("x", nil, 8).Weight("w", 0.5, 8, 8).Weight("v", 0.5, 8, 5)
	}
	want := net().Do(layers+"; y = MatMul d v").Out("y", 5)
	folded := net().Numbers("two", 2).Do("s = Shape x; z = Gather s one; f = Equal z eight").Numbers("one", 1).Numbers("eight", 8)
	body := func(name, nodes, out string) *onnxpb.AttributeProto {
		inner := &tasktest.Graph{G: &onnxpb.GraphProto{Name: &name}}
		inner.Do(nodes)
		inner.G.Output = []*onnxpb.ValueInfoProto{{Name: &out, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1)}}}}}
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: inner.G}
	}
	folded.Do("h = If f")
	folded.G.Node[len(folded.G.Node)-1].Attribute = []*onnxpb.AttributeProto{body("then_branch", layers, "d"), body("else_branch", "e = Sigmoid x", "e")}
	folded.Do("y = MatMul h v").Out("y", 5)
	a, b := want.Config(t), folded.Config(t)
	a.Target, b.Target = "10", "10"
	one, two := mustSearch(t, a), mustSearch(t, b)
	if !two.Verified.Identical || len(one.Holders) != len(two.Holders) || *one.Score.Low.Value != *two.Score.Low.Value || *one.Score.High.Value != *two.Score.High.Value {
		t.Errorf("%d holders, all int8 %v and all int16 %v; without the If %d, %v and %v", len(two.Holders), *two.Score.Low.Value, *two.Score.High.Value,
			len(one.Holders), *one.Score.Low.Value, *one.Score.High.Value)
	}
}
