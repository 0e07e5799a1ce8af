package unroll_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	ort "github.com/yalue/onnxruntime_go"
	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxruntest"
	"example.org/demote/internal/prepare"
	"example.org/demote/onnx/onnxpb"
)

// recurrentCase is a recurrent operator of 3 inputs and 4 units over 5 steps, in a network whose batch is free.
type recurrentCase struct {
	op, direction string
	without       string // of B and P, what is absent
	states        string // none, zeros, constant, input or computed
	steps         int
	outputs       []string // names of Y, Y_h, Y_c; empty: absent
	attrs         []*onnxpb.AttributeProto
	lengths       bool // sequence_lens, all steps
}

const (
	recurrentInputs = 3
	recurrentUnits  = 4
)

func stringsAttr(name string, v ...string) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_STRINGS.Enum()}
	for _, s := range v {
		a.Strings = append(a.Strings, []byte(s))
	}
	return a
}

// statesOf is how many states an operator hands from step to step.
func statesOf(op string) int {
	if op == "LSTM" {
		return 2
	}
	return 1
}

// model makes the network, with the axes of layout.
func (c recurrentCase) model(t testing.TB, seed uint64, batch int, layout int64) (*ir.Model, []onnxruntest.Feed) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	random := func(name string, scale float64, dims ...int64) *onnxpb.TensorProto {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(scale * r.NormFloat64())
		}
		return ir.NewFloats(name, dims, values)
	}
	ways := int64(1)
	if c.direction == "bidirectional" {
		ways = 2
	}
	gates := map[string]int64{"LSTM": 4, "GRU": 3, "RNN": 1}[c.op]
	const units = int64(recurrentUnits)
	constants := []*onnxpb.TensorProto{random("w", 0.6, ways, gates*units, recurrentInputs), random("r", 0.6, ways, gates*units, units)}
	inputs := []string{"x", "w", "r", "", "", "", "", ""}
	if b := random("b", 0.5, ways, 2*gates*units); !strings.Contains(c.without, "B") {
		constants, inputs[3] = append(constants, b), "b"
	}
	if c.lengths {
		all := slices.Repeat([]int64{int64(c.steps)}, batch)
		constants, inputs[4] = append(constants, ir.NewInts("lengths", ir.Int32, []int64{int64(batch)}, all)), "lengths"
	}
	turned := func(a, b int64) []int64 { // of a state: ways and batch
		if layout == 1 {
			return []int64{b, a, units}
		}
		return []int64{a, b, units}
	}
	feeds := []onnxruntest.Feed{{Name: "x", Dims: []int64{int64(c.steps), int64(batch), recurrentInputs}, Floats: floatsOf(random("", 1, int64(c.steps), int64(batch), recurrentInputs))}}
	x := feeds[0].Dims
	declared := []int64{x[0], -1, x[2]}
	if layout == 1 {
		feeds[0].Floats, feeds[0].Dims = turnAxes(feeds[0].Floats, x), []int64{x[1], x[0], x[2]}
		declared = []int64{-1, x[0], x[2]}
	}
	var more []*onnxpb.ValueInfoProto
	var nodes []*onnxpb.NodeProto
	for i, name := range []string{"h0", "c0"}[:statesOf(c.op)] {
		values := random(name, 0.7, ways, int64(batch), units)
		if layout == 1 {
			values = ir.NewFloats(name, turned(ways, int64(batch)), turnAxes(floatsOf(values), []int64{ways, int64(batch), units}))
		}
		switch c.states {
		case "none":
			continue
		case "zeros":
			constants = append(constants, ir.NewFloats(name, values.Dims, make([]float32, len(floatsOf(values)))))
		case "constant":
			constants = append(constants, values)
		case "input", "computed":
			from := name
			if c.states == "computed" {
				from += "_before"
				nodes = append(nodes, ir.NewNode("Neg", name, []string{from}, []string{name}))
			}
			more = append(more, floatValue(from, turned(ways, -1)))
			feeds = append(feeds, onnxruntest.Feed{Name: from, Dims: values.Dims, Floats: floatsOf(values)})
		case "shape": // zeros as large as the batch, as exporters write them
			if i == 0 {
				constants = append(constants, ir.NewInts("at", ir.Int64, []int64{1}, []int64{1 - layout}), ir.NewInts("ways", ir.Int64, []int64{1}, []int64{ways}), ir.NewInts("units", ir.Int64, []int64{1}, []int64{units}))
				nodes = append(nodes, ir.NewNode("Shape", "sx", []string{"x"}, []string{"sx"}), ir.NewNode("Gather", "n", []string{"sx", "at"}, []string{"n"}),
					ir.NewNode("Concat", "sh", [][]string{{"ways", "n", "units"}, {"n", "ways", "units"}}[layout], []string{"sh"}, ir.IntAttr("axis", 0)))
			}
			nodes = append(nodes, ir.NewNode("ConstantOfShape", name, []string{"sh"}, []string{name}))
		}
		inputs[5+i] = name
	}
	if c.op == "LSTM" && !strings.Contains(c.without, "P") {
		constants, inputs[7] = append(constants, random("p", 0.5, ways, 3*units)), "p"
	}
	for inputs[len(inputs)-1] == "" {
		inputs = inputs[:len(inputs)-1]
	}
	attrs := append([]*onnxpb.AttributeProto{ir.IntAttr("hidden_size", recurrentUnits)}, c.attrs...)
	if c.direction != "" {
		attrs = append(attrs, ir.StringAttr("direction", c.direction))
	}
	if layout == 1 {
		attrs = append(attrs, ir.IntAttr("layout", 1))
	}
	outputs := []string{"y", "h", "c"}[:1+statesOf(c.op)]
	if c.outputs != nil {
		outputs = c.outputs
	}
	g := &onnxpb.GraphProto{Name: proto.String("g"), Input: append([]*onnxpb.ValueInfoProto{floatValue("x", declared)}, more...), Initializer: constants,
		Node: append(nodes, ir.NewNode(c.op, "cell", inputs, outputs, attrs...))}
	for _, name := range outputs {
		if name != "" {
			g.Output = append(g.Output, floatValue(name, nil))
		}
	}
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ir.Parse(data, "")
	if err != nil {
		t.Fatal(err)
	}
	return m, feeds
}

