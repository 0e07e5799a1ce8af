package onnx

import (
	"slices"
	"strings"
	"testing"

	"demote/onnx/onnxpb"
)

// twoLayers is a network of two LSTM layers over 6 steps of 8 numbers, as PyTorch writes them, and a Gemm on the last hidden state.
func twoLayers() *net {
	return newNet(17, -1, 6, 8).node("Transpose", []string{"x"}, []string{"turned"}, intsAttr("perm", 1, 0, 2)).
		random("wa", 1, 20, 8).random("ra", 1, 20, 5).random("ba", 1, 40).random("wb", 2, 20, 5).random("rb", 2, 20, 5).
		node("LSTM", []string{"turned", "wa", "ra", "ba"}, []string{"ya"}, intAttr("hidden_size", 5)).
		ints("axis", 1).node("Squeeze", []string{"ya", "axis"}, []string{"sa"}).
		node("LSTM", []string{"sa", "wb", "rb"}, []string{"yb", "hb"}, intAttr("hidden_size", 5), stringAttr("direction", "bidirectional")).
		node("Transpose", []string{"hb"}, []string{"tb"}, intsAttr("perm", 1, 0, 2)).node("Flatten", []string{"tb"}, []string{"f"}).
		random("v", 10, 3).node("Gemm", []string{"f", "v"}, []string{"y"}).output("y")
}

// ints adds a list of integers.
func (b *net) ints(name string, values ...int64) *net {
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts(name, Int64, []int64{int64(len(values))}, values))
	return b
}

