package opset

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// TestOperatorTableIsComplete compares the table with the schemas of the Python package onnx.
func TestOperatorTableIsComplete(t *testing.T) {
	compareWithSchemas(t, "../../onnx/testdata/opset_history.txt", operators, '+', func(c change) bool { return c.down != nil },
		"it exists from %d on, and yet it is lowered further")
}

// TestOlderOperatorTableIsComplete compares the table of what changed before with them.
func TestOlderOperatorTableIsComplete(t *testing.T) {
	compareWithSchemas(t, "../../onnx/testdata/opset_older.txt", olderOperators, '-', func(c change) bool { return c.up != nil },
		"it is gone from %d on, and stays")
}

// compareWithSchemas holds a table against a file with a line for each operator: its name and the operator sets that
// changed it. A change with the mark must be bound; unbound says what is wrong with one that is not.
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
			v, _ := ir.Ints(ir.ConstantValue(n))
			constants[n.Output[0]] = fmt.Sprint(v)
			if len(ir.ConstantValue(n).GetDims()) == 0 {
				constants[n.Output[0]] = fmt.Sprint(v[0])
			}
			continue
		}
		all = append(all, describe(n, constants))
	}
	return strings.Join(all, "; ")
}

func TestConversionOfOperators(t *testing.T) {
	axes := func(v ...int64) *onnxpb.AttributeProto { return ir.IntsAttr("axes", v...) }
	cases := []struct {
		name     string
		from, to int64
		node     *onnxpb.NodeProto
		want     string // the nodes, or "!" and a part of the error
	}{
		{"reduction", 13, 21, ir.NewNode("ReduceMean", "n", []string{"x"}, []string{"y"}, axes(-1, 2), ir.IntAttr("keepdims", 0)), "ReduceMean(x,[-1 2]) {keepdims=0}"},
		{"reduction of everything", 17, 21, ir.NewNode("ReduceMax", "n", []string{"x"}, []string{"y"}), "ReduceMax(x) {}"},
		{"reduction with an empty list", 17, 21, ir.NewNode("ReduceL2", "n", []string{"x"}, []string{"y"}, axes()), "ReduceL2(x) {}"},
		{"sum had an input before", 13, 21, ir.NewNode("ReduceSum", "n", []string{"x", "a"}, []string{"y"}), "ReduceSum(x,a) {}"},
		{"reduction back", 21, 17, ir.NewNode("ReduceMean", "n", []string{"x", "axes"}, []string{"y"}), "ReduceMean(x) {axes=[1 2]}"},
		{"reduction with computed axes back", 21, 17, ir.NewNode("ReduceMean", "n", []string{"x", "a"}, []string{"y"}), "!not constant"},
		{"reduction that may do nothing back", 21, 17, ir.NewNode("ReduceMean", "n", []string{"x"}, []string{"y"}, ir.IntAttr("noop_with_empty_axes", 1)), "!noop_with_empty_axes"},
		{"split in equal parts", 17, 21, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z", "u"}, ir.IntAttr("axis", 1)), "Split(x) {axis=1 num_outputs=3}"},
		{"split by sizes", 17, 21, ir.NewNode("Split", "n", []string{"x", "s"}, []string{"y", "z"}), "Split(x,s) {}"},
		{"split back", 21, 17, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("num_outputs", 2)), "Split(x) {}"},
		{"split from 18 on", 18, 21, ir.NewNode("Split", "n", []string{"x"}, []string{"y", "z"}, ir.IntAttr("num_outputs", 2)), "Split(x) {num_outputs=2}"},
		{"region without its mode", 13, 21, ir.NewNode("RoiAlign", "n", []string{"x", "r", "b"}, []string{"y"}), "RoiAlign(x,r,b) {coordinate_transformation_mode=output_half_pixel}"},
		{"region with its mode", 16, 21, ir.NewNode("RoiAlign", "n", []string{"x", "r", "b"}, []string{"y"}), "RoiAlign(x,r,b) {}"},
		{"grid sample", 16, 21, ir.NewNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, ir.StringAttr("mode", "bicubic")), "GridSample(x,g) {mode=cubic}"},
		{"grid sample, nearest", 16, 21, ir.NewNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, ir.StringAttr("mode", "nearest")), "GridSample(x,g) {mode=nearest}"},
		{"grid sample back", 22, 19, ir.NewNode("GridSample", "n", []string{"x", "g"}, []string{"y"}, ir.StringAttr("mode", "linear")), "GridSample(x,g) {mode=bilinear}"},
		{"Fourier transform", 17, 21, ir.NewNode("DFT", "n", []string{"x"}, []string{"y"}), "DFT(x,,1) {}"},
		{"Fourier transform with an axis", 17, 21, ir.NewNode("DFT", "n", []string{"x", "l"}, []string{"y"}, ir.IntAttr("axis", 2)), "DFT(x,l,2) {}"},
		{"Fourier transform of the last axis back", 21, 17, ir.NewNode("DFT", "n", []string{"x"}, []string{"y"}), "!no axis from the end"},
		{"training", 13, 21, ir.NewNode("BatchNormalization", "n", []string{"x", "s", "b", "m", "v"}, []string{"y", "mean"}), "!training mode"},
		{"inference", 13, 21, ir.NewNode("BatchNormalization", "n", []string{"x", "s", "b", "m", "v"}, []string{"y"}), "BatchNormalization(x,s,b,m,v) {}"},
		{"convolution", 23, 21, ir.NewNode("Conv", "n", []string{"x", "w"}, []string{"y"}), "Conv(x,w) {}"},
		{"attention", 23, 21, ir.NewNode("Attention", "n", []string{"x", "k", "v"}, []string{"y"}), "Transpose(k) {perm=[0 1 3 2]}; MatMul(x,y_key_turned) {}; Shape(x) {end=4 start=3}; Cast(y_head_size) {to=1}; Sqrt(y_head_number) {}; " +
			"Div(y_scores,y_head_root) {}; Softmax(y_scaled) {axis=-1}; MatMul(y_weights,v) {}"},
		{"normalization", 17, 13, ir.NewNode("LayerNormalization", "n", []string{"x", "s"}, []string{"y"}), "!LayerNormalization does not exist"},
		{"cast without saturation", 23, 17, ir.NewNode("Cast", "n", []string{"x"}, []string{"y"}, ir.IntAttr("to", 1), ir.IntAttr("saturate", 0)), "!saturate"},
		{"cast", 23, 17, ir.NewNode("Cast", "n", []string{"x"}, []string{"y"}, ir.IntAttr("to", 1), ir.IntAttr("saturate", 1)), "Cast(x) {to=1}"},
		{"blocks", 21, 19, ir.NewNode("DequantizeLinear", "n", []string{"x", "s"}, []string{"y"}, ir.IntAttr("block_size", 32)), "!block_size"},
		{"scale of a type", 23, 21, ir.NewNode("DequantizeLinear", "n", []string{"x", "s"}, []string{"y"}, ir.IntAttr("output_dtype", 10)), "!output_dtype"},
		{"pooling with holes", 19, 17, ir.NewNode("AveragePool", "n", []string{"x"}, []string{"y"}, ir.IntsAttr("dilations", 2, 2)), "!dilations"},
		{"pooling without holes", 19, 17, ir.NewNode("AveragePool", "n", []string{"x"}, []string{"y"}, ir.IntsAttr("dilations", 1, 1)), "AveragePool(x) {}"},
		{"pad that wraps", 19, 18, ir.NewNode("Pad", "n", []string{"x", "p"}, []string{"y"}, ir.StringAttr("mode", "wrap")), "!wrap"},
		{"pad of some axes", 19, 17, ir.NewNode("Pad", "n", []string{"x", "p", "", "a"}, []string{"y"}), "!input axes"},
		{"resize", 18, 13, ir.NewNode("Resize", "n", []string{"x", "", "s"}, []string{"y"}, ir.IntAttr("antialias", 0)), "Resize(x,,s) {}"},
		{"resize of some axes", 18, 13, ir.NewNode("Resize", "n", []string{"x", "", "s"}, []string{"y"}, ir.IntsAttr("axes", 2, 3)), "!axes"},
		{"another domain", 17, 21, &onnxpb.NodeProto{OpType: ir.Str("Odd"), Domain: ir.Str("com.example"), Input: []string{"x"}, Output: []string{"y"}}, "Odd(x) {}"},
		{"group normalization", 18, 21, ir.NewNode("GroupNormalization", "n", []string{"x", "s", "b"}, []string{"y"}, ir.IntAttr("num_groups", 2)),
			"Shape(x) {end=2 start=1}; Div(y_channels,[2]) {}; Concat([2],y_channels_per_group) {axis=0}; " +
				"Unsqueeze(s,[1]) {}; Expand(y_scale_column,y_group_shape) {}; Reshape(y_scale_repeated,[-1]) {}; " +
				"Unsqueeze(b,[1]) {}; Expand(y_bias_column,y_group_shape) {}; Reshape(y_bias_repeated,[-1]) {}; " +
				"GroupNormalization(x,y_scale_per_channel,y_bias_per_channel) {num_groups=2}"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{wire.Clone(c.node)},
				Initializer: []*onnxpb.TensorProto{ir.NewInts("axes", ir.Int64, []int64{2}, []int64{1, 2})}}
			err := convert(g, c.from, c.to)
			if text, bad := strings.CutPrefix(c.want, "!"); bad {
				if err == nil {
					t.Fatalf("converted to %s", describeAll(g.Node))
				}
				onnxtest.CheckBad(t, err, text, c.node.GetOpType())
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
			Node:   []*onnxpb.NodeProto{ir.NewNode("ReduceMean", "", []string{"x"}, []string{"m"}, ir.IntsAttr("axes", axis))},
			Output: []*onnxpb.ValueInfoProto{ir.NewValue("m", ir.Float, nil)},
		}
	}
	b := onnxtest.NewNet(17, 2, 2)
	b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("cond", ir.Bool, nil, []int64{1}))
	b.Node("If", []string{"cond"}, []string{"y"},
		&onnxpb.AttributeProto{Name: ir.Str("then_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body(0)},
		&onnxpb.AttributeProto{Name: ir.Str("else_branch"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body(1)}).Output("y")
	m := b.Model(t)
	if err := Convert(m); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"ReduceMean(x,[0]) {}", "ReduceMean(x,[1]) {}"} {
		if got := describeAll(ir.Subgraphs(m.Graph().Node[0])[i].Node); got != want {
			t.Errorf("branch %d is %s, want %s", i, got, want)
		}
	}
	if m.OpsetOf("") != ir.Opset || m.Proto.GetIrVersion() != ir.IR {
		t.Errorf("opset %d, IR %d", m.OpsetOf(""), m.Proto.GetIrVersion())
	}
	if _, err := ir.NewIndex(m); err != nil {
		t.Error(err)
	}
}

func TestFunctionsAreInlined(t *testing.T) {
	// Scaled(a; s) = Inner(a) * s, Inner(a) = ReduceMean(a, axes = k): two levels, an attribute that is handed down,
	// opset 17.
	imports := []*onnxpb.OperatorSetIdProto{
		{Domain: ir.Str(""), Version: proto.Int64(17)}, {Domain: ir.Str("f"), Version: proto.Int64(1)}}
	ref := func(name, of string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, RefAttrName: &of, Type: onnxpb.AttributeProto_INTS.Enum()}
	}
	domain := func(n *onnxpb.NodeProto) *onnxpb.NodeProto { n.Domain = ir.Str("f"); return n }
	b := onnxtest.NewNet(18, 2, 2).Floats("s", nil, 3)
	b.P.OpsetImport = append(b.P.OpsetImport, imports[1])
	b.P.Functions = []*onnxpb.FunctionProto{
		{Name: ir.Str("Scaled"), Domain: ir.Str("f"), Input: []string{"a", "s"}, Output: []string{"o"}, Attribute: []string{"k"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{
				domain(ir.NewNode("Inner", "in", []string{"a"}, []string{"t"}, ref("k", "k"))),
				ir.NewNode("Mul", "m", []string{"t", "s"}, []string{"o"})}},
		{Name: ir.Str("Inner"), Domain: ir.Str("f"), Input: []string{"a"}, Output: []string{"o"}, Attribute: []string{"k"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{ir.NewNode("ReduceMean", "r", []string{"a"}, []string{"o"}, ref("axes", "k"))}},
	}
	b.P.Graph.Node = append(b.P.Graph.Node,
		domain(ir.NewNode("Scaled", "one", []string{"x", "s"}, []string{"u"}, ir.IntsAttr("k", 1))),
		domain(ir.NewNode("Scaled", "two", []string{"u", "s"}, []string{"y"}, ir.IntsAttr("k", 0))))
	b.Output("y")
	m := b.Model(t)
	if err := Convert(m); err != nil {
		t.Fatal(err)
	}
	if err := Inline(m); err != nil {
		t.Fatal(err)
	}
	want := "ReduceMean(x,[1]) {}; Mul(one/t,s) {}; ReduceMean(u,[0]) {}; Mul(two/t,s) {}"
	if got := describeAll(m.Graph().Node); got != want {
		t.Errorf("inlined to\n%s\nwant\n%s", got, want)
	}
	if _, err := ir.NewIndex(m); err != nil {
		t.Error(err)
	}
}

func TestFunctionsThatGrowWithoutEnd(t *testing.T) {
	b := onnxtest.NewNet(21, 2, 2)
	imports := []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: proto.Int64(21)}}
	for i := range 40 { // each calls the next one twice
		name, next := fmt.Sprintf("F%d", i), fmt.Sprintf("F%d", i+1)
		b.P.Functions = append(b.P.Functions, &onnxpb.FunctionProto{Name: &name, Input: []string{"a"}, Output: []string{"o"}, OpsetImport: imports,
			Node: []*onnxpb.NodeProto{ir.NewNode(next, "", []string{"a"}, []string{"t"}), ir.NewNode(next, "", []string{"t"}, []string{"o"})}})
	}
	itself := b.P.Functions[39]
	itself.Node[0].OpType, itself.Node[1].OpType = ir.Str("Relu"), ir.Str("Relu")
	onnxtest.CheckBad(t, Inline(&ir.Model{Proto: b.Node("F0", []string{"x"}, []string{"y"}).Output("y").P}), "more than")
	itself.Node[0].OpType = ir.Str("F39")
	b.P.Graph.Node[0].OpType = ir.Str("F39")
	onnxtest.CheckBad(t, Inline(&ir.Model{Proto: b.P}), "calls itself")
}
