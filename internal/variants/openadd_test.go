package variants

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// TestLooseBiases rewrites the Add of a constant bias to a MatMul of free axes, on either side, and nothing else.
func TestLooseBiases(t *testing.T) {
	node := func(op, out string, in ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: &op, Name: proto.String(out), Input: in, Output: []string{out}}
	}
	m := &ir.Model{Proto: &onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float, []int64{-1, 3, 4}), ir.NewValue("r", ir.Float, []int64{-1, 3, 4})},
			Output:      []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float, nil)},
			Initializer: []*onnxpb.TensorProto{ir.NewFloats("w", []int64{4, 4}, make([]float32, 16)), ir.NewFloats("b", []int64{4}, make([]float32, 4)), ir.NewInts("q", ir.Int8, []int64{4}, make([]int64, 4)), ir.NewFloats("s", nil, []float32{1})},
			Node: []*onnxpb.NodeProto{node("DequantizeLinear", "d", "q", "s"), node("MatMul", "m1", "x", "w"), node("Add", "right", "m1", "b"), node("MatMul", "m2", "right", "w"), node("Add", "left", "b", "m2"),
				node("MatMul", "m3", "left", "w"), node("Add", "quantized", "m3", "d"), node("MatMul", "m4", "quantized", "w"), node("Add", "residual", "m4", "r"),
				node("MatMul", "m5", "flat", "w"), node("Add", "known", "m5", "b"), node("Add", "plain", "residual", "b"), node("Relu", "flat", "plain"), node("Add", "y", "known", "plain")}}}}
	c := LooseBiases(m, func(t string) bool { return t != "flat" })
	for i, n := range c.Graph().GetNode() {
		out, want := n.GetOutput()[0], m.Graph().GetNode()[i].GetOpType()
		if out == "right" || out == "left" || out == "quantized" {
			want = "Sum"
		}
		if n.GetOpType() != want {
			t.Errorf("%s is made by %s; %s is due", out, n.GetOpType(), want)
		}
	}
	if same := LooseBiases(c, func(string) bool { return true }); same == c {
		t.Error("the one that was left is not found")
	}
	if same := LooseBiases(m, func(string) bool { return false }); same != m {
		t.Error("a model without any is copied")
	}
}