// TestUnrolledNetwork holds what two layers become: one product of the whole sequence each way, one tensor of weights for all steps,
// lengths that follow from the file, and holders that go together by what they are.
func TestUnrolledNetwork(t *testing.T) {
	m := twoLayers().model(t)
	before := m.Clone()
	n, err := Prepare(m, Options{Unroll: &Unroll{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Graph().Node) != len(before.Graph().Node) || len(n.FixedAxes) != 0 {
		t.Errorf("the model that was given has changed, or axes: %v", n.FixedAxes)
	}
	whole, read, sizes := 0, map[string]int{}, int64(0)
	for _, nd := range n.Model.Graph().Node {
		if nd.GetOpType() != "MatMul" {
			continue
		}
		read[input(nd, 1)]++
		if input(nd, 0) == "turned" || input(nd, 0) == "sa" {
			whole++
		}
	}
	for _, c := range n.Model.Graph().Initializer {
		if DType(c.GetDataType()) == Float {
			sizes += mustCount(c)
		}
	}
	if whole != 3 || !slices.Equal(countsOf(read), []int{1, 1, 1, 5, 5, 5}) {
		t.Errorf("%d products of whole sequences; weights are read %v times", whole, read)
	}
	if want := int64(20*8 + 20*5 + 20 + 2*20*5 + 2*20*5 + 10*3); sizes != want {
		t.Errorf("%d numbers of constants, want %d", sizes, want)
	}
	if len(n.Unrolled) != 2 || n.Unrolled[0].Steps != 6 || n.Unrolled[1].Steps != 6 || n.Unrolled[0].Node != "ya" {
		t.Errorf("%+v", n.Unrolled)
	}
	names := make(map[string]int)
	seen := make(map[int]string)
	for name, list := range n.Together() {
		names[name] = len(list)
		for _, h := range list {
			if seen[h] != "" {
				t.Errorf("%s is of %s and of %s", n.Holders[h].Name, seen[h], name)
			}
			if seen[h] = name; !strings.HasPrefix(n.Holders[h].Name, name) && name != "yb_h" {
				t.Errorf("%s is of %s", n.Holders[h].Name, name)
			}
		}
	}
	// The cells behind the last step have one reader, an activation, and no holder. The hidden states of the second layer behind their
	// last steps are one tensor too; nobody reads those of all its steps.
	want := map[string]int{"ya_h": 7, "ya_c": 5, "ya_recurrent": 5, "ya_gates": 5, "ya_open": 6, "ya_cell": 6, "ya_cell_out": 6, "ya_kept": 5, "ya_taken": 5, "yb_h": 13}
	for _, way := range []string{"yb_forward_", "yb_reverse_"} {
		for role, count := range map[string]int{"c": 5, "recurrent": 5, "gates": 5, "open": 6, "cell": 6, "cell_out": 6, "kept": 5, "taken": 5} {
			want[way+role] = count
		}
	}
	for name, count := range want {
		if names[name] != count {
			t.Errorf("%s ties %d holders, want %d", name, names[name], count)
		}
	}
	if len(names) != len(want) {
		t.Errorf("%v", names)
	}
	work, err := n.Work(map[string][]int64{"x": {1, 6, 8}})
	if macs := float64(6*160 + 5*100 + 6*200 + 5*200 + 30); err != nil || work.Float != 0 || work.All != macs || work.Least || work.Quantized != 3+15+1 {
		t.Errorf("%+v, want %v multiply-accumulates, none of them float; %v", work, macs, err)
	}
	plain, err := Prepare(m, Options{})
	if err != nil || plain.Tied != nil || plain.Unrolled != nil {
		t.Errorf("without the option: %v, %v", plain, err)
	}
}

func countsOf(m map[string]int) (list []int) {
	for _, n := range m {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// TestUnrolledWeightsAreOneTensor holds that a weight of all steps is quantized once, with a scale for each row of a gate, and written
// once.
func TestUnrolledWeightsAreOneTensor(t *testing.T) {
	n, err := Prepare(twoLayers().model(t), Options{Unroll: &Unroll{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.QuantizeWeights(); err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 7 {
		t.Errorf("%d weights", len(n.Weights))
	}
	if w := n.Weights["ya_R"]; w == nil || len(w.Scales) != 20 || w.Axis != 1 {
		t.Errorf("%+v", w)
	}
}

// TestUnrollRefuses holds what is not opened: one line that names the operator and says why.
func TestUnrollRefuses(t *testing.T) {
	base := func(dims ...int64) *net {
		return newNet(17, dims...).random("w", 1, 20, 8).random("r", 1, 20, 5).random("p", 1, 15)
	}
	lstm := func(b *net, inputs []string, attrs ...*onnxpb.AttributeProto) *Model {
		return b.node("LSTM", inputs, []string{"l"}, append(attrs, intAttr("hidden_size", 5))...).node("Neg", []string{"l"}, []string{"y"}).output("y").model(t)
	}
	plain := []string{"x", "w", "r"}
	inside := newNet(17, -1, 4).random("m", 4, 4).node("MatMul", []string{"x", "m"}, []string{"a"}).node("ReduceMax", []string{"a"}, []string{"most"}, intAttr("keepdims", 0)).
		floats("zero", nil, 0).node("Greater", []string{"most", "zero"}, []string{"c"})
	body := func(name string) *onnxpb.AttributeProto {
		a := taking(name, "k = Neg a", nil, "k")
		a.G.Node = append(a.G.Node, newNode("LSTM", "cell", []string{"a", "w", "r"}, []string{"q"}))
		return a
	}
	inside.random("w", 1, 20, 8).random("r", 1, 20, 5).node("If", []string{"c"}, []string{"y"}, body("then_branch"), body("else_branch")).output("y")
	for _, c := range []struct {
		name  string
		model *Model
		want  []string
	}{
		{"nothing to open", newNet(17, -1, 4).random("m", 4, 4).node("MatMul", []string{"x", "m"}, []string{"y"}).output("y").model(t), []string{"--unroll", "no LSTM, GRU or RNN", "leave it out"}},
		{"all inside an If", inside.model(t), []string{`LSTM node "cell" in If node "y"`, "leave --unroll out"}},
		{"a free length", lstm(base(-1, 2, 8), plain), []string{`LSTM node "l"`, "length of its sequence", "--calib"}},
		{"free axes", lstm(base(-1, -1, 8), plain), []string{`LSTM node "l"`, "length of its sequence", "--calib"}},
		{"too many steps", lstm(base(30_000, -1, 8), plain), []string{`LSTM node "l"`, "30000 steps", "4000"}},
		{"too many nodes", lstm(base(3_000, -1, 8), plain), []string{`LSTM node "l"`, "3000 steps", "4000"}},
		{"computed weights", lstm(base(6, -1, 8).node("Neg", []string{"x"}, []string{"w2"}), []string{"x", "w2", "r"}), []string{`LSTM node "l"`, `input W, "w2", is not constant`}},
		{"computed lengths", lstm(base(6, 2, 8).node("Cast", []string{"x"}, []string{"n"}, intAttr("to", 6)), []string{"x", "w", "r", "", "n"}), []string{`LSTM node "l"`, `sequence_lens, "n", are computed`}},
		{"a shorter sequence", lstm(base(6, 2, 8).ints("n", 6, 5), []string{"x", "w", "r", "", "n"}), []string{`LSTM node "l"`, "a sequence of 5 of 6 steps"}},
		{"an activation", lstm(base(6, -1, 8), plain, activationsAttr("Sigmoid", "Swish", "Tanh")), []string{`LSTM node "l"`, `activation "Swish"`}},
		{"an activation without its numbers", lstm(base(6, -1, 8), plain, activationsAttr("Sigmoid", "Affine", "Tanh")), []string{`LSTM node "l"`, "activation Affine lacks"}},
		{"too few activations", lstm(base(6, -1, 8), plain, activationsAttr("Sigmoid")), []string{`LSTM node "l"`, "1 activations and needs 3"}},
		{"weights of another size", lstm(base(6, -1, 8).random("r2", 1, 20, 4), []string{"x", "w", "r2"}), []string{`LSTM node "l"`, "input R has the dimensions [1 20 4]"}},
		{"biases of another size", lstm(base(6, -1, 8), []string{"x", "w", "r", "p"}), []string{`LSTM node "l"`, "input B has the dimensions [1 15]"}},
		{"a state of another size", lstm(base(6, -1, 8).random("h", 1, 2, 4), []string{"x", "w", "r", "", "", "h"}), []string{`LSTM node "l"`, "initial state has the dimensions [1 2 4]"}},
		{"a direction", lstm(base(6, -1, 8), plain, stringAttr("direction", "sideways")), []string{`LSTM node "l"`, `direction "sideways"`}},
		{"a layout", lstm(base(6, -1, 8), plain, intAttr("layout", 2)), []string{`LSTM node "l"`, "layout 2"}},
	} {
		_, err := Prepare(c.model, Options{Unroll: &Unroll{}})
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range append(c.want, "--unroll") {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %q lacks %q", c.name, err, want)
			}
		}
	}
}

func activationsAttr(names ...string) *onnxpb.AttributeProto {
	a := &onnxpb.AttributeProto{Name: str("activations"), Type: onnxpb.AttributeProto_STRINGS.Enum()}
	for _, n := range names {
		a.Strings = append(a.Strings, []byte(n))
	}
	return a
}

// TestUnrollMeasures holds that lengths that the file leaves open are asked for, that axes on which they hang are fixed then, and
// that samples that are the steps are taken one by one.
func TestUnrollMeasures(t *testing.T) {
	build := func() *Model {
		return newNet(17, -1, -1, 8).node("Transpose", []string{"x"}, []string{"turned"}, intsAttr("perm", 1, 0, 2)).random("w", 1, 20, 8).random("r", 1, 20, 5).
			node("LSTM", []string{"turned", "w", "r"}, []string{"", "h"}, intAttr("hidden_size", 5)).node("Neg", []string{"h"}, []string{"y"}).output("y").model(t)
	}
	asked := 0
	measure := func(steps int64) *Unroll {
		return &Unroll{Measure: func(_ *Model, alone bool) (map[string][]int64, error) {
			asked++
			if alone {
				return map[string][]int64{"turned": {1, 7, 8}, "x": {7, 1, 8}}, nil
			}
			return map[string][]int64{"turned": {steps, -1, 8}, "x": {-1, steps, 8}}, nil
		}}
	}
	n, err := Prepare(build(), Options{Unroll: measure(7)})
	if err != nil || n.Unrolled[0].Steps != 7 || asked != 1 || len(n.FixedAxes) != 1 || !slices.Equal(n.Model.Inputs()[0].Dims, []int64{-1, 7, 8}) {
		t.Errorf("%v, asked %d times, %+v", err, asked, n)
	}
	if n, err = Prepare(build(), Options{Unroll: measure(-1)}); err != nil || n.Unrolled[0].Steps != 1 || !slices.Equal(n.Model.Inputs()[0].Dims, []int64{7, 1, 8}) {
		t.Errorf("%v, %+v", err, n)
	}
	asked = 0
	if _, err := Prepare(twoLayers().model(t), Options{Unroll: measure(3)}); err != nil || asked != 0 {
		t.Errorf("a length that the file says is asked for, %v", err)
	}
	m := build()
	m.FixAxes([]Value{{Name: "x", Dims: []int64{-1, 9, 8}}})
	if n, err := Prepare(m, Options{Unroll: &Unroll{}}); err != nil || n.Unrolled[0].Steps != 9 {
		t.Errorf("%v", err)
	}
}

// recurrentNet has operators with all inputs: an LSTM with peepholes, states and lengths, a GRU whose state is made of zeros, and an RNN.
func recurrentNet() *net {
	b := newNet(17, 3, 2, 4).random("w", 2, 8, 4).random("r", 2, 8, 2).random("b", 2, 16).random("h", 2, 2, 2).random("p", 2, 6).random("wg", 1, 6, 4).random("rg", 1, 6, 2).
		random("wr", 1, 2, 4).random("rr", 1, 2, 2).ints("shape", 1, 2, 2)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("n", Int32, []int64{2}, []int64{3, 3}))
	return b.node("LSTM", []string{"x", "w", "r", "b", "n", "h", "h", "p"}, []string{"l", "lh", "lc"}, intAttr("hidden_size", 2), stringAttr("direction", "bidirectional"), floatAttr("clip", 1)).
		node("ConstantOfShape", []string{"shape"}, []string{"z"}).node("Concat", []string{"z", "z"}, []string{"zz"}, intAttr("axis", 1)).node("GRU", []string{"x", "wg", "rg", "", "", "z"}, []string{"g"}, intAttr("linear_before_reset", 1)).
		node("RNN", []string{"x", "wr", "rr"}, []string{"", "e"}, activationsAttr("Relu")).output("l", "lh", "lc", "g", "e")
}
