package onnx

import (
	"slices"
	"strings"
	"testing"

	"demote/onnx/onnxpb"
)

// taking is a graph attribute with nodes as "y = Op a b", constants of one element and outputs.
func taking(name string, nodes string, constants map[string]float32, outputs ...string) *onnxpb.AttributeProto {
	g := &onnxpb.GraphProto{Name: str(name)}
	for _, line := range strings.Split(nodes, ";") {
		if left, right, ok := strings.Cut(line, "="); ok {
			words := strings.Fields(right)
			g.Node = append(g.Node, newNode(words[0], strings.TrimSpace(left), words[1:], []string{strings.TrimSpace(left)}))
		}
	}
	for c, v := range constants {
		g.Initializer = append(g.Initializer, NewFloats(c, nil, []float32{v}))
	}
	for _, o := range outputs {
		g.Output = append(g.Output, newValue(o, Float, nil))
	}
	return &onnxpb.AttributeProto{Name: str(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g}
}

// nodesText writes the nodes of a graph in their order.
func nodesText(g graph) string {
	var list []string
	for _, n := range g.Node {
		list = append(list, strings.Join(n.Output, ",")+"="+n.GetOpType()+"("+strings.Join(n.Input, ",")+")")
	}
	return strings.Join(list, " ")
}

// TestFoldBranches holds which branch comes in the place of an If whose condition is known, and under which names.
func TestFoldBranches(t *testing.T) {
	yes := &onnxpb.TensorProto{Name: str("c"), DataType: new(int32(Bool)), Dims: []int64{1}, Int32Data: []int32{1}}
	no := &onnxpb.TensorProto{Name: str("c"), DataType: new(int32(Bool)), Int32Data: []int32{0}}
	then := taking("then_branch", "m = MatMul r w; q = Relu m", nil, "q")
	other := taking("else_branch", "m = Sigmoid r", nil, "m")
	size := []tensor{NewInts("one", Int64, nil, []int64{1}), NewInts("four", Int64, nil, []int64{4})}
	base := func(condition ...tensor) *net {
		b := newNet(17, -1, 4).random("w", 4, 4).node("Relu", []string{"x"}, []string{"r"})
		b.p.Graph.Initializer = append(b.p.Graph.Initializer, condition...)
		return b
	}
	for _, c := range []struct {
		name string
		net  *net
		want string
	}{
		{"then", base(yes).node("If", []string{"c"}, []string{"y"}, then, other).output("y"), "r=Relu(x) m=MatMul(r,w) y=Relu(m)"},
		{"else", base(no).node("If", []string{"c"}, []string{"y"}, then, other).output("y"), "r=Relu(x) y=Sigmoid(r)"},
		{"two of the same names", base(yes).node("If", []string{"c"}, []string{"z"}, then, other).node("If", []string{"c"}, []string{"u"}, then, other).node("Add", []string{"z", "u"}, []string{"y"}).output("y"),
			"r=Relu(x) m_1=MatMul(r,w) z=Relu(m_1) m=MatMul(r,w) u=Relu(m) y=Add(z,u)"},
		{"a tensor from outside", base(yes).node("If", []string{"c"}, []string{"z"}, taking("then_branch", "", nil, "r"), other).node("Neg", []string{"z"}, []string{"y"}).output("y"), "r=Relu(x) z=Identity(r) y=Neg(z)"},
		{"twice the same output", base(yes).node("If", []string{"c"}, []string{"z", "u"}, taking("then_branch", "m = Neg r", nil, "m", "m"), taking("else_branch", "m = Abs r", nil, "m", "m")).node("Add", []string{"z", "u"}, []string{"y"}).output("y"),
			"r=Relu(x) z=Neg(r) u=Identity(z) y=Add(z,u)"},
		{"constants of the branch", base(yes).node("If", []string{"c"}, []string{"y"}, taking("then_branch", "m = Mul r w", map[string]float32{"w": 2}, "m"), other).output("y"), "r=Relu(x) y=Mul(r,w_1)"},
		{"one inside another", base(yes).node("If", []string{"c"}, []string{"y"}, func() *onnxpb.AttributeProto {
			a := taking("then_branch", "m = Neg r", nil, "q")
			a.G.Node = append(a.G.Node, newNode("If", "q", []string{"c"}, []string{"q"}, taking("then_branch", "k = Abs m", nil, "k"), other))
			return a
		}(), other).output("y"), "r=Relu(x) m=Neg(r) y=Abs(m)"},
		{"a condition that is computed", base(NewInts("c0", Int64, nil, []int64{3}), NewInts("c1", Int64, nil, []int64{4})).node("Equal", []string{"c0", "c1"}, []string{"c"}).node("If", []string{"c"}, []string{"y"}, then, other).output("y"), "r=Relu(x) y=Sigmoid(r)"},
		{"a size that is declared beside a free one", base(size...).node("Shape", []string{"x"}, []string{"s"}).node("Gather", []string{"s", "one"}, []string{"d"}).node("Equal", []string{"d", "four"}, []string{"c"}).
			node("If", []string{"c"}, []string{"y"}, then, other).output("y"), "r=Relu(x) m=MatMul(r,w) y=Relu(m)"},
		{"what only the other branch reads", base(no).node("Exp", []string{"r"}, []string{"e"}).node("If", []string{"c"}, []string{"y"}, taking("then_branch", "q = Neg e", nil, "q"), other).output("y"), "r=Relu(x) y=Sigmoid(r)"},
	} {
		m := c.net.model(t).Clone()
		if err := foldConstants(m); err != nil {
			t.Fatal(err)
		}
		if err := foldBranches(m); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := nodesText(m.Graph()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if data, err := m.Bytes(); err != nil {
			t.Error(err)
		} else if _, err := Parse(data, ""); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// A condition that depends on data, or on a free size, stays.
	for name, b := range map[string]*net{
		"data": base(size...).node("ReduceMax", []string{"x"}, []string{"d"}, intAttr("keepdims", 0)).node("Cast", []string{"d"}, []string{"c"}, intAttr("to", int64(Bool))),
		"size": base(NewInts("zero", Int64, nil, []int64{0}), size[1]).node("Shape", []string{"x"}, []string{"s"}).node("Gather", []string{"s", "zero"}, []string{"d"}).node("Equal", []string{"d", "four"}, []string{"c"}),
	} {
		m := b.node("If", []string{"c"}, []string{"y"}, then, other).output("y").model(t).Clone()
		if err := foldBranches(m); err != nil || !slices.ContainsFunc(m.Graph().Node, isIf) {
			t.Errorf("%s: %s, %v", name, nodesText(m.Graph()), err)
		}
	}
	// Prepare sees what is inside.
	n, err := Prepare(base(yes).node("If", []string{"c"}, []string{"y"}, then, other).output("y").model(t), Options{})
	if err != nil || len(n.Holders) != 2 || slices.ContainsFunc(n.Omitted, func(o Omitted) bool { return strings.Contains(o.Reason, "body") }) {
		t.Errorf("%v, %v", n, err)
	}
}
