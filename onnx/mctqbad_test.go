package onnx

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// damage is one thing that is wrong with a quantized file, and what the error must say of it.
type damage struct {
	name, file string
	do         func(g *onnxpb.GraphProto)
	want       []string
}

// of returns the i-th node of an operator.
func of(g *onnxpb.GraphProto, op string, i int) *onnxpb.NodeProto {
	for _, n := range g.Node {
		if n.GetOpType() == op {
			if i--; i < 0 {
				return n
			}
		}
	}
	panic("no such node: " + op)
}

// value returns the tensor of a constant.
func constantOf(g *onnxpb.GraphProto, name string) *onnxpb.TensorProto {
	for _, t := range g.Initializer {
		if t.GetName() == name {
			return t
		}
	}
	for _, n := range g.Node {
		if n.GetOpType() == "Constant" && n.Output[0] == name {
			return n.Attribute[0].T
		}
	}
	panic("no such constant: " + name)
}

func setFloats(t *onnxpb.TensorProto, dims []int64, values ...float32) {
	n := NewFloats(t.GetName(), dims, values)
	t.Dims, t.DataType, t.RawData, t.FloatData = n.Dims, n.DataType, n.RawData, nil
}

// asInput makes a constant an input of the graph.
func asInput(g *onnxpb.GraphProto, name string) {
	g.Input = append(g.Input, newValue(name, Float, []int64{1}))
	for i, t := range g.Initializer {
		if t.GetName() == name {
			g.Initializer = append(g.Initializer[:i:i], g.Initializer[i+1:]...)
			return
		}
	}
	for i, n := range g.Node {
		if n.Output[0] == name {
			g.Node = append(g.Node[:i:i], g.Node[i+1:]...)
			return
		}
	}
}

// inside moves the graph's nodes of an operator into the branches of an If.
func inside(g *onnxpb.GraphProto, op string) {
	n := of(g, op, 0)
	branch := &onnxpb.GraphProto{Name: str("branch"), Node: []*onnxpb.NodeProto{clone(n)}, Output: []*onnxpb.ValueInfoProto{{Name: str(n.Output[0])}}}
	n.OpType, n.Domain, n.Name, n.Input = str("If"), nil, str("choice"), []string{"yes"}
	graph := func(name string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: clone(branch)}
	}
	n.Attribute = []*onnxpb.AttributeProto{graph("then_branch"), graph("else_branch")}
	g.Initializer = append(g.Initializer, NewInts("yes", Bool, nil, []int64{1}))
}

