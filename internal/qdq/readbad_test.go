package qdq

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

var qdqDamage = []onnxtest.Damage{
	{Name: "scale 0", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), nil, 0) }, Want: []string{"QuantizeLinear", "/Relu_output_0", "scale 0", "/Relu_output_0_scale"}},
	{Name: "scale negative", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), nil, -1)
	}, Want: []string{"/Relu_output_0", "scale -1"}},
	{Name: "scale NaN", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), nil, float32(math.NaN()))
	}, Want: []string{"/Relu_output_0", "scale NaN"}},
	{Name: "scale infinite", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), nil, float32(math.Inf(1)))
	}, Want: []string{"/Relu_output_0", "scale +Inf"}},
	{Name: "scale subnormal", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), nil, 0x1p-140)
	}, Want: []string{"/Relu_output_0", "not a normal positive number"}},
	{Name: "scale computed", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.AsInput(g, "/Relu_output_0_scale") }, Want: []string{"/Relu_output_0", "no constant"}},
	{Name: "scale of integers", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		*onnxtest.ConstantOf(g, "/Relu_output_0_scale") = *ir.NewInts("/Relu_output_0_scale", ir.Int32, nil, []int64{1})
	}, Want: []string{"/Relu_output_0_scale", "of type INT32, not FLOAT"}},
	{Name: "scale of two dimensions", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), []int64{1, 1}, 1)
	}, Want: []string{"/Relu_output_0_scale", "dimensions [1 1]"}},
	{Name: "no scale", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), []int64{0})
	}, Want: []string{"/Relu_output_0_scale"}},
	{Name: "activation per channel", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/Relu_output_0_scale"), []int64{8}, 1, 2, 3, 4, 5, 6, 7, 8)
		*onnxtest.ConstantOf(g, "/Relu_output_0_zero_point") = *ir.NewInts("/Relu_output_0_zero_point", ir.Uint8, []int64{8}, make([]int64, 8))
	}, Want: []string{"/Relu_output_0", "per channel, with 8 scales"}},
	{Name: "zero points too many", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		*onnxtest.ConstantOf(g, "/Relu_output_0_zero_point") = *ir.NewInts("/Relu_output_0_zero_point", ir.Uint8, []int64{2}, make([]int64, 2))
	}, Want: []string{"/Relu_output_0", "2 zero points", "for 1 scales"}},
	{Name: "zero point of floats", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		*onnxtest.ConstantOf(g, "/Relu_output_0_zero_point") = *ir.NewFloats("/Relu_output_0_zero_point", nil, []float32{0})
	}, Want: []string{"/Relu_output_0_zero_point", "of type FLOAT"}},
	{Name: "zero point of 64 bits", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		*onnxtest.ConstantOf(g, "/Relu_output_0_zero_point") = *ir.NewInts("/Relu_output_0_zero_point", ir.Int64, nil, []int64{0})
	}, Want: []string{"/Relu_output_0_zero_point", "of type INT64"}},
	{Name: "zero point computed", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.AsInput(g, "/Relu_output_0_zero_point") }, Want: []string{"/Relu_output_0_zero_point", "no constant"}},
	{Name: "activation of 32 bits", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		*onnxtest.ConstantOf(g, "/Relu_output_0_zero_point") = *ir.NewInts("/Relu_output_0_zero_point", ir.Int32, nil, []int64{0})
	}, Want: []string{"/Relu_output_0", "16 bits are the most"}},
	{Name: "another scale behind", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		g.Initializer = append(g.Initializer, ir.NewFloats("other", nil, []float32{3}))
		onnxtest.Of(g, "DequantizeLinear", 12).Input[1] = "other"
	}, Want: []string{"DequantizeLinear", "another scale or zero point"}},
	{Name: "block_size", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, "QuantizeLinear", 1)
		n.Attribute = append(n.Attribute, ir.IntAttr("block_size", 4))
	}, Want: []string{"QuantizeLinear", "block_size"}},
	{Name: "axis of another type", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "DequantizeLinear", 1), ir.StringAttr("axis", "0"))
	}, Want: []string{"DequantizeLinear", "axis", "of type STRING"}},
	{Name: "axis out of range", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetName() == "stem.weight_DequantizeLinear" {
				ir.SetAttr(n, ir.IntAttr("axis", 4))
			}
		}
	}, Want: []string{"stem.weight_DequantizeLinear", "axis 4 of 4"}},
	{Name: "scales of another axis", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetName() == "stem.weight_DequantizeLinear" {
				ir.SetAttr(n, ir.IntAttr("axis", 1))
			}
		}
	}, Want: []string{"stem.weight_DequantizeLinear", "8 scales for 3 channels"}},
	{Name: "codes of another type", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.ConstantOf(g, "stem.weight_quantized").DataType = proto.Int32(int32(ir.Uint8))
	}, Want: []string{"stem.weight_DequantizeLinear", "of type UINT8", "of type INT8"}},
	{Name: "codes as an input", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.AsInput(g, "stem.weight_quantized") }, Want: []string{"stem.weight_DequantizeLinear", "no QuantizeLinear makes"}},
	{Name: "integers go out", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { g.Output[0].Name = ir.Str("/Relu_output_0_QuantizeLinear_Output") }, Want: []string{"/Relu_output_0_QuantizeLinear_Output", "output of the network"}},
	{Name: "operator on integers", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.Of(g, "MaxPool", 0).Input[0] = "/Sigmoid_1_output_0_QuantizeLinear_Output"
	}, Want: []string{"MaxPool", "integer operators", "QDQ format"}},
	{Name: "nobody reads the integers", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		q := wire.Clone(onnxtest.Of(g, "QuantizeLinear", 1))
		q.Name, q.Output = ir.Str("lonely"), []string{"lonely"}
		g.Node = append(g.Node, q)
	}, Want: []string{"lonely", "nothing reads"}},
	{Name: "dynamic quantization", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		g.Node = append(g.Node, ir.NewNode("DynamicQuantizeLinear", "dynamic", []string{"/Relu_output_0"}, []string{"d1", "d2", "d3"}))
	}, Want: []string{"dynamic", "statically"}},
	{Name: "quantizer in a branch", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.Inside(g, "QuantizeLinear") }, Want: []string{"stands inside"}},
	{Name: "nothing quantized", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		var nodes []*onnxpb.NodeProto
		for _, n := range g.Node {
			switch {
			case n.GetOpType() == "QuantizeLinear":
				continue
			case n.GetOpType() == "DequantizeLinear" && constantless(g, n.Input[0]):
				for _, q := range g.Node {
					if q.Output[0] == n.Input[0] {
						n = ir.NewNode("Identity", n.GetName(), []string{q.Input[0]}, n.Output)
					}
				}
			}
			nodes = append(nodes, n)
		}
		g.Node = nodes
	}, Want: []string{"no activation is quantized", "FAKELY_QUANT", "MCTQ"}},
	{Name: "weight quantized to NaN", File: "conv17_pairs", Do: func(g *onnxpb.GraphProto) {
		t := onnxtest.ConstantOf(g, "stem.weight")
		v, _ := ir.Floats(t)
		v[3] = float32(math.NaN())
		onnxtest.SetFloats(t, t.Dims, v...)
	}, Want: []string{"stem.weight", "holds NaN at element 3"}},
	{Name: "dangling name", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.Of(g, "QuantizeLinear", 1).Input[0] = "nowhere" }, Want: []string{`"nowhere"`}},
	{Name: "cycle", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) {
		onnxtest.Of(g, "Conv", 0).Input[0] = "/Add_output_0_DequantizeLinear_Output"
	}, Want: []string{"cycle"}},
	{Name: "huge dimensions", File: "conv21_u8", Do: func(g *onnxpb.GraphProto) { onnxtest.ConstantOf(g, "stem.weight_quantized").Dims = []int64{1 << 62, 4} }, Want: []string{"stem.weight_quantized", "too large"}},
}

func constantless(g *onnxpb.GraphProto, name string) bool {
	for _, t := range g.Initializer {
		if t.GetName() == name {
			return false
		}
	}
	return true
}

// TestQDQDamage: every damage is refused with an error of one line that names what is wrong.
func TestQDQDamage(t *testing.T) {
	onnxtest.Refused(t, qdqDamage, func(file string) string { return "../../onnx/testdata/qdq/" + file + ".onnx" },
		func(m *ir.Model) error { _, _, err := read(m); return err })
}
