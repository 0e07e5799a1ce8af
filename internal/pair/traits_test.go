package pair

import (
	"os"
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/qdq"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// movingCase is a network in which an operator stands between two convolutions, with what it needs beside c.
type movingCase struct {
	op    string
	more  func(b *onnxtest.Net)
	in    []string // behind c
	attrs []*onnxpb.AttributeProto
	made  []string // in front of the operator's float output
}

// movingCases has every operator of the table that moves values, in the cases in which it does.
var movingCases = map[string]movingCase{
	"Cast":            {attrs: []*onnxpb.AttributeProto{ir.IntAttr("to", int64(ir.Float))}},
	"CastLike":        {in: []string{"w1"}},
	"CenterCropPad":   {in: []string{"five"}, attrs: []*onnxpb.AttributeProto{ir.IntsAttr("axes", 2, 3)}},
	"Compress":        {in: []string{"yes"}, attrs: []*onnxpb.AttributeProto{ir.IntAttr("axis", 2)}},
	"DepthToSpace":    {attrs: []*onnxpb.AttributeProto{ir.IntAttr("blocksize", 2)}},
	"Dropout":         {},
	"Expand":          {in: []string{"whole"}},
	"Flatten":         {},
	"Gather":          {in: []string{"at"}, attrs: []*onnxpb.AttributeProto{ir.IntAttr("axis", 2)}},
	"GatherElements":  {in: []string{"at4"}, attrs: []*onnxpb.AttributeProto{ir.IntAttr("axis", 2)}},
	"GatherND":        {in: []string{"at1"}},
	"GlobalMaxPool":   {},
	"Identity":        {},
	"MaxPool":         {attrs: []*onnxpb.AttributeProto{ir.IntsAttr("kernel_shape", 2, 2)}},
	"MaxUnpool":       {in: []string{"at4"}, attrs: []*onnxpb.AttributeProto{ir.IntsAttr("kernel_shape", 2, 2)}},
	"Pad":             {in: []string{"by", "zero"}},
	"Pad edge":        {op: "Pad", in: []string{"by"}, attrs: []*onnxpb.AttributeProto{ir.StringAttr("mode", "edge")}},
	"ReduceMax":       {attrs: []*onnxpb.AttributeProto{ir.IntAttr("keepdims", 1)}, in: []string{"axis"}},
	"ReduceMin":       {attrs: []*onnxpb.AttributeProto{ir.IntAttr("keepdims", 1)}, in: []string{"axis"}},
	"Reshape":         {in: []string{"whole"}},
	"Resize":          {in: []string{"", "twice"}},
	"ReverseSequence": {in: []string{"at"}, attrs: []*onnxpb.AttributeProto{ir.IntAttr("time_axis", 1), ir.IntAttr("batch_axis", 0)}},
	"Slice":           {in: []string{"axis", "five"}},
	"SpaceToDepth":    {attrs: []*onnxpb.AttributeProto{ir.IntAttr("blocksize", 2)}},
	"Split":           {attrs: []*onnxpb.AttributeProto{ir.IntAttr("num_outputs", 1)}},
	"Squeeze":         {in: []string{"axis"}},
	"Tile":            {in: []string{"whole"}},
	"TopK":            {in: []string{"k"}, made: []string{"d", "i"}},
	"Transpose":       {attrs: []*onnxpb.AttributeProto{ir.IntsAttr("perm", 0, 1, 3, 2)}},
	"Trilu":           {},
	"Unique":          {},
	"Unsqueeze":       {in: []string{"axis"}},
}

// between builds Conv, the operator, Conv, with quantizers of one kind behind x, c and the operator, or without any.
func (c movingCase) between(op string, zero ir.DType) *onnxtest.Net {
	b := onnxtest.NewNet(18, 1, 1, 4, 4).Random("w1", 1, 1, 3, 3).Random("w2", 1, 1, 1, 1).Floats("zero", nil, 0).Floats("twice", []int64{4}, 1, 1, 2, 2)
	ints := func(name string, dims []int64, v ...int64) {
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts(name, ir.Int64, dims, v))
	}
	ints("five", []int64{2}, 5, 5)
	ints("whole", []int64{4}, 1, 1, 2, 2)
	ints("at", []int64{1}, 1)
	ints("at1", []int64{1, 1}, 0)
	ints("at4", []int64{1, 1, 1, 1}, 1)
	ints("by", []int64{8}, 0, 0, 1, 1, 0, 0, 1, 1)
	ints("axis", []int64{1}, 1)
	ints("k", []int64{1}, 2)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewTensor("yes", ir.Bool, []int64{2}, []byte{1, 0}))
	behind := func(t string) string { return t }
	if zero != ir.Undefined {
		b.Floats("s", nil, 0.01)
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("z", zero, nil, []int64{0}))
		behind = func(t string) string {
			b.Node("QuantizeLinear", []string{t, "s", "z"}, []string{t + "_q"}).Node("DequantizeLinear", []string{t + "_q", "s", "z"}, []string{t + "_d"})
			return t + "_d"
		}
	}
	made := c.made
	if made == nil {
		made = []string{"d"}
	}
	b.Node("Conv", []string{behind("x"), "w1"}, []string{"c"})
	b.Node(op, append([]string{behind("c")}, c.in...), made, c.attrs...)
	return b.Node("Conv", []string{behind("d"), "w2"}, []string{"y"}).Output("y")
}