// mctqAttributeDamage are values that an attribute of the second activation quantizer may not have.
func mctqAttributeDamage() []damage {
	var all []damage
	change := func(file, op, attribute, name, want string, a *onnxpb.AttributeProto) {
		all = append(all, damage{fmt.Sprintf("%s %s %s", op, attribute, name), file, func(g *onnxpb.GraphProto) {
			n := of(g, op, 1)
			dropAttr(n, attribute)
			if a != nil {
				a = clone(a)
				a.Name = &attribute
				n.Attribute = append(n.Attribute, a)
			}
		}, []string{op, attribute, want}})
	}
	integer := func(v int64) *onnxpb.AttributeProto { return intAttr("", v) }
	float := func(v float64) *onnxpb.AttributeProto { return floatAttr("", float32(v)) }
	for file, op := range map[string]string{"pot": mctqPOT, "symmetric": mctqSymmetric, "uniform": mctqUniform} {
		change(file, op, "num_bits", "missing", "missing", nil)
		change(file, op, "num_bits", "of another type", "of type FLOAT, not INT", float(8))
		change(file, op, "num_bits", "as a text", "of type STRING, not INT", stringAttr("", "8"))
		for _, v := range []int64{math.MinInt64, -8, 0, 1, 17, 32, math.MaxInt64} {
			change(file, op, "num_bits", fmt.Sprint(v), fmt.Sprintf("is %d, not between 2 and 16", v), integer(v))
		}
	}
	for file, op := range map[string]string{"pot": mctqPOT, "symmetric": mctqSymmetric} {
		change(file, op, "signed", "missing", "missing", nil)
		change(file, op, "signed", "2", "is 2", integer(2))
		change(file, op, "threshold", "missing", "missing", nil)
		change(file, op, "threshold", "of another type", "of type INT, not FLOAT", integer(1))
		change(file, op, "threshold", "several", "of type FLOATS, not FLOAT", floatsAttr("", 1, 2))
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
	all = append(all, damage{"uniform range of subnormal numbers", "uniform", func(g *onnxpb.GraphProto) {
		n := of(g, mctqUniform, 0)
		setAttr(n, floatAttr("min_range", 0))
		setAttr(n, floatAttr("max_range", 0x1p-140))
	}, []string{mctqUniform, "min_range", "no normal numbers"}})
	return append(all, damage{"uniform range without extent", "uniform", func(g *onnxpb.GraphProto) {
		n := of(g, mctqUniform, 0)
		setAttr(n, floatAttr("min_range", 1))
		setAttr(n, floatAttr("max_range", 1))
	}, []string{mctqUniform, "min_range and max_range", "[1, 1] is empty"}})
}

var mctqDamage = []damage{
	{"attribute twice", "pot", func(g *onnxpb.GraphProto) {
		n := of(g, mctqPOT, 0)
		n.Attribute = append(n.Attribute, floatAttr("threshold", 8))
	}, []string{mctqPOT, `"threshold" is there twice`}},
	{"unknown activation quantizer", "pot", func(g *onnxpb.GraphProto) { of(g, mctqPOT, 0).OpType = str("ActivationLUTQuantizer") }, []string{"ActivationLUTQuantizer", "unknown quantizer"}},
	{"unknown operator of the domain", "pot", func(g *onnxpb.GraphProto) { of(g, "WeightsPOTQuantizer", 0).OpType = str("Weights2Quantizer") }, []string{"Weights2Quantizer", "unknown operator"}},
	{"two inputs", "pot", func(g *onnxpb.GraphProto) { n := of(g, mctqPOT, 1); n.Input = append(n.Input, n.Input[0]) }, []string{mctqPOT, "2 inputs"}},
	{"no input", "pot", func(g *onnxpb.GraphProto) { of(g, mctqPOT, 1).Input = nil }, []string{mctqPOT, "0 inputs"}},
	{"absent input", "pot", func(g *onnxpb.GraphProto) { of(g, mctqPOT, 1).Input[0] = "" }, []string{mctqPOT}},
	{"no quantizer at all", "pot", func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if isMCTQActivation(n) {
				n.OpType, n.Domain, n.Attribute = str("Identity"), nil, nil
			}
		}
	}, []string{"no activation quantizer", "no MCTQ export"}},
	{"quantizer in a branch", "pot", func(g *onnxpb.GraphProto) { inside(g, mctqPOT) }, []string{mctqPOT, "stands inside", "choice"}},
	{"a QuantizeLinear too", "pot", func(g *onnxpb.GraphProto) {
		g.Initializer = append(g.Initializer, NewFloats("step", nil, []float32{1}))
		g.Node = append(g.Node, newNode("QuantizeLinear", "linear", []string{"input", "step"}, []string{"codes"}))
	}, []string{"linear", "in one file"}},
	{"dangling name", "pot", func(g *onnxpb.GraphProto) { of(g, mctqPOT, 1).Input[0] = "nowhere" }, []string{mctqPOT, `"nowhere"`}},
	{"cycle", "pot", func(g *onnxpb.GraphProto) { n := of(g, "Conv", 0); n.Input[0] = of(g, mctqPOT, 2).Output[0] }, []string{"cycle"}},
	{"quantizer of itself", "pot", func(g *onnxpb.GraphProto) { n := of(g, mctqPOT, 1); n.Input[0] = n.Output[0] }, []string{mctqPOT, "cycle"}},
	{"huge dimensions", "pot", func(g *onnxpb.GraphProto) { constantOf(g, "stem.weight").Dims = []int64{1 << 40, 1 << 40} }, []string{"stem.weight", "too large"}},
	{"negative dimensions", "pot", func(g *onnxpb.GraphProto) { constantOf(g, "stem.weight").Dims[0] = -8 }, []string{"stem.weight", "negative"}},
	{"weight missing", "pot", func(g *onnxpb.GraphProto) { asInput(g, "stem.weight") }, []string{"WeightsPOTQuantizer", `"stem.weight"`, "no constant"}},
	{"thresholds missing", "pot", func(g *onnxpb.GraphProto) { asInput(g, "/stem/Constant_output_0") }, []string{"WeightsPOTQuantizer", "/stem/Constant_output_0", "no constant"}},
	{"weight of NaN", "pot", func(g *onnxpb.GraphProto) {
		t := constantOf(g, "stem.weight")
		v, _ := Floats(t)
		v[7] = float32(math.NaN())
		setFloats(t, t.Dims, v...)
	}, []string{"WeightsPOTQuantizer", `"stem.weight" holds NaN at element 7`}},
	{"weight of integers", "pot", func(g *onnxpb.GraphProto) { constantOf(g, "stem.weight").DataType = proto.Int32(int32(Int32)) }, []string{`"stem.weight"`, "of type INT32, not FLOAT"}},
	{"too few thresholds", "pot", func(g *onnxpb.GraphProto) { setFloats(constantOf(g, "/stem/Constant_output_0"), []int64{2}, 1, 1) }, []string{"WeightsPOTQuantizer", "2 values for 8 channels"}},
	{"threshold 0", "pot", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/stem/Constant_output_0"), []int64{8}, 1, 1, 1, 0, 1, 1, 1, 1)
	}, []string{"WeightsPOTQuantizer", "threshold 0 of channel 3"}},
	{"threshold negative", "pot", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/stem/Constant_output_0"), []int64{8}, -1, 1, 1, 1, 1, 1, 1, 1)
	}, []string{"WeightsPOTQuantizer", "threshold -1 of channel 0"}},
	{"threshold infinite", "pot", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/stem/Constant_output_0"), []int64{8}, float32(math.Inf(1)), 1, 1, 1, 1, 1, 1, 1)
	}, []string{"WeightsPOTQuantizer", "holds +Inf"}},
	{"threshold subnormal", "pot", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, "/stem/Constant_output_0"), []int64{8}, 0x1p-140, 1, 1, 1, 1, 1, 1, 1)
	}, []string{"WeightsPOTQuantizer", "too small"}},
	{"axis out of range", "pot", func(g *onnxpb.GraphProto) { setAttr(of(g, "WeightsPOTQuantizer", 0), intAttr("channel_axis", 4)) }, []string{"WeightsPOTQuantizer", "channel_axis", "axis 4 of 4"}},
	{"axis missing", "pot", func(g *onnxpb.GraphProto) { dropAttr(of(g, "WeightsPOTQuantizer", 0), "channel_axis") }, []string{"WeightsPOTQuantizer", "channel_axis", "missing"}},
	{"per_channel of another type", "pot", func(g *onnxpb.GraphProto) { setAttr(of(g, "WeightsPOTQuantizer", 0), stringAttr("per_channel", "yes")) }, []string{"per_channel", "of type STRING"}},
	{"unsigned weight", "pot", func(g *onnxpb.GraphProto) { setAttr(of(g, "WeightsPOTQuantizer", 0), intAttr("signed", 0)) }, []string{"WeightsPOTQuantizer", "signed"}},
	{"one input too few", "uniform", func(g *onnxpb.GraphProto) { n := of(g, "WeightsUniformQuantizer", 0); n.Input = n.Input[:2] }, []string{"WeightsUniformQuantizer", "2 inputs"}},
	{"weight range empty", "uniform", func(g *onnxpb.GraphProto) {
		n := of(g, "WeightsUniformQuantizer", 0)
		n.Input[1], n.Input[2] = n.Input[2], n.Input[1]
	}, []string{"WeightsUniformQuantizer", "is empty"}},
	{"table empty", "lutsym", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, of(g, "WeightsLUTSymmetricQuantizer", 0).Input[1]), []int64{0})
	}, []string{"WeightsLUTSymmetricQuantizer", "0 values in the table"}},
	{"table too long", "lutsym", func(g *onnxpb.GraphProto) {
		setFloats(constantOf(g, of(g, "WeightsLUTSymmetricQuantizer", 0).Input[1]), []int64{20}, make([]float32, 20)...)
	}, []string{"20 values in the table of a 3-bit quantizer"}},
	{"eps NaN", "lutpot", func(g *onnxpb.GraphProto) {
		setAttr(of(g, "WeightsLUTPOTQuantizer", 0), floatAttr("eps", float32(math.NaN())))
	}, []string{"WeightsLUTPOTQuantizer", "eps", "NaN"}},
	{"lut_values_bitwidth huge", "lutpot", func(g *onnxpb.GraphProto) {
		setAttr(of(g, "WeightsLUTPOTQuantizer", 0), intAttr("lut_values_bitwidth", 200))
	}, []string{"lut_values_bitwidth", "200"}},
	{"transposed beyond its rank", "attention", func(g *onnxpb.GraphProto) {
		for _, n := range g.Node {
			if n.GetOpType() == "Transpose" && n.GetName() == "/q/layer/Transpose" {
				setAttr(n, intsAttr("perm", 0, 5))
			}
		}
	}, []string{"/q/layer/Transpose", "perm"}},
}

// TestMCTQDamage: every damage is refused with an error of one line that names what is wrong.
func TestMCTQDamage(t *testing.T) {
	refused(t, append(mctqAttributeDamage(), mctqDamage...), func(file string) string { return "testdata/mctq/" + file + "_low.onnx" },
		func(m *Model) error { _, _, err := ReadMCTQ(m, quant.QDQ); return err })
}

func refused(t *testing.T, all []damage, path func(string) string, read func(*Model) error) {
	t.Helper()
	for _, d := range all {
		m, err := Read(path(d.file))
		if err != nil {
			t.Fatal(err)
		}
		if err := read(m); err != nil {
			t.Fatalf("%s: the file itself: %v", d.file, err)
		}
		p := proto.CloneOf(m.Proto)
		d.do(p.Graph)
		data, err := proto.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		m, err = Parse(data, "")
		if err == nil {
			err = read(m)
		}
		switch {
		case err == nil:
			t.Errorf("%s: accepted", d.name)
		case !errors.Is(err, ErrInput) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%s: error %q", d.name, err)
		default:
			for _, w := range d.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%s: error %q does not say %q", d.name, err, w)
				}
			}
		}
	}
	t.Logf("%d cases", len(all))
}
