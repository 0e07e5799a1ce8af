package onnx

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"demote/onnx/onnxpb"
)

// network builds a model from lines of text:
//
//	input x                  a float input (or: input ids int64)
//	const w [4 3]            a float constant of these dimensions, 0.5, 1.5, 2.5, ...
//	const c = 0.5            a float constant without dimensions
//	const m [2] = 0 -1e4     a float constant with these values (or: const i int64 [2] = 0 1)
//	y = Conv(x, w) group=1   a node; an empty operand is absent, attributes are integers, numbers with a point, [1,2] or text
//	return y z               the outputs
func network(t testing.TB, text string) *Model {
	t.Helper()
	g := &onnxpb.GraphProto{Name: str("test")}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
		case fields[0] == "input":
			typ := Float
			if len(fields) > 2 {
				typ = typeNamed(t, fields[2])
			}
			g.Input = append(g.Input, valueInfo(fields[1], typ))
		case fields[0] == "const":
			g.Initializer = append(g.Initializer, parseConst(t, strings.TrimSpace(line)))
		case fields[0] == "return":
			for _, name := range fields[1:] {
				g.Output = append(g.Output, valueInfo(name, Float))
			}
		default:
			g.Node = append(g.Node, parseNode(t, strings.TrimSpace(line)))
		}
	}
	version := int64(Opset)
	ir := int64(IR)
	return &Model{Proto: &onnxpb.ModelProto{
		IrVersion: &ir, Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: str(""), Version: &version}},
	}}
}

func valueInfo(name string, typ DType) *onnxpb.ValueInfoProto {
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: (*int32)(typ.Enum())}},
	}}
}

func typeNamed(t testing.TB, name string) DType {
	t.Helper()
	typ, ok := onnxpb.TensorProto_DataType_value[strings.ToUpper(name)]
	if !ok {
		t.Fatalf("type %q", name)
	}
	return DType(typ)
}

func parseConst(t testing.TB, line string) tensor {
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
	typ := Float
	if len(words) > 2 {
		typ = typeNamed(t, words[2])
	}
	if typ == Float {
		floats := make([]float32, len(values))
		for i, v := range values {
			floats[i] = float32(v)
		}
		return NewFloats(words[1], dims, floats)
	}
	ints := make([]int64, len(values))
	for i, v := range values {
		ints[i] = int64(v)
	}
	return NewInts(words[1], typ, dims, ints)
}

func parseInt(t testing.TB, s string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseNode(t testing.TB, line string) node {
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
	n := newNode(op, "node_"+outputs[0], names(operands), outputs)
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
		return intsAttr(name, ints...)
	}
	if v, err := strconv.ParseInt(value, 10, 64); err == nil {
		return intAttr(name, v)
	}
	if v, err := strconv.ParseFloat(value, 32); err == nil {
		f := float32(v)
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_FLOAT.Enum(), F: &f}
	}
	return stringAttr(name, value)
}

// folded does what comes before findHolders.
func folded(t testing.TB, m *Model) *Model {
	t.Helper()
	for _, step := range []func(*Model) error{constantInputs, foldConstants, foldBatchNorm} {
		if err := step(m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// holderNames joins the names of the holders, and maps the other float tensors to their reasons.
func holderNames(t testing.TB, m *Model, o Options) (string, map[string]string) {
	t.Helper()
	holders, omitted, err := findHolders(folded(t, m), o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, h := range holders {
		if h.Index != i {
			t.Errorf("holder %s has index %d at place %d", h.Name, h.Index, i)
		}
		all = append(all, h.Name)
	}
	reasons := make(map[string]string)
	for _, o := range omitted {
		if reasons[o.Tensor] != "" || slices.Contains(all, o.Tensor) {
			t.Errorf("%s is listed twice", o.Tensor)
		}
		if o.Reason == "" {
			t.Errorf("%s has no reason", o.Tensor)
		}
		reasons[o.Tensor] = o.Reason
	}
	return strings.Join(all, " "), reasons
}
