package mctq

import (
	"fmt"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// mctqAttributeDamage are values that an attribute of the second activation quantizer may not have.
func mctqAttributeDamage() []onnxtest.Damage {
	var all []onnxtest.Damage
	change := func(file, op, attribute, name, want string, a *onnxpb.AttributeProto) {
		all = append(all, onnxtest.Damage{Name: fmt.Sprintf("%s %s %s", op, attribute, name), File: file, Do: func(g *onnxpb.GraphProto) {
			n := onnxtest.Of(g, op, 1)
			ir.DropAttr(n, attribute)
			if a != nil {
				a = wire.Clone(a)
				a.Name = &attribute
				n.Attribute = append(n.Attribute, a)
			}
		}, Want: []string{op, attribute, want}})
	}
	integer := func(v int64) *onnxpb.AttributeProto { return ir.IntAttr("", v) }
	float := func(v float64) *onnxpb.AttributeProto { return ir.FloatAttr("", float32(v)) }
	for file, op := range map[string]string{"pot": mctqPOT, "symmetric": mctqSymmetric, "uniform": mctqUniform} {
		change(file, op, "num_bits", "missing", "missing", nil)
		change(file, op, "num_bits", "of another type", "of type FLOAT, not INT", float(8))
		change(file, op, "num_bits", "as a text", "of type STRING, not INT", ir.StringAttr("", "8"))
		for _, v := range []int64{math.MinInt64, -8, 0, 1, 17, 32, math.MaxInt64} {
			change(file, op, "num_bits", fmt.Sprint(v), fmt.Sprintf("is %d, not between 2 and 16", v), integer(v))
		}
	}
	for file, op := range map[string]string{"pot": mctqPOT, "symmetric": mctqSymmetric} {
		change(file, op, "signed", "missing", "missing", nil)
		change(file, op, "signed", "2", "is 2", integer(2))
		change(file, op, "threshold", "missing", "missing", nil)
		change(file, op, "threshold", "of another type", "of type INT, not FLOAT", integer(1))
		change(file, op, "threshold", "several", "of type FLOATS, not FLOAT", ir.FloatsAttr("", 1, 2))
		change(file, op, "threshold", "NaN", "is NaN", float(math.NaN()))
		change(file, op, "threshold", "infinite", "is +Inf", float(math.Inf(1)))
		for _, v := range []float64{0, -4, 0x1p-149} {
			change(file, op, "threshold", fmt.Sprint(v), "", float(v))
		}
	}
	change("pot", mctqPOT, "threshold", "3", "is 3, not a power of two", float(3))
	for _, end := range []string{"min_range", "max_range"} {
		change("uniform", mctqUniform, end, "missing", "missing", nil)
		change("uniform", mctqUniform, end, "NaN", "is NaN", float(math.NaN()))
		change("uniform", mctqUniform, end, "infinite", "is -Inf", float(math.Inf(-1)))
		change("uniform", mctqUniform, end, "of another type", "of type INT, not FLOAT", integer(1))
	}
	change("uniform", mctqUniform, "max_range", "below min", "is empty", float(-100))
	all = append(all, onnxtest.Damage{Name: "uniform range of subnormal numbers", File: "uniform", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, mctqUniform, 0)
		ir.SetAttr(n, ir.FloatAttr("min_range", 0))
		ir.SetAttr(n, ir.FloatAttr("max_range", 0x1p-140))
	}, Want: []string{mctqUniform, "min_range", "no normal numbers"}})
	return append(all, onnxtest.Damage{Name: "uniform range without extent", File: "uniform", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, mctqUniform, 0)
		ir.SetAttr(n, ir.FloatAttr("min_range", 1))
		ir.SetAttr(n, ir.FloatAttr("max_range", 1))
	}, Want: []string{mctqUniform, "min_range and max_range", "[1, 1] is empty"}})
}

