package onnx

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"demote/onnx/onnxpb"
)

// TestOperatorTableIsComplete compares the table with the schemas of the Python package onnx.
func TestOperatorTableIsComplete(t *testing.T) {
	compareWithSchemas(t, "testdata/opset_history.txt", operators, '+', func(c change) bool { return c.down != nil },
		"it exists from %d on, and yet it is lowered further")
}

// TestOlderOperatorTableIsComplete compares the table of what changed before with them.
func TestOlderOperatorTableIsComplete(t *testing.T) {
	compareWithSchemas(t, "testdata/opset_older.txt", olderOperators, '-', func(c change) bool { return c.up != nil },
		"it is gone from %d on, and stays")
}

// compareWithSchemas holds a table against a file with a line for each operator: its name and the operator sets that changed it.
// A change with the mark must be bound; unbound says what is wrong with one that is not.
func compareWithSchemas(t *testing.T, file string, table map[string]history, mark byte, bound func(change) bool, unbound string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := make(map[string]bool)
	for s := bufio.NewScanner(f); s.Scan(); {
		words := strings.Fields(s.Text())
		if words[0] == "#" {
			continue
		}
		op := words[0]
		seen[op] = true
		h, ok := table[op]
		if !ok {
			t.Errorf("%s is not in the table", op)
			continue
		}
		if len(h) != len(words)-1 {
			t.Errorf("%s has %d changes, want %v", op, len(h), words[1:])
		}
		for _, w := range words[1:] {
			v, err := strconv.ParseInt(strings.TrimPrefix(w, string(mark)), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			c, ok := h[v]
			if !ok {
				t.Errorf("%s: its change at %d is not in the table", op, v)
			}
			if w[0] == mark && !bound(c) {
				t.Errorf("%s: "+unbound, op, v)
			}
		}
	}
	for op := range table {
		if !seen[op] {
			t.Errorf("%s is in the table and not in the schemas", op)
		}
	}
}

// describe writes a node as op(inputs) {attributes}, constants by value.
func describe(n *onnxpb.NodeProto, constants map[string]string) string {
	if n.GetOpType() == "Constant" {
		return ""
	}
	var in, attrs []string
	for _, name := range n.Input {
		if c, ok := constants[name]; ok {
			name = c
		}
		in = append(in, name)
	}
	for _, a := range n.Attribute {
		v := ""
		switch a.GetType() {
		case onnxpb.AttributeProto_INT:
			v = fmt.Sprint(a.GetI())
		case onnxpb.AttributeProto_INTS:
			v = fmt.Sprint(a.GetInts())
		case onnxpb.AttributeProto_STRING:
			v = string(a.GetS())
		}
		attrs = append(attrs, a.GetName()+"="+v)
	}
	slices.Sort(attrs)
	return fmt.Sprintf("%s(%s) {%s}", n.GetOpType(), strings.Join(in, ","), strings.Join(attrs, " "))
}

func describeAll(nodes []*onnxpb.NodeProto) string {
	constants := make(map[string]string)
	var all []string
	for _, n := range nodes {
		if n.GetOpType() == "Constant" {
			v, _ := Ints(constantValue(n))
			constants[n.Output[0]] = fmt.Sprint(v)
			if len(constantValue(n).GetDims()) == 0 {
				constants[n.Output[0]] = fmt.Sprint(v[0])
			}
			continue
		}
		all = append(all, describe(n, constants))
	}
	return strings.Join(all, "; ")
}

func TestConversionOfOperators(t *testing.T) {
	axes := func(v ...int64) *onnxpb.AttributeProto { return intsAttr("axes", v...) }
	cases := []struct {
		name     string
		from, to int64
		node     *onnxpb.NodeProto
		want     string // the nodes, or "!" and a part of the error
	}{
		{"reduction", 13, 21, newNode("ReduceMean", "n", []string{"x"}, []string{"y"}, axes(-1, 2), intAttr("keepdims", 0)), "ReduceMean(x,[-1 2]) {keepdims=0}"},
		{"reduction of everything", 17, 21, newNode("ReduceMax", "n", []string{"x"}, []string{"y"}), "ReduceMax(x) {}"},
		{"reduction with an empty list", 17, 21, newNode("ReduceL2", "n", []string{"x"}, []string{"y"}, axes()), "ReduceL2(x) {}"},
		{"sum had an input before", 13, 21, newNode("ReduceSum", "n", []string{"x", "a"}, []string{"y"}), "ReduceSum(x,a) {}"},
		{"reduction back", 21, 17, newNode("ReduceMean", "n", []string{"x", "axes"}, []string{"y"}), "ReduceMean(x) {axes=[1 2]}"},
		{"reduction with computed axes back", 21, 17, newNode("ReduceMean", "n", []string{"x", "a"}, []string{"y"}), "!not constant"},
		{"reduction that may do nothing back", 21, 17, newNode("ReduceMean", "n", []string{"x"}, []string{"y"}, intAttr("noop_with_empty_axes", 1)), "!noop_with_empty_axes"},
		{"split in equal parts", 17, 21, newNode("Split", "n", []string{"x"}, []string{"y", "z", "u"}, intAttr("axis", 1)), "Split(x) {axis=1 num_outputs=3}"},
		{"split by sizes", 17, 21, newNode("Split", "n", []string{"x", "s"}, []string{"y", "z"}), "Split(x,s) {}"},
		{"split back", 21, 17, newNode("Split", "n", []string{"x"}, []string{"y", "z"}, intAttr("num_outputs", 2)), "Split(x) {}"},
		{"split from 18 on", 18, 21, newNode("Split", "n", []string{"x"}, []string{"y", "z"}, intAttr("num_outputs", 2)), "Split(x) {num_outputs=2}"},
		{"region without its mode", 13, 21, newNode("RoiAlign", "n", []string{"x", "r", "b"}, []string{"y"}), "RoiAlign(x,r,b) {coordinate_transformation_mode=output_half_pixel}"},
		{"region with its mode", 16, 21, newNode("RoiAlign", "n", []string{"x", "r", "b"}, []string{"y"}), "RoiAlign(x,r,b) {}"},
		{"grid sample", 16, 21, newNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, stringAttr("mode", "bicubic")), "GridSample(x,g) {mode=cubic}"},
		{"grid sample, nearest", 16, 21, newNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, stringAttr("mode", "nearest")), "GridSample(x,g) {mode=nearest}"},
		{"grid sample back", 22, 19, newNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, stringAttr("mode", "linear")), "GridSample(x,g) {mode=bilinear}"},
		{"Fourier transform", 17, 21, newNode("DFT", "n", []string{"x"}, []string{"y"}), "DFT(x,,1) {}"},
		{"Fourier transform with an axis", 17, 21, newNode("DFT", "n", []string{"x", "l"}, []string{"y"}, intAttr("axis", 2)), "DFT(x,l,2) {}"},
		{"Fourier transform of the last axis back", 21, 17, newNode("DFT", "n", []string{"x"}, []string{"y"}), "!no axis from the end"},
		{"training", 13, 21, newNode("BatchNormalization", "n", []string{"x", "s", "b", "m", "v"}, []string{"y", "mean"}), "!training mode"},
		{"inference", 13, 21, newNode("BatchNormalization", "n", []string{"x", "s", "b", "m", "v"}, []string{"y"}), "BatchNormalization(x,s,b,m,v) {}"},
		{"convolution", 23, 21, newNode("Conv", "n", []string{"x", "w"}, []string{"y"}), "Conv(x,w) {}"},
		{"attention", 23, 21, newNode("Attention", "n", []string{"x", "k", "v"}, []string{"y"}), "Transpose(k) {perm=[0 1 3 2]}; MatMul(x,y_key_turned) {}; Shape(x) {end=4 start=3}; Cast(y_head_size) {to=1}; Sqrt(y_head_number) {}; " +
			"Div(y_scores,y_head_root) {}; Softmax(y_scaled) {axis=-1}; MatMul(y_weights,v) {}"},
		{"normalization", 17, 13, newNode("LayerNormalization", "n", []string{"x", "s"}, []string{"y"}), "!LayerNormalization does not exist"},
		{"cast without saturation", 23, 17, newNode("Cast", "n", []string{"x"}, []string{"y"}, intAttr("to", 1), intAttr("saturate", 0)), "!saturate"},
		{"cast", 23, 17, newNode("Cast", "n", []string{"x"}, []string{"y"}, intAttr("to", 1), intAttr("saturate", 1)), "Cast(x) {to=1}"},
		{"blocks", 21, 19, newNode("DequantizeLinear", "n", []string{"x", "s"}, []string{"y"}, intAttr("block_size", 32)), "!block_size"},
		{"scale of a type", 23, 21, newNode("DequantizeLinear", "n", []string{"x", "s"}, []string{"y"}, intAttr("output_dtype", 10)), "!output_dtype"},
		{"pooling with holes", 19, 17, newNode("AveragePool", "n", []string{"x"}, []string{"y"}, intsAttr("dilations", 2, 2)), "!dilations"},
		{"pooling without holes", 19, 17, newNode("AveragePool", "n", []string{"x"}, []string{"y"}, intsAttr("dilations", 1, 1)), "AveragePool(x) {}"},
		{"pad that wraps", 19, 18, newNode("Pad", "n", []string{"x", "p"}, []string{"y"}, stringAttr("mode", "wrap")), "!wrap"},
		{"pad of some axes", 19, 17, newNode("Pad", "n", []string{"x", "p", "", "a"}, []string{"y"}), "!input axes"},
		{"resize", 18, 13, newNode("Resize", "n", []string{"x", "", "s"}, []string{"y"}, intAttr("antialias", 0)), "Resize(x,,s) {}"},
		{"resize of some axes", 18, 13, newNode("Resize", "n", []string{"x", "", "s"}, []string{"y"}, intsAttr("axes", 2, 3)), "!axes"},
		{"another domain", 17, 21, &onnxpb.NodeProto{OpType: str("Odd"), Domain: str("com.example"), Input: []string{"x"}, Output: []string{"y"}}, "Odd(x) {}"},
		{"group normalization", 18, 21, newNode("GroupNormalization", "n", []string{"x", "s", "b"}, []string{"y"}, intAttr("num_groups", 2)),
			"Shape(x) {end=2 start=1}; Div(y_channels,[2]) {}; Concat([2],y_channels_per_group) {axis=0}; " +
				"Unsqueeze(s,[1]) {}; Expand(y_scale_column,y_group_shape) {}; Reshape(y_scale_repeated,[-1]) {}; " +
				"Unsqueeze(b,[1]) {}; Expand(y_bias_column,y_group_shape) {}; Reshape(y_bias_repeated,[-1]) {}; " +
				"GroupNormalization(x,y_scale_per_channel,y_bias_per_channel) {num_groups=2}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{clone(c.node)},
				Initializer: []*onnxpb.TensorProto{NewInts("axes", Int64, []int64{2}, []int64{1, 2})}}
			err := convert(g, c.from, c.to)
			if text, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil {
					t.Fatalf("converted to %s", describeAll(g.Node))
				}
				checkBad(t, err, text, c.node.GetOpType())
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := describeAll(g.Node); got != c.want {
				t.Errorf("converted to\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestConversionReachesSubgraphs(t *testing.T) {
	body := func(axis int64) *onnxpb.GraphProto {
		return &onnxpb.GraphProto{
			Node:   []*onnxpb.NodeProto{newNode("ReduceMean", "", []string{"x"}, []string{"m"}, intsAttr("axes", axis))},
			Output: []*onnxpb.ValueInfoProto{newValue("m", Float, nil)},
		}
	}
	b := newNet(17, 2, 2)
	b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("cond", Bool, nil, []int64{1}))
	b.node("If", []string{"cond"}, []string{"y"},
		&onnxpb.AttributeProto{Name: str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body(0)},
		&onnxpb.AttributeProto{Name: str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body(1)}).output("y")
	m := b.model(t)
	if err := convertOpset(m); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ReduceMean(x,[0]) {}", "ReduceMean(x,[1]) {}"} {
		if got := describeAll(subgraphs(m.Graph().Node[0])[i].Node); got != want {
			t.Errorf("branch %d is %s, want %s", i, got, want)
		}
	}
	if m.OpsetOf("") != Opset || m.Proto.GetIrVersion() != IR {
		t.Errorf("opset %d, IR %d", m.OpsetOf(""), m.Proto.GetIrVersion())
	}
	if _, err := NewIndex(m); err != nil {
		t.Error(err)
	}
}

