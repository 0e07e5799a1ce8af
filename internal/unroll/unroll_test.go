package unroll_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/quantize"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/unroll"
	"example.org/demote/onnx/onnxpb"
)

// TestUnrolledNetwork holds what two layers become: one product of the whole sequence each way, one tensor of weights
// for all steps, lengths that follow from the file, and holders that go together by what they are.
func TestUnrolledNetwork(t *testing.T) {
	m := onnxtest.TwoLayers().Model(t)
	before := m.Clone()
	n, err := prepare.Network(m, network.Options{Unroll: &network.Unroll{}})
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
		read[ir.Input(nd, 1)]++
		if ir.Input(nd, 0) == "turned" || ir.Input(nd, 0) == "sa" {
			whole++
		}
	}
	for _, c := range n.Model.Graph().Initializer {
		if ir.DType(c.GetDataType()) == ir.Float {
			sizes += ir.MustCount(c)
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
	for name, list := range unroll.Together(n) {
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
	// The cells behind the last step have one reader, an activation, and no holder. The hidden states of the second
	// layer behind their last steps are one tensor too; nobody reads those of all its steps.
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
	work, err := sites.Measure(n, map[string][]int64{"x": {1, 6, 8}})
	if macs := float64(6*160 + 5*100 + 6*200 + 5*200 + 30); err != nil || work.Float != 0 || work.All != macs || work.Least || work.Quantized != 3+15+1 {
		t.Errorf("%+v, want %v multiply-accumulates, none of them float; %v", work, macs, err)
	}
	plain, err := prepare.Network(m, network.Options{})
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

// TestUnrolledWeightsAreOneTensor holds that a weight of all steps is quantized once, with a scale for each row of a
// gate, and written once.
func TestUnrolledWeightsAreOneTensor(t *testing.T) {
	n, err := prepare.Network(onnxtest.TwoLayers().Model(t), network.Options{Unroll: &network.Unroll{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := quantize.Weights(n); err != nil {
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
	base := func(dims ...int64) *onnxtest.Net {
		return onnxtest.NewNet(17, dims...).Random("w", 1, 20, 8).Random("r", 1, 20, 5).Random("p", 1, 15)
	}
	lstm := func(b *onnxtest.Net, inputs []string, attrs ...*onnxpb.AttributeProto) *ir.Model {
		return b.Node("LSTM", inputs, []string{"l"}, append(attrs, ir.IntAttr("hidden_size", 5))...).Node("Neg", []string{"l"}, []string{"y"}).Output("y").Model(t)
	}
	plain := []string{"x", "w", "r"}
	inside := onnxtest.NewNet(17, -1, 4).Random("m", 4, 4).Node("MatMul", []string{"x", "m"}, []string{"a"}).Node("ReduceMax", []string{"a"}, []string{"most"}, ir.IntAttr("keepdims", 0)).
		Floats("zero", nil, 0).Node("Greater", []string{"most", "zero"}, []string{"c"})
	body := func(name string) *onnxpb.AttributeProto {
		a := onnxtest.Taking(name, "k = Neg a", nil, "k")
		a.G.Node = append(a.G.Node, ir.NewNode("LSTM", "cell", []string{"a", "w", "r"}, []string{"q"}))
		return a
	}
	inside.Random("w", 1, 20, 8).Random("r", 1, 20, 5).Node("If", []string{"c"}, []string{"y"}, body("then_branch"), body("else_branch")).Output("y")
	for _, c := range []struct {
		name  string
		model *ir.Model
		want  []string
	}{
		{"nothing to open", onnxtest.NewNet(17, -1, 4).Random("m", 4, 4).Node("MatMul", []string{"x", "m"}, []string{"y"}).Output("y").Model(t), []string{"--unroll", "no LSTM, GRU or RNN", "leave it out"}},
		{"all inside an If", inside.Model(t), []string{`LSTM node "cell" in If node "y"`, "leave --unroll out"}},
		{"a free length", lstm(base(-1, 2, 8), plain), []string{`LSTM node "l"`, "length of its sequence", "--calib"}},
		{"free axes", lstm(base(-1, -1, 8), plain), []string{`LSTM node "l"`, "length of its sequence", "--calib"}},
		{"too many steps", lstm(base(30_000, -1, 8), plain), []string{`LSTM node "l"`, "30000 steps", "4000"}},
		{"too many nodes", lstm(base(3_000, -1, 8), plain), []string{`LSTM node "l"`, "3000 steps", "4000"}},
		{"computed weights", lstm(base(6, -1, 8).Node("Neg", []string{"x"}, []string{"w2"}), []string{"x", "w2", "r"}), []string{`LSTM node "l"`, `input W, "w2", is not constant`}},
		{"computed lengths", lstm(base(6, 2, 8).Node("Cast", []string{"x"}, []string{"n"}, ir.IntAttr("to", 6)), []string{"x", "w", "r", "", "n"}), []string{`LSTM node "l"`, `sequence_lens, "n", are computed`}},
		{"a shorter sequence", lstm(base(6, 2, 8).Ints("n", 6, 5), []string{"x", "w", "r", "", "n"}), []string{`LSTM node "l"`, "a sequence of 5 of 6 steps"}},
		{"an activation", lstm(base(6, -1, 8), plain, onnxtest.ActivationsAttr("Sigmoid", "Swish", "Tanh")), []string{`LSTM node "l"`, `activation "Swish"`}},
		{"an activation without its numbers", lstm(base(6, -1, 8), plain, onnxtest.ActivationsAttr("Sigmoid", "Affine", "Tanh")), []string{`LSTM node "l"`, "activation Affine lacks"}},
		{"too few activations", lstm(base(6, -1, 8), plain, onnxtest.ActivationsAttr("Sigmoid")), []string{`LSTM node "l"`, "1 activations and needs 3"}},
		{"weights of another size", lstm(base(6, -1, 8).Random("r2", 1, 20, 4), []string{"x", "w", "r2"}), []string{`LSTM node "l"`, "input R has the dimensions [1 20 4]"}},
		{"biases of another size", lstm(base(6, -1, 8), []string{"x", "w", "r", "p"}), []string{`LSTM node "l"`, "input B has the dimensions [1 15]"}},
		{"a state of another size", lstm(base(6, -1, 8).Random("h", 1, 2, 4), []string{"x", "w", "r", "", "", "h"}), []string{`LSTM node "l"`, "initial state has the dimensions [1 2 4]"}},
		{"a direction", lstm(base(6, -1, 8), plain, ir.StringAttr("direction", "sideways")), []string{`LSTM node "l"`, `direction "sideways"`}},
		{"a layout", lstm(base(6, -1, 8), plain, ir.IntAttr("layout", 2)), []string{`LSTM node "l"`, "layout 2"}},
	} {
		_, err := prepare.Network(c.model, network.Options{Unroll: &network.Unroll{}})
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

// TestUnrollMeasures holds that lengths that the file leaves open are asked for, that axes on which they hang are
// fixed then, and that samples that are the steps are taken one by one.
func TestUnrollMeasures(t *testing.T) {
	build := func() *ir.Model {
		return onnxtest.NewNet(17, -1, -1, 8).Node("Transpose", []string{"x"}, []string{"turned"}, ir.IntsAttr("perm", 1, 0, 2)).Random("w", 1, 20, 8).Random("r", 1, 20, 5).
			Node("LSTM", []string{"turned", "w", "r"}, []string{"", "h"}, ir.IntAttr("hidden_size", 5)).Node("Neg", []string{"h"}, []string{"y"}).Output("y").Model(t)
	}
	asked := 0
	measure := func(steps int64) *network.Unroll {
		return &network.Unroll{Measure: func(_ *ir.Model, alone bool) (map[string][]int64, error) {
			asked++
			if alone {
				return map[string][]int64{"turned": {1, 7, 8}, "x": {7, 1, 8}}, nil
			}
			return map[string][]int64{"turned": {steps, -1, 8}, "x": {-1, steps, 8}}, nil
		}}
	}
	n, err := prepare.Network(build(), network.Options{Unroll: measure(7)})
	if err != nil || n.Unrolled[0].Steps != 7 || asked != 1 || len(n.FixedAxes) != 1 || !slices.Equal(n.Model.Inputs()[0].Dims, []int64{-1, 7, 8}) {
		t.Errorf("%v, asked %d times, %+v", err, asked, n)
	}
	if n, err = prepare.Network(build(), network.Options{Unroll: measure(-1)}); err != nil || n.Unrolled[0].Steps != 1 || !slices.Equal(n.Model.Inputs()[0].Dims, []int64{7, 1, 8}) {
		t.Errorf("%v, %+v", err, n)
	}
	asked = 0
	if _, err := prepare.Network(onnxtest.TwoLayers().Model(t), network.Options{Unroll: measure(3)}); err != nil || asked != 0 {
		t.Errorf("a length that the file says is asked for, %v", err)
	}
	m := build()
	unroll.FixAxes(m, []ir.Value{{Name: "x", Dims: []int64{-1, 9, 8}}})
	if n, err := prepare.Network(m, network.Options{Unroll: &network.Unroll{}}); err != nil || n.Unrolled[0].Steps != 9 {
		t.Errorf("%v", err)
	}
}
