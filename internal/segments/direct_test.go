package segments

import (
	"fmt"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// TestDirect finds the holders that are given an input as it is, and not those behind a node, nor one that is given
// something else, too.
func TestDirect(t *testing.T) {
	fake := func(holder int64, in, out string) ir.Node {
		n := ir.NewNode(ir.FakeQuantOp, out, []string{in, ir.MaskInput}, []string{out}, ir.IntAttr("holder", holder))
		n.Domain = ir.Str(ir.FakeQuantDomain)
		return n
	}
	g := &onnxpb.GraphProto{
		Input: []*onnxpb.ValueInfoProto{ir.NewValue("a", ir.Float, []int64{2, 3}), ir.NewValue("b", ir.Float, []int64{2, 3}), ir.NewValue(ir.MaskInput, ir.Uint8, []int64{5})},
		Node: []*onnxpb.NodeProto{fake(0, "a", "q0"), ir.NewNode("Relu", "r", []string{"b"}, []string{"r"}), fake(1, "r", "q1"), fake(2, "b", "q2"), fake(3, "b", "q3"),
			fake(4, "a", "q4"), fake(4, "q0", "q5"), ir.NewNode("Relu", "y", []string{"q5"}, []string{"y"})},
		Output: []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float, []int64{2, 3})},
	}
	s := &Source{Model: &onnx.Model{Proto: &onnxpb.ModelProto{Graph: g}}}
	if got := fmt.Sprint(s.Direct()); got != "[[0] [2 3]]" {
		t.Errorf("%s, want [[0] [2 3]]", got)
	}
}
