package quantize

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// TestHoldWeights: layers that read a weight by the same channels are one holder, by others another one, whose name is
// that of the copy; a weight that is narrow already is none. Rounding makes both values, each once.
func TestHoldWeights(t *testing.T) {
	values := []float32{0.1, -0.7, 0.3, 1.2}
	g := &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{ir.NewValue("x", ir.Float, []int64{-1, 2})},
		Output:      []*onnxpb.ValueInfoProto{ir.NewValue("y", ir.Float, []int64{-1, 2})},
		Initializer: []*onnxpb.TensorProto{ir.NewFloats("w", []int64{2, 2}, values), ir.NewFloats("v", []int64{2, 2}, values)},
		Node: []*onnxpb.NodeProto{ir.NewNode("MatMul", "one", []string{"x", "w"}, []string{"a"}), ir.NewNode("MatMul", "two", []string{"a", "w"}, []string{"b"}),
			ir.NewNode("Gemm", "three", []string{"b", "w"}, []string{"c"}, ir.IntAttr("transB", 1)), ir.NewNode("MatMul", "narrow", []string{"c", "v"}, []string{"y"})}}
	n := &network.Network{Weights: map[string]*network.Weight{}, WeightWidths: map[network.WeightInput]quant.Width{{Output: "y", Input: 1}: quant.W4},
		Model: &ir.Model{Proto: &onnxpb.ModelProto{Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(21)}}}}}
	if err := HoldWeights(n, quant.W4); err != nil {
		t.Fatal(err)
	}
	records, seen, err := HeldRecords(n)
	if err != nil || len(records) != 2 || len(n.Activations()) != 0 || seen[0] != (quant.Range{Min: -0.7, Max: 1.2}) {
		t.Fatalf("%v, %v, %v", records, seen, err)
	}
	if low, high := records[0].Low, records[0].High; low.Bits != 4 || low.Max != 7 || high.Bits != 8 || high.Scale != float32(1.2)/127 {
		t.Errorf("grids %+v", records[0])
	}
	if err := Weights(n); err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, h := range n.Holders {
		names = append(names, h.Name)
		f := n.Followed[i]
		if f.Name != h.Name || f.Holder != i || f.Weight.Bits() != 4 || n.Weights[h.Name].Bits() != 8 || n.HeldAt(h.Weights.Places[0]) != i {
			t.Errorf("%s: %+v", h.Name, f)
		}
		low, err := f.Value(true)
		if high, err2 := f.Value(false); err != nil || err2 != nil || slices.Equal(low, high) {
			t.Errorf("%s: %v and %v, %v, %v", h.Name, low, high, err, err2)
		}
	}
	if len(n.Followed) != 2 || names[0] == names[1] || !slices.Equal(n.Holders[0].Consumers, []string{"one", "two"}) {
		t.Errorf("holders %q, the first of %q; %d follow", names, n.Holders[0].Consumers, len(n.Followed))
	}
	if n.HeldAt(network.WeightInput{Output: "y", Input: 1}) != -1 {
		t.Error("weights of 4 bits have a holder")
	}
}