func floatsOf(t *onnxpb.TensorProto) []float32 {
	v, err := ir.Floats(t)
	if err != nil {
		panic(err)
	}
	return v
}

// floatValue declares a float tensor, of any shape where dims is nil.
func floatValue(name string, dims []int64) *onnxpb.ValueInfoProto {
	tensor := &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(1)}
	if dims != nil {
		tensor.Shape = &onnxpb.TensorShapeProto{}
		for _, d := range dims {
			dim := &onnxpb.TensorShapeProto_Dimension{}
			if d >= 0 {
				dim.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}
			}
			tensor.Shape.Dim = append(tensor.Shape.Dim, dim)
		}
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: tensor}}}
}

// turnAxes swaps the first two of three axes.
func turnAxes(values []float32, dims []int64) []float32 {
	a, b, n := int(dims[0]), int(dims[1]), int(dims[2])
	out := make([]float32, 0, len(values))
	for j := range b {
		for i := range a {
			out = append(out, values[(i*b+j)*n:][:n]...)
		}
	}
	return out
}

// recurrentCases are all forms of the operators that are opened.
func recurrentCases() map[string]recurrentCase {
	cases := make(map[string]recurrentCase)
	add := func(name string, c recurrentCase, attrs ...*onnxpb.AttributeProto) {
		if c.steps == 0 {
			c.steps = 5
		}
		if c.states == "" {
			c.states = "input"
		}
		c.attrs = attrs
		cases[fmt.Sprintf("%s %s%s, states %s, without %s", c.op, name, c.direction, c.states, c.without)] = c
	}
	for _, op := range []string{"LSTM", "GRU", "RNN"} {
		absent := []string{"", "B"}
		if op == "LSTM" {
			absent = []string{"P", "BP", "", "B"}
		}
		for _, states := range []string{"none", "zeros", "shape", "constant", "input", "computed"} {
			add("", recurrentCase{op: op, direction: "bidirectional", states: states, without: absent[0]})
		}
		for _, direction := range []string{"", "forward", "reverse"} {
			add("", recurrentCase{op: op, direction: direction, states: "none", without: absent[0]})
			add("", recurrentCase{op: op, direction: direction, states: "constant", without: absent[0]})
		}
		for _, states := range []string{"none", "constant", "input"} {
			for _, without := range absent {
				c := recurrentCase{op: op, direction: "bidirectional", states: states, without: without}
				add("", c)
				add("clip ", c, ir.FloatAttr("clip", 0.4))
				switch op {
				case "LSTM":
					add("input_forget ", c, ir.IntAttr("input_forget", 1))
					add("input_forget and clip ", c, ir.IntAttr("input_forget", 1), ir.FloatAttr("clip", 0.4))
				case "GRU":
					add("linear_before_reset ", c, ir.IntAttr("linear_before_reset", 1))
					add("linear_before_reset and clip ", c, ir.IntAttr("linear_before_reset", 1), ir.FloatAttr("clip", 0.4))
				}
			}
		}
	}
	lstm, gru, rnn := recurrentCase{op: "LSTM", without: "P"}, recurrentCase{op: "GRU"}, recurrentCase{op: "RNN"}
	for _, steps := range []int{1, 2} {
		for _, op := range []string{"LSTM", "GRU", "RNN"} {
			for _, states := range []string{"none", "input"} {
				add(fmt.Sprintf("of %d steps ", steps), recurrentCase{op: op, direction: "bidirectional", states: states, steps: steps, without: "P"})
				add(fmt.Sprintf("of %d steps ", steps), recurrentCase{op: op, direction: "reverse", states: states, steps: steps, without: "P"})
			}
		}
	}
	numbers := map[string][]*onnxpb.AttributeProto{ // of activations for which ONNX Runtime has other defaults, or none
		"LeakyRelu": {ir.FloatsAttr("activation_alpha", 0.2)}, "ThresholdedRelu": {ir.FloatsAttr("activation_alpha", 0.3)}, "Elu": {ir.FloatsAttr("activation_alpha", 0.6)},
		"HardSigmoid": {ir.FloatsAttr("activation_alpha", 0.3), ir.FloatsAttr("activation_beta", 0.4)},
	}
	for _, one := range []string{"Relu", "Softsign", "Softplus", "LeakyRelu", "ThresholdedRelu", "Elu", "HardSigmoid"} {
		add("with "+one, rnn, append(numbers[one], stringsAttr("activations", one))...)
		add("with "+one, gru, append(numbers[one], stringsAttr("activations", "Sigmoid", one))...)
		add("with "+one, lstm, append(numbers[one], stringsAttr("activations", "Sigmoid", one, "Tanh"))...)
	}
	for _, one := range []string{"LeakyRelu", "Elu", "HardSigmoid"} {
		add("with the defaults of "+one, lstm, stringsAttr("activations", "Sigmoid", "Tanh", one))
		add("with the defaults of "+one, gru, stringsAttr("activations", "Sigmoid", one))
	}
	add("with numbers", lstm, stringsAttr("activations", "HardSigmoid", "LeakyRelu", "Elu"), ir.FloatsAttr("activation_alpha", 0.3, 0.2, 0.7), ir.FloatsAttr("activation_beta", 0.4))
	add("with ScaledTanh and Affine", lstm, stringsAttr("activations", "Sigmoid", "ScaledTanh", "Affine"), ir.FloatsAttr("activation_alpha", 0.8, 0.6), ir.FloatsAttr("activation_beta", 0.9, 0.1))
	add("with small letters", gru, stringsAttr("activations", "sigmoid", "TANH"))
	two := lstm
	two.direction = "bidirectional"
	add("of other activations each way", two, stringsAttr("activations", "Sigmoid", "Tanh", "Tanh", "HardSigmoid", "Softsign", "Relu"), ir.FloatsAttr("activation_alpha", 0.25), ir.FloatsAttr("activation_beta", 0.45))
	for _, c := range []recurrentCase{lstm, gru, rnn, two} {
		c.lengths = true
		add("with lengths that are all steps "+c.direction, c)
		c.lengths = false
		for name, outputs := range map[string][]string{"only Y": {"y"}, "only Y_h": {"", "h"}, "only Y_c": {"", "", "c"}, "Y and Y_c": {"y", "", "c"}} {
			if c.op == "LSTM" || len(outputs) < 3 {
				c.outputs = outputs
				add(name+" "+c.direction, c)
			}
		}
	}
	return cases
}

