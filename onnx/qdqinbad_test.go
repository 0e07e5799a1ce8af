package onnx

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

var qdqDamage = []damage{
	{"scale 0", "conv21_u8", func(g *onnxpb.GraphProto) { setFloats(constantOf(g, "/Relu_output_0_scale"), nil, 0) }, []string{"QuantizeLinear", "/Relu_output_0", "scale 0", "/Relu_output_0_scale"}},
	{"scale negative", "conv21_u8", func(g *onnxpb.GraphProto) { setFloats(constantOf(g, "/Relu_output_0_scale"), nil, -1) }, []string{"/Relu_output_0", "scale -1"}},
	{"scale NaN", "conv21_u8", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/Relu_output_0_scale"), nil, float32(math.NaN()))
	}, []string{"/Relu_output_0", "scale NaN"}},
	{"scale infinite", "conv21_u8", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/Relu_output_0_scale"), nil, float32(math.Inf(1)))
	}, []string{"/Relu_output_0", "scale +Inf"}},
	{"scale subnormal", "conv21_u8", func(g *onnxpb.GraphProto) { setFloats(constantOf(g, "/Relu_output_0_scale"), nil, 0x1p-140) }, []string{"/Relu_output_0", "not a normal positive number"}},
	{"scale computed", "conv21_u8", func(g *onnxpb.GraphProto) { asInput(g, "/Relu_output_0_scale") }, []string{"/Relu_output_0", "no constant"}},
	{"scale of integers", "conv21_u8", func(g *onnxpb.GraphProto) {
		*constantOf(g, "/Relu_output_0_scale") = *NewInts("/Relu_output_0_scale", Int32, nil, []int64{1})
	}, []string{"/Relu_output_0_scale", "of type INT32, not FLOAT"}},
	{"scale of two dimensions", "conv21_u8", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/Relu_output_0_scale"), []int64{1, 1}, 1)
	}, []string{"/Relu_output_0_scale", "dimensions [1 1]"}},
	{"no scale", "conv21_u8", func(g *onnxpb.GraphProto) { setFloats(constantOf(g, "/Relu_output_0_scale"), []int64{0}) }, []string{"/Relu_output_0_scale"}},
	{"activation per channel", "conv21_u8", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/Relu_output_0_scale"), []int64{8}, 1, 2, 3, 4, 5, 6, 7, 8)
		*constantOf(g, "/Relu_output_0_zero_point") = *NewInts("/Relu_output_0_zero_point", Uint8, []int64{8}, make([]int64, 8))
	}, []string{"/Relu_output_0", "per channel, with 8 scales"}},
	{"zero points too many", "conv21_u8", func(g *onnxpb.GraphProto) {
		*constantOf(g, "/Relu_output_0_zero_point") = *NewInts("/Relu_output_0_zero_point", Uint8, []int64{2}, make([]int64, 2))
	}, []string{"/Relu_output_0", "2 zero points", "for 1 scales"}},
	{"zero point of floats", "conv21_u8", func(g *onnxpb.GraphProto) {
		*constantOf(g, "/Relu_output_0_zero_point") = *NewFloats("/Relu_output_0_zero_point", nil, []float32{0})
	}, []string{"/Relu_output_0_zero_point", "of type FLOAT"}},
	{"zero point of 64 bits", "conv21_u8", func(g *onnxpb.GraphProto) {
		*constantOf(g, "/Relu_output_0_zero_point") = *NewInts("/Relu_output_0_zero_point", Int64, nil, []int64{0})
	}, []string{"/Relu_output_0_zero_point", "of type INT64"}},
	{"zero point computed", "conv21_u8", func(g *onnxpb.GraphProto) { asInput(g, "/Relu_output_0_zero_point") }, []string{"/Relu_output_0_zero_point", "no constant"}},
	{"activation of 32 bits", "conv21_u8", func(g *onnxpb.GraphProto) {
		*constantOf(g, "/Relu_output_0_zero_point") = *NewInts("/Relu_output_0_zero_point", Int32, nil, []int64{0})
	}, []string{"/Relu_output_0", "16 bits are the most"}},
	{"another scale behind", "conv21_u8", func(g *onnxpb.GraphProto) {
		g.Initializer = append(g.Initializer, NewFloats("other", nil, []float32{3}))
		of(g, "DequantizeLinear", 12).Input[1] = "other"
	}, []string{"DequantizeLinear", "another scale or zero point"}},
	{"block_size", "conv21_u8", func(g *onnxpb.GraphProto) {
		n := of(g, "QuantizeLinear", 1)
		n.Attribute = append(n.Attribute, intAttr("block_size", 4))
	}, []string{"QuantizeLinear", "block_size"}},
	{"axis of another type", "conv21_u8", func(g *onnxpb.GraphProto) { setAttr(of(g, "DequantizeLinear", 1), stringAttr("axis", "0")) }, []string{"DequantizeLinear", "axis", "of type STRING"}},
	{"axis out of range", "conv21_u8", func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetName() == "stem.weight_DequantizeLinear" {
				setAttr(n, intAttr("axis", 4))
			}
		}
	}, []string{"stem.weight_DequantizeLinear", "axis 4 of 4"}},
	{"scales of another axis", "conv21_u8", func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetName() == "stem.weight_DequantizeLinear" {
				setAttr(n, intAttr("axis", 1))
			}
		}
	}, []string{"stem.weight_DequantizeLinear", "8 scales for 3 channels"}},
	{"codes of another type", "conv21_u8", func(g *onnxpb.GraphProto) {
		constantOf(g, "stem.weight_quantized").DataType = proto.Int32(int32(Uint8))
	}, []string{"stem.weight_DequantizeLinear", "of type UINT8", "of type INT8"}},
	{"codes as an input", "conv21_u8", func(g *onnxpb.GraphProto) { asInput(g, "stem.weight_quantized") }, []string{"stem.weight_DequantizeLinear", "no QuantizeLinear makes"}},
	{"integers go out", "conv21_u8", func(g *onnxpb.GraphProto) { g.Output[0].Name = str("/Relu_output_0_QuantizeLinear_Output") }, []string{"/Relu_output_0_QuantizeLinear_Output", "output of the network"}},
	{"operator on integers", "conv21_u8", func(g *onnxpb.GraphProto) {
		of(g, "MaxPool", 0).Input[0] = "/Sigmoid_1_output_0_QuantizeLinear_Output"
	}, []string{"MaxPool", "integer operators", "QDQ format"}},
	{"nobody reads the integers", "conv21_u8", func(g *onnxpb.GraphProto) {
		q := clone(of(g, "QuantizeLinear", 1))
		q.Name, q.Output = str("lonely"), []string{"lonely"}
		g.Node = append(g.Node, q)
	}, []string{"lonely", "nothing reads"}},
	{"dynamic quantization", "conv21_u8", func(g *onnxpb.GraphProto) {
		g.Node = append(g.Node, newNode("DynamicQuantizeLinear", "dynamic", []string{"/Relu_output_0"}, []string{"d1", "d2", "d3"}))
	}, []string{"dynamic", "statically"}},
	{"quantizer in a branch", "conv21_u8", func(g *onnxpb.GraphProto) { inside(g, "QuantizeLinear") }, []string{"stands inside"}},
	{"nothing quantized", "conv21_u8", func(g *onnxpb.GraphProto) {
		var nodes []*onnxpb.NodeProto
		for _, n := range g.Node {
			switch {
			case n.GetOpType() == "QuantizeLinear":
				continue
			case n.GetOpType() == "DequantizeLinear" && constantless(g, n.Input[0]):
				for _, q := range g.Node {
					if q.Output[0] == n.Input[0] {
						n = newNode("Identity", n.GetName(), []string{q.Input[0]}, n.Output)
					}
				}
			}
			nodes = append(nodes, n)
		}
		g.Node = nodes
	}, []string{"no activation is quantized", "FAKELY_QUANT", "MCTQ"}},
	{"weight quantized to NaN", "conv17_pairs", func(g *onnxpb.GraphProto) {
		t := constantOf(g, "stem.weight")
		v, _ := Floats(t)
		v[3] = float32(math.NaN())
		setFloats(t, t.Dims, v...)
	}, []string{"stem.weight", "holds NaN at element 3"}},
	{"dangling name", "conv21_u8", func(g *onnxpb.GraphProto) { of(g, "QuantizeLinear", 1).Input[0] = "nowhere" }, []string{`"nowhere"`}},
	{"cycle", "conv21_u8", func(g *onnxpb.GraphProto) { of(g, "Conv", 0).Input[0] = "/Add_output_0_DequantizeLinear_Output" }, []string{"cycle"}},
	{"huge dimensions", "conv21_u8", func(g *onnxpb.GraphProto) { constantOf(g, "stem.weight_quantized").Dims = []int64{1 << 62, 4} }, []string{"stem.weight_quantized", "too large"}},
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
	refused(t, qdqDamage, func(file string) string { return "testdata/qdq/" + file + ".onnx" },
		func(m *Model) error { _, _, err := ReadQDQ(m); return err })
}
