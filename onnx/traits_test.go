package onnx

import (
	"slices"
	"testing"

	"demote/onnx/onnxpb"
	"demote/quant"
)

// movingCase is a network in which an operator stands between two convolutions, with what it needs beside c.
type movingCase struct {
	op    string
	more  func(b *net)
	in    []string // behind c
	attrs []*onnxpb.AttributeProto
	made  []string // in front of the operator's float output
}

// movingCases has every operator of the table that moves values, in the cases in which it does.
var movingCases = map[string]movingCase{
	"Cast":            {attrs: []*onnxpb.AttributeProto{intAttr("to", int64(Float))}},
	"CastLike":        {in: []string{"w1"}},
	"CenterCropPad":   {in: []string{"five"}, attrs: []*onnxpb.AttributeProto{intsAttr("axes", 2, 3)}},
	"Compress":        {in: []string{"yes"}, attrs: []*onnxpb.AttributeProto{intAttr("axis", 2)}},
	"DepthToSpace":    {attrs: []*onnxpb.AttributeProto{intAttr("blocksize", 2)}},
	"Dropout":         {},
	"Expand":          {in: []string{"whole"}},
	"Flatten":         {},
	"Gather":          {in: []string{"at"}, attrs: []*onnxpb.AttributeProto{intAttr("axis", 2)}},
	"GatherElements":  {in: []string{"at4"}, attrs: []*onnxpb.AttributeProto{intAttr("axis", 2)}},
	"GatherND":        {in: []string{"at1"}},
	"GlobalMaxPool":   {},
	"Identity":        {},
	"MaxPool":         {attrs: []*onnxpb.AttributeProto{intsAttr("kernel_shape", 2, 2)}},
	"MaxUnpool":       {in: []string{"at4"}, attrs: []*onnxpb.AttributeProto{intsAttr("kernel_shape", 2, 2)}},
	"Pad":             {in: []string{"by", "zero"}},
	"Pad edge":        {op: "Pad", in: []string{"by"}, attrs: []*onnxpb.AttributeProto{stringAttr("mode", "edge")}},
	"ReduceMax":       {attrs: []*onnxpb.AttributeProto{intAttr("keepdims", 1)}, in: []string{"axis"}},
	"ReduceMin":       {attrs: []*onnxpb.AttributeProto{intAttr("keepdims", 1)}, in: []string{"axis"}},
	"Reshape":         {in: []string{"whole"}},
	"Resize":          {in: []string{"", "twice"}},
	"ReverseSequence": {in: []string{"at"}, attrs: []*onnxpb.AttributeProto{intAttr("time_axis", 1), intAttr("batch_axis", 0)}},
	"Slice":           {in: []string{"axis", "five"}},
	"SpaceToDepth":    {attrs: []*onnxpb.AttributeProto{intAttr("blocksize", 2)}},
	"Split":           {attrs: []*onnxpb.AttributeProto{intAttr("num_outputs", 1)}},
	"Squeeze":         {in: []string{"axis"}},
	"Tile":            {in: []string{"whole"}},
	"TopK":            {in: []string{"k"}, made: []string{"d", "i"}},
	"Transpose":       {attrs: []*onnxpb.AttributeProto{intsAttr("perm", 0, 1, 3, 2)}},
	"Trilu":           {},
	"Unique":          {},
	"Unsqueeze":       {in: []string{"axis"}},
}

// between builds Conv, the operator, Conv, with quantizers of one kind behind x, c and the operator, or without any.
func (c movingCase) between(op string, zero DType) *net {
	b := newNet(18, 1, 1, 4, 4).random("w1", 1, 1, 3, 3).random("w2", 1, 1, 1, 1).floats("zero", nil, 0).floats("twice", []int64{4}, 1, 1, 2, 2)
	ints := func(name string, dims []int64, v ...int64) {
		b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts(name, Int64, dims, v))
	}
	ints("five", []int64{2}, 5, 5)
	ints("whole", []int64{4}, 1, 1, 2, 2)
	ints("at", []int64{1}, 1)
	ints("at1", []int64{1, 1}, 0)
	ints("at4", []int64{1, 1, 1, 1}, 1)
	ints("by", []int64{8}, 0, 0, 1, 1, 0, 0, 1, 1)
	ints("axis", []int64{1}, 1)
	ints("k", []int64{1}, 2)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, newTensor("yes", Bool, []int64{2}, []byte{1, 0}))
	behind := func(t string) string { return t }
	if zero != Undefined {
		b.floats("s", nil, 0.01)
		b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("z", zero, nil, []int64{0}))
		behind = func(t string) string {
			b.node("QuantizeLinear", []string{t, "s", "z"}, []string{t + "_q"}).node("DequantizeLinear", []string{t + "_q", "s", "z"}, []string{t + "_d"})
			return t + "_d"
		}
	}
	made := c.made
	if made == nil {
		made = []string{"d"}
	}
	b.node("Conv", []string{behind("x"), "w1"}, []string{"c"})
	b.node(op, append([]string{behind("c")}, c.in...), made, c.attrs...)
	return b.node("Conv", []string{behind("d"), "w2"}, []string{"y"}).output("y")
}