// TestUnrolledComputesTheSame holds what every form of a recurrent operator becomes against ONNX Runtime's own
// operator, with the free batch of three: no output differs by more than rounding.
func TestUnrolledComputesTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
	cases := recurrentCases()
	if len(cases) < 100 {
		t.Errorf("%d cases", len(cases))
	}
	for name, c := range cases {
		const batch = 3
		m, feeds := c.model(t, uint64(len(name)), batch, 0)
		want := onnxruntest.Run(t, m, plain, feeds...)
		n, err := prepare.Network(m, network.Options{Unroll: &network.Unroll{}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nearBy(t, name, onnxruntest.Run(t, n.Model, plain, feeds...), want)
		if ops := opsOf(n.Model); ops["LSTM"]+ops["GRU"]+ops["RNN"] > 0 || len(n.Unrolled) != 1 || n.Unrolled[0].Steps != c.steps {
			t.Errorf("%s: %v, %+v", name, ops, n.Unrolled)
		}
		if strings.Contains(name, "clip") {
			continue
		}
		other, turned := c.model(t, uint64(len(name)), batch, 1)
		if n, err = prepare.Network(other, network.Options{Unroll: &network.Unroll{}}); err != nil {
			t.Errorf("%s, layout 1: %v", name, err)
			continue
		}
		ways := int64(1)
		if c.direction == "bidirectional" {
			ways = 2
		}
		for out, values := range want { // ONNX Runtime has no layout 1: it is turned here
			axes := []int64{ways, batch, recurrentUnits}
			if out == "y" { // [steps, ways, batch, units] to [batch, steps, ways, units]
				axes[0] *= int64(c.steps)
			}
			want[out] = turnAxes(values, axes)
		}
		nearBy(t, name+", layout 1", onnxruntest.Run(t, n.Model, plain, turned...), want)
	}
}

// TestUnrolledTakesAnyBatch runs what an operator became on batches of other sizes than one.
func TestUnrolledTakesAnyBatch(t *testing.T) {
	plain := onnxruntest.Settings{Level: ort.GraphOptimizationLevelDisableAll}
	for _, op := range []string{"LSTM", "GRU", "RNN"} {
		for _, batch := range []int{1, 5} {
			for _, states := range []string{"none", "input"} {
				c := recurrentCase{op: op, direction: "bidirectional", states: states, without: "P", steps: 4}
				m, feeds := c.model(t, 9, batch, 0)
				n, err := prepare.Network(m, network.Options{Unroll: &network.Unroll{}})
				if err != nil {
					t.Fatal(err)
				}
				nearBy(t, fmt.Sprintf("%s, batch %d", op, batch), onnxruntest.Run(t, n.Model, plain, feeds...), onnxruntest.Run(t, m, plain, feeds...))
				feeds[0].Dims[0], feeds[0].Floats = 3, feeds[0].Floats[:3*batch*recurrentInputs]
				if _, err := onnxruntest.TryRun(t, n.Model, plain, feeds...); err == nil {
					t.Errorf("%s takes 3 steps where 4 were unrolled", op)
				}
			}
		}
	}
}

func opsOf(m *ir.Model) map[string]int {
	ops := make(map[string]int)
	for _, n := range m.Graph().Node {
		ops[n.GetOpType()]++
	}
	return ops
}

// nearBy compares outputs: no value is farther off than 1e-5 of the largest.
func nearBy(t *testing.T, name string, got, want map[string][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d outputs instead of %d", name, len(got), len(want))
	}
	for out, values := range want {
		largest, off := 0.0, 0.0
		if len(values) == 0 || len(got[out]) != len(values) {
			t.Errorf("%s: output %s has %d values instead of %d", name, out, len(got[out]), len(values))
			continue
		}
		for i, v := range values {
			largest, off = max(largest, math.Abs(float64(v))), max(off, math.Abs(float64(got[out][i]-v)))
		}
		if !(off <= 1e-5*largest) || largest == 0 {
			t.Errorf("%s: output %s is off by %g, its largest value is %g", name, out, off, largest)
		}
	}
}
