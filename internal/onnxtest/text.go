package onnxtest

import (
	"strconv"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/wire"
	"example.org/demote/onnx/onnxpb"
)

// FromText builds a model from lines of text:
//
//	input x                  a float input (or: input ids int64)
//	const w [4 3]            a float constant of these dimensions, 0.5, 1.5, 2.5, ...
//	const c = 0.5            a float constant without dimensions
//	const m [2] = 0 -1e4     a float constant with these values (or: const i int64 [2] = 0 1)
//	y = Conv(x, w) group=1   a node; an empty operand is absent, attributes are integers, numbers with a point,
//	                         [1,2] or text
//	return y z               the outputs
func FromText(t testing.TB, text string) *ir.Model {
	t.Helper()
	g := &onnxpb.GraphProto{Name: ir.Str("test")}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "input":
			typ := ir.Float
			if len(fields) > 2 {
				typ = typeNamed(t, fields[2])
			}
			g.Input = append(g.Input, ValueInfo(fields[1], typ))
		case fields[0] == "const":
			g.Initializer = append(g.Initializer, parseConst(t, strings.TrimSpace(line)))
		case fields[0] == "return":
			for _, name := range fields[1:] {
				g.Output = append(g.Output, ValueInfo(name, ir.Float))
			}
		default:
			g.Node = append(g.Node, ParseNode(t, strings.TrimSpace(line)))
		}
	}
	version := int64(ir.Opset)
	irVersion := int64(ir.IR)
	return &ir.Model{Proto: &onnxpb.ModelProto{
		IrVersion: &irVersion, Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: ir.Str(""), Version: &version}},
	}}
}

// ValueInfo declares a tensor of unknown rank.
func ValueInfo(name string, typ ir.DType) *onnxpb.ValueInfoProto {
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: (*int32)(typ.Enum())}},
	}}
}

// Declared is an input or output of a network: an axis that is a number is fixed, one that is a name is free.
func Declared(name string, typ ir.DType, dims ...any) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{}
		switch d := d.(type) {
		case int:
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}
		case string:
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: (*int32)(typ.Enum()), Shape: shape}}}}
}

func typeNamed(t testing.TB, name string) ir.DType {
	t.Helper()
	typ, ok := onnxpb.TensorProto_DataType_value[strings.ToUpper(name)]
	if !ok {
		t.Fatalf("type %q", name)
	}
	return ir.DType(typ)
}

func parseConst(t testing.TB, line string) ir.Tensor {
	t.Helper()
	head, list, given := strings.Cut(line, "=")
	var dims []int64
	head, shape, shaped := strings.Cut(head, "[")
	n := int64(1)
	if shaped {
		dims = []int64{}
		for _, d := range strings.Fields(strings.TrimSuffix(strings.TrimSpace(shape), "]")) {
			v := parseInt(t, d)
			dims, n = append(dims, v), n*v
		}
	}
	words := strings.Fields(head)
	values := make([]float64, n)
	for i := range values {
		values[i] = float64(i) + 0.5
	}
	if given {
		values = nil
		for _, f := range strings.Fields(list) {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			values = append(values, v)
		}
	}
	typ := ir.Float
	if len(words) > 2 {
		typ = typeNamed(t, words[2])
	}
	if typ == ir.Float {
		floats := make([]float32, len(values))
		for i, v := range values {
			floats[i] = float32(v)
		}
		return ir.NewFloats(words[1], dims, floats)
	}
	ints := make([]int64, len(values))
	for i, v := range values {
		ints[i] = int64(v)
	}
	return ir.NewInts(words[1], typ, dims, ints)
}

func parseInt(t testing.TB, s string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ParseNode makes a node of one line of FromText.
func ParseNode(t testing.TB, line string) ir.Node {
	t.Helper()
	left, right, ok := strings.Cut(line, "=")
	op, rest, ok2 := strings.Cut(right, "(")
	operands, attrs, ok3 := strings.Cut(rest, ")")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("line %q", line)
	}
	names := func(s string) []string {
		if strings.TrimSpace(s) == "" {
			return nil
		}
		all := strings.Split(s, ",")
		for i := range all {
			all[i] = strings.TrimSpace(all[i])
		}
		return all
	}
	op = strings.TrimSpace(op)
	outputs := names(left)
	n := ir.NewNode(op, "node_"+outputs[0], names(operands), outputs)
	if domain, name, ok := strings.Cut(op, "::"); ok {
		n.Domain, n.OpType = &domain, &name
	}
	for _, a := range strings.Fields(attrs) {
		n.Attribute = append(n.Attribute, parseAttr(t, a))
	}
	return n
}

func parseAttr(t testing.TB, s string) *onnxpb.AttributeProto {
	t.Helper()
	name, value, _ := strings.Cut(s, "=")
	if inner, ok := strings.CutPrefix(value, "["); ok {
		var ints []int64
		for v := range strings.SplitSeq(strings.TrimSuffix(inner, "]"), ",") {
			ints = append(ints, parseInt(t, v))
		}
		return ir.IntsAttr(name, ints...)
	}
	if v, err := strconv.ParseInt(value, 10, 64); err == nil {
		return ir.IntAttr(name, v)
	}
	if v, err := strconv.ParseFloat(value, 32); err == nil {
		f := float32(v)
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOAT.Enum(), F: &f}
	}
	return ir.StringAttr(name, value)
}

// in puts the nodes of a text into the body of a control-flow node behind input x, whose output y the network
// returns.
func InBody(t *testing.T, op, text string) *ir.Model {
	t.Helper()
	inner := FromText(t, text)
	body := inner.Graph()
	condition := map[string]string{"If": "input go bool", "Loop": "const k int64 = 3\n const go bool = 1"}[op]
	outer := FromText(t, "input x\n "+condition+"\n const w [4 4]\n a = MatMul(x, w)\n return y")
	g := outer.Graph()
	g.Initializer = append(g.Initializer, body.Initializer...)
	inner.Proto.Graph.Initializer, body.Input = nil, nil
	graphAttr := func(name string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: wire.Clone(body)}
	}
	switch op {
	case "If":
		g.Node = append(g.Node, ir.NewNode("If", "branch", []string{"go"}, []string{"y"}, graphAttr("then_branch"), graphAttr("else_branch")))
	case "Loop":
		body.Node = append(body.Node, ir.NewNode("Identity", "on", []string{"go_in"}, []string{"go_on"}))
		body.Input = []*onnxpb.ValueInfoProto{ValueInfo("i", ir.Int64), ValueInfo("go_in", ir.Bool)}
		body.Output = append([]*onnxpb.ValueInfoProto{ValueInfo("go_on", ir.Bool)}, body.Output...)
		g.Node = append(g.Node, ir.NewNode("Loop", "loop", []string{"k", "go"}, []string{"y"}, graphAttr("body")))
	}
	return outer
}