// TestMovingOperatorsAgree holds that a pair of files with a quantizer in front of and behind an operator that only
// moves values has the holders of the float network, for every such operator of the table.
func TestMovingOperatorsAgree(t *testing.T) {
	history, err := os.ReadFile("../../onnx/testdata/opset_history.txt") // a line an operator of the standard
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(history)) {
		op := strings.Fields(line)[0]
		_, here := movingCases[op]
		if moves := ir.Is(ir.NewNode(op, "", nil, nil), ir.Moving); moves != here {
			t.Errorf("%s: in the table of moving operators %v, in this test %v", op, moves, here)
		}
	}
	for name, c := range movingCases {
		op := c.op
		if op == "" {
			op = name
		}
		n, err := prepare.Network(c.between(op, ir.Undefined).Model(t), network.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := onnxtest.TensorsOf(n)
		if slices.Contains(want, "d") || len(want) != 2 {
			t.Errorf("%s: the float network has holders %v", name, want)
		}
		paired, _, _, err := pairOfNets(t, c.between(op, ir.Uint8), c.between(op, ir.Uint16))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := onnxtest.TensorsOf(paired); !slices.Equal(got, want) {
			t.Errorf("%s: the float network has holders %v, the pair %v", name, want, got)
		}
	}
}

// TestOperatorsThatComputeKeepTheirHolders holds the other side: cases in which an operator of the table makes new
// values.
func TestOperatorsThatComputeKeepTheirHolders(t *testing.T) {
	for name, c := range map[string]movingCase{
		"Pad with 3":        {op: "Pad", in: []string{"by", "three"}, more: func(b *onnxtest.Net) { b.Floats("three", nil, 3) }},
		"Resize linear":     {op: "Resize", in: []string{"", "twice"}, attrs: []*onnxpb.AttributeProto{ir.StringAttr("mode", "linear")}},
		"Resize, cropped":   {op: "Resize", in: []string{"", "twice"}, attrs: []*onnxpb.AttributeProto{ir.StringAttr("coordinate_transformation_mode", "tf_crop_and_resize")}},
		"AveragePool":       {op: "AveragePool", attrs: []*onnxpb.AttributeProto{ir.IntsAttr("kernel_shape", 2, 2)}},
		"GlobalAveragePool": {op: "GlobalAveragePool"},
	} {
		build := func(zero ir.DType) *onnxtest.Net {
			b := c.between(c.op, zero)
			if c.more != nil {
				c.more(b)
			}
			return b
		}
		n, err := prepare.Network(build(ir.Undefined).Model(t), network.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		paired, _, _, err := pairOfNets(t, build(ir.Uint8), build(ir.Uint16))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := onnxtest.TensorsOf(n), onnxtest.TensorsOf(paired); !slices.Equal(a, b) || len(a) != 3 {
			t.Errorf("%s: the float network has holders %v, the pair %v", name, a, b)
		}
	}
}

func pairOfNets(t *testing.T, low, high *onnxtest.Net) (*network.Network, []quant.Record, *Report, error) {
	t.Helper()
	l, lg, err := qdq.Format.Read(low.Model(t), quant.QDQ)
	if err != nil {
		return nil, nil, nil, err
	}
	h, hg, err := qdq.Format.Read(high.Model(t), quant.QDQ)
	if err != nil {
		return nil, nil, nil, err
	}
	return Join(l, h, lg, hg)
}

// TestHidingReads names the tensors in which a NaN is looked for: those that a node may make a number of, or leave
// out.
func TestHidingReads(t *testing.T) {
	b := onnxtest.NewNet(17, 1, 2, 4, 4).Random("w", 2, 2, 1, 1)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("at", ir.Int64, []int64{1}, []int64{0}))
	m := b.Node("Conv", []string{"x", "w"}, []string{"c"}).Node("Relu", []string{"c"}, []string{"r"}).
		Node("MaxPool", []string{"r"}, []string{"p"}).Node("Add", []string{"p", "c"}, []string{"a"}).
		Node("Gather", []string{"a", "at"}, []string{"g"}).Node("Max", []string{"g", "p"}, []string{"y"}).Output("y").Model(t)
	if got, want := m.HidingReads(), []string{"r", "a", "at", "g", "p"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