// TestMovingOperatorsAgree holds that a pair of files with a quantizer in front of and behind an operator that only moves
// values has the holders of the float network, for every such operator of the table.
func TestMovingOperatorsAgree(t *testing.T) {
	for op, trait := range operatorTraits {
		if _, ok := movingCases[op]; ok != (trait&moving != 0) {
			t.Errorf("%s: in the table of moving operators %v, in this test %v", op, trait&moving != 0, ok)
		}
	}
	for name, c := range movingCases {
		op := c.op
		if op == "" {
			op = name
		}
		n, err := Prepare(c.between(op, Undefined).model(t), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := tensorsOf(n)
		if slices.Contains(want, "d") || len(want) != 2 {
			t.Errorf("%s: the float network has holders %v", name, want)
		}
		paired, _, _, err := pairOfNets(t, c.between(op, Uint8), c.between(op, Uint16))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := tensorsOf(paired); !slices.Equal(got, want) {
			t.Errorf("%s: the float network has holders %v, the pair %v", name, want, got)
		}
	}
}

// TestOperatorsThatComputeKeepTheirHolders holds the other side: cases in which an operator of the table makes new values.
func TestOperatorsThatComputeKeepTheirHolders(t *testing.T) {
	for name, c := range map[string]movingCase{
		"Pad with 3":        {op: "Pad", in: []string{"by", "three"}, more: func(b *net) { b.floats("three", nil, 3) }},
		"Resize linear":     {op: "Resize", in: []string{"", "twice"}, attrs: []*onnxpb.AttributeProto{stringAttr("mode", "linear")}},
		"Resize, cropped":   {op: "Resize", in: []string{"", "twice"}, attrs: []*onnxpb.AttributeProto{stringAttr("coordinate_transformation_mode", "tf_crop_and_resize")}},
		"AveragePool":       {op: "AveragePool", attrs: []*onnxpb.AttributeProto{intsAttr("kernel_shape", 2, 2)}},
		"GlobalAveragePool": {op: "GlobalAveragePool"},
	} {
		build := func(zero DType) *net {
			b := c.between(c.op, zero)
			if c.more != nil {
				c.more(b)
			}
			return b
		}
		n, err := Prepare(build(Undefined).model(t), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		paired, _, _, err := pairOfNets(t, build(Uint8), build(Uint16))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := tensorsOf(n), tensorsOf(paired); !slices.Equal(a, b) || len(a) != 3 {
			t.Errorf("%s: the float network has holders %v, the pair %v", name, a, b)
		}
	}
}

func pairOfNets(t *testing.T, low, high *net) (*Network, []quant.Record, *PairReport, error) {
	t.Helper()
	l, lg, err := ReadQDQ(low.model(t))
	if err != nil {
		return nil, nil, nil, err
	}
	h, hg, err := ReadQDQ(high.model(t))
	if err != nil {
		return nil, nil, nil, err
	}
	return Pair(l, h, lg, hg)
}

func tensorsOf(n *Network) (list []string) {
	for _, h := range n.Holders {
		list = append(list, h.Tensor)
	}
	return list
}

// TestHidingReads names the tensors in which a NaN is looked for: those that a node may make a number of, or leave out.
func TestHidingReads(t *testing.T) {
	b := newNet(17, 1, 2, 4, 4).random("w", 2, 2, 1, 1)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("at", Int64, []int64{1}, []int64{0}))
	m := b.node("Conv", []string{"x", "w"}, []string{"c"}).node("Relu", []string{"c"}, []string{"r"}).
		node("MaxPool", []string{"r"}, []string{"p"}).node("Add", []string{"p", "c"}, []string{"a"}).
		node("Gather", []string{"a", "at"}, []string{"g"}).node("Max", []string{"g", "p"}, []string{"y"}).output("y").model(t)
	if got, want := m.HidingReads(), []string{"r", "a", "at", "g", "p"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
