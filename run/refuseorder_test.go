package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestRefusalsBeforeChoices says of a network of two outputs that cannot be searched at all what is wrong with it,
// and does not ask for an output first.
func TestRefusalsBeforeChoices(t *testing.T) {
	value := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{
			ElemType: proto.Int32(1), Shape: &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{
				{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}}, {Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: 4}}}}}}}}
	}
	node := func(op string, in []string, out ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: &op, Input: in, Output: out}
	}
	for _, c := range []struct {
		name, want string
		nodes      []*onnxpb.NodeProto
	}{
		{"quantized", "quantizes activations", []*onnxpb.NodeProto{node("DynamicQuantizeLinear", []string{"x"}, "q", "s", "z"), node("DequantizeLinear", []string{"q", "s", "z"}, "a"), node("Neg", []string{"a"}, "b")}},
		{"without a product", "the network has none", []*onnxpb.NodeProto{node("Sigmoid", []string{"x"}, "a"), node("Neg", []string{"a"}, "b")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 20)
			cfg.Model = tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "two.onnx"), &onnxpb.GraphProto{Name: proto.String("two"), Node: c.nodes,
				Input: []*onnxpb.ValueInfoProto{value("x")}, Output: []*onnxpb.ValueInfoProto{value("a"), value("b")}})
			if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