var mctqDamage = []onnxtest.Damage{
	{Name: "attribute twice", File: "pot", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, mctqPOT, 0)
		n.Attribute = append(n.Attribute, ir.FloatAttr("threshold", 8))
	}, Want: []string{mctqPOT, `"threshold" is there twice`}},
	{Name: "unknown activation quantizer", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.Of(g, mctqPOT, 0).OpType = ir.Str("ActivationLUTQuantizer") }, Want: []string{"ActivationLUTQuantizer", "unknown quantizer"}},
	{Name: "unknown operator of the domain", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.Of(g, "WeightsPOTQuantizer", 0).OpType = ir.Str("Weights2Quantizer")
	}, Want: []string{"Weights2Quantizer", "unknown operator"}},
	{Name: "two inputs", File: "pot", Do: func(g *onnxpb.GraphProto) { n := onnxtest.Of(g, mctqPOT, 1); n.Input = append(n.Input, n.Input[0]) }, Want: []string{mctqPOT, "2 inputs"}},
	{Name: "no input", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.Of(g, mctqPOT, 1).Input = nil }, Want: []string{mctqPOT, "0 inputs"}},
	{Name: "absent input", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.Of(g, mctqPOT, 1).Input[0] = "" }, Want: []string{mctqPOT}},
	{Name: "no quantizer at all", File: "pot", Do: func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if isMCTQActivation(n) {
				n.OpType, n.Domain, n.Attribute = ir.Str("Identity"), nil, nil
			}
		}
	}, Want: []string{"no activation quantizer", "no MCTQ export"}},
	{Name: "quantizer in a branch", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.Inside(g, mctqPOT) }, Want: []string{mctqPOT, "stands inside", "choice"}},
	{Name: "a QuantizeLinear too", File: "pot", Do: func(g *onnxpb.GraphProto) {
		g.Initializer = append(g.Initializer, ir.NewFloats("step", nil, []float32{1}))
		g.Node = append(g.Node, ir.NewNode("QuantizeLinear", "linear", []string{"input", "step"}, []string{"codes"}))
	}, Want: []string{"linear", "in one file"}},
	{Name: "dangling name", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.Of(g, mctqPOT, 1).Input[0] = "nowhere" }, Want: []string{mctqPOT, `"nowhere"`}},
	{Name: "cycle", File: "pot", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, "Conv", 0)
		n.Input[0] = onnxtest.Of(g, mctqPOT, 2).Output[0]
	}, Want: []string{"cycle"}},
	{Name: "quantizer of itself", File: "pot", Do: func(g *onnxpb.GraphProto) { n := onnxtest.Of(g, mctqPOT, 1); n.Input[0] = n.Output[0] }, Want: []string{mctqPOT, "cycle"}},
	{Name: "huge dimensions", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.ConstantOf(g, "stem.weight").Dims = []int64{1 << 40, 1 << 40} }, Want: []string{"stem.weight", "too large"}},
	{Name: "negative dimensions", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.ConstantOf(g, "stem.weight").Dims[0] = -8 }, Want: []string{"stem.weight", "negative"}},
	{Name: "weight missing", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.AsInput(g, "stem.weight") }, Want: []string{"WeightsPOTQuantizer", `"stem.weight"`, "no constant"}},
	{Name: "thresholds missing", File: "pot", Do: func(g *onnxpb.GraphProto) { onnxtest.AsInput(g, "/stem/Constant_output_0") }, Want: []string{"WeightsPOTQuantizer", "/stem/Constant_output_0", "no constant"}},
	{Name: "weight of NaN", File: "pot", Do: func(g *onnxpb.GraphProto) {
		t := onnxtest.ConstantOf(g, "stem.weight")
		v, _ := ir.Floats(t)
		v[7] = float32(math.NaN())
		onnxtest.SetFloats(t, t.Dims, v...)
	}, Want: []string{"WeightsPOTQuantizer", `"stem.weight" holds NaN at element 7`}},
	{Name: "weight of integers", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.ConstantOf(g, "stem.weight").DataType = proto.Int32(int32(ir.Int32))
	}, Want: []string{`"stem.weight"`, "of type INT32, not FLOAT"}},
	{Name: "too few thresholds", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/stem/Constant_output_0"), []int64{2}, 1, 1)
	}, Want: []string{"WeightsPOTQuantizer", "2 values for 8 channels"}},
	{Name: "threshold 0", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/stem/Constant_output_0"), []int64{8}, 1, 1, 1, 0, 1, 1, 1, 1)
	}, Want: []string{"WeightsPOTQuantizer", "threshold 0 of channel 3"}},
	{Name: "threshold negative", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/stem/Constant_output_0"), []int64{8}, -1, 1, 1, 1, 1, 1, 1, 1)
	}, Want: []string{"WeightsPOTQuantizer", "threshold -1 of channel 0"}},
	{Name: "threshold infinite", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/stem/Constant_output_0"), []int64{8}, float32(math.Inf(1)), 1, 1, 1, 1, 1, 1, 1)
	}, Want: []string{"WeightsPOTQuantizer", "holds +Inf"}},
	{Name: "threshold subnormal", File: "pot", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, "/stem/Constant_output_0"), []int64{8}, 0x1p-140, 1, 1, 1, 1, 1, 1, 1)
	}, Want: []string{"WeightsPOTQuantizer", "too small"}},
	{Name: "axis out of range", File: "pot", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "WeightsPOTQuantizer", 0), ir.IntAttr("channel_axis", 4))
	}, Want: []string{"WeightsPOTQuantizer", "channel_axis", "axis 4 of 4"}},
	{Name: "axis missing", File: "pot", Do: func(g *onnxpb.GraphProto) { ir.DropAttr(onnxtest.Of(g, "WeightsPOTQuantizer", 0), "channel_axis") }, Want: []string{"WeightsPOTQuantizer", "channel_axis", "missing"}},
	{Name: "per_channel of another type", File: "pot", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "WeightsPOTQuantizer", 0), ir.StringAttr("per_channel", "yes"))
	}, Want: []string{"per_channel", "of type STRING"}},
	{Name: "unsigned weight", File: "pot", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "WeightsPOTQuantizer", 0), ir.IntAttr("signed", 0))
	}, Want: []string{"WeightsPOTQuantizer", "signed"}},
	{Name: "one input too few", File: "uniform", Do: func(g *onnxpb.GraphProto) { n := onnxtest.Of(g, "WeightsUniformQuantizer", 0); n.Input = n.Input[:2] }, Want: []string{"WeightsUniformQuantizer", "2 inputs"}},
	{Name: "weight range empty", File: "uniform", Do: func(g *onnxpb.GraphProto) {
		n := onnxtest.Of(g, "WeightsUniformQuantizer", 0)
		n.Input[1], n.Input[2] = n.Input[2], n.Input[1]
	}, Want: []string{"WeightsUniformQuantizer", "is empty"}},
	{Name: "table empty", File: "lutsym", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, onnxtest.Of(g, "WeightsLUTSymmetricQuantizer", 0).Input[1]), []int64{0})
	}, Want: []string{"WeightsLUTSymmetricQuantizer", "0 values in the table"}},
	{Name: "table too long", File: "lutsym", Do: func(g *onnxpb.GraphProto) {
		onnxtest.SetFloats(onnxtest.ConstantOf(g, onnxtest.Of(g, "WeightsLUTSymmetricQuantizer", 0).Input[1]), []int64{20}, make([]float32, 20)...)
	}, Want: []string{"20 values in the table of a 3-bit quantizer"}},
	{Name: "eps NaN", File: "lutpot", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "WeightsLUTPOTQuantizer", 0), ir.FloatAttr("eps", float32(math.NaN())))
	}, Want: []string{"WeightsLUTPOTQuantizer", "eps", "NaN"}},
	{Name: "lut_values_bitwidth huge", File: "lutpot", Do: func(g *onnxpb.GraphProto) {
		ir.SetAttr(onnxtest.Of(g, "WeightsLUTPOTQuantizer", 0), ir.IntAttr("lut_values_bitwidth", 200))
	}, Want: []string{"lut_values_bitwidth", "200"}},
	{Name: "transposed beyond its rank", File: "attention", Do: func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetOpType() == "Transpose" && n.GetName() == "/q/layer/Transpose" {
				ir.SetAttr(n, ir.IntsAttr("perm", 0, 5))
			}
		}
	}, Want: []string{"/q/layer/Transpose", "perm"}},
}

// TestMCTQDamage: every damage is refused with an error of one line that names what is wrong.
func TestMCTQDamage(t *testing.T) {
	onnxtest.Refused(t, append(mctqAttributeDamage(), mctqDamage...), func(file string) string { return "../../onnx/testdata/mctq/" + file + "_low.onnx" },
		func(m *ir.Model) error { _, _, err := read(m, quant.QDQ); return err })
}