func TestFunctionsAreInlined(t *testing.T) {
	// Scaled(a; s) = Inner(a) * s, Inner(a) = ReduceMean(a, axes = k): two levels, an attribute that is handed down, opset 17.
	imports := []*onnxpb.OperatorSetIdProto{
		{Domain: str(""), Version: proto.Int64(17)}, {Domain: str("f"), Version: proto.Int64(1)}}
	ref := func(name, of string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, RefAttrName: &of, Type: onnxpb.AttributeProto_INTS.Enum()}
	}
	domain := func(n *onnxpb.NodeProto) *onnxpb.NodeProto { n.Domain = str("f"); return n }
	b := newNet(18, 2, 2).floats("s", nil, 3)
	b.p.OpsetImport = append(b.p.OpsetImport, imports[1])
	b.p.Functions = []*onnxpb.FunctionProto{
		{Name: str("Scaled"), Domain: str("f"), Input: []string{"a", "s"}, Output: []string{"o"}, Attribute: []string{"k"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{
				domain(newNode("Inner", "in", []string{"a"}, []string{"t"}, ref("k", "k"))),
				newNode("Mul", "m", []string{"t", "s"}, []string{"o"})}},
		{Name: str("Inner"), Domain: str("f"), Input: []string{"a"}, Output: []string{"o"}, Attribute: []string{"k"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{newNode("ReduceMean", "r", []string{"a"}, []string{"o"}, ref("axes", "k"))}},
	}
	b.p.Graph.Node = append(b.p.Graph.Node,
		domain(newNode("Scaled", "one", []string{"x", "s"}, []string{"u"}, intsAttr("k", 1))),
		domain(newNode("Scaled", "two", []string{"u", "s"}, []string{"y"}, intsAttr("k", 0))))
	b.output("y")
	m := b.model(t)
	if err := convertOpset(m); err != nil {
		t.Fatal(err)
	}
	if err := inlineFunctions(m); err != nil {
		t.Fatal(err)
	}
	want := "ReduceMean(x,[1]) {}; Mul(one/t,s) {}; ReduceMean(u,[0]) {}; Mul(two/t,s) {}"
	if got := describeAll(m.Graph().Node); got != want {
		t.Errorf("inlined to\n%s\nwant\n%s", got, want)
	}
	if _, err := NewIndex(m); err != nil {
		t.Error(err)
	}
}

func TestFunctionsThatGrowWithoutEnd(t *testing.T) {
	b := newNet(21, 2, 2)
	imports := []*onnxpb.OperatorSetIdProto{{Domain: str(""), Version: proto.Int64(21)}}
	for i := range 40 { // each calls the next one twice
		name, next := fmt.Sprintf("F%d", i), fmt.Sprintf("F%d", i+1)
		b.p.Functions = append(b.p.Functions, &onnxpb.FunctionProto{Name: &name, Input: []string{"a"}, Output: []string{"o"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{newNode(next, "", []string{"a"}, []string{"t"}), newNode(next, "", []string{"t"}, []string{"o"})}})
	}
	itself := b.p.Functions[39]
	itself.Node[0].OpType, itself.Node[1].OpType = str("Relu"), str("Relu")
	checkBad(t, inlineFunctions(&Model{Proto: b.node("F0", []string{"x"}, []string{"y"}).output("y").p}), "more than")
	itself.Node[0].OpType = str("F39")
	b.p.Graph.Node[0].OpType = str("F39")
	checkBad(t, inlineFunctions(&Model{Proto: b.p}), "calls itself")
}
