package fold_test

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/fold"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/onnx/onnxpb"
)

// nodesText writes the nodes of a graph in their order.
func nodesText(g ir.Graph) string {
	var list []string
	for _, n := range g.Node {
		list = append(list, strings.Join(n.Output, ",")+"="+n.GetOpType()+"("+strings.Join(n.Input, ",")+")")
	}
	return strings.Join(list, " ")
}

// TestFoldBranches holds which branch comes in the place of an If whose condition is known, and under which names.
func TestFoldBranches(t *testing.T) {
	yes := &onnxpb.TensorProto{Name: ir.Str("c"), DataType: new(int32(ir.Bool)), Dims: []int64{1}, Int32Data: []int32{1}}
	no := &onnxpb.TensorProto{Name: ir.Str("c"), DataType: new(int32(ir.Bool)), Int32Data: []int32{0}}
	then := onnxtest.Taking("then_branch", "m = MatMul r w; q = Relu m", nil, "q")
	other := onnxtest.Taking("else_branch", "m = Sigmoid r", nil, "m")
	size := []ir.Tensor{ir.NewInts("one", ir.Int64, nil, []int64{1}), ir.NewInts("four", ir.Int64, nil, []int64{4})}
	base := func(condition ...ir.Tensor) *onnxtest.Net {
		b := onnxtest.NewNet(17, -1, 4).Random("w", 4, 4).Node("Relu", []string{"x"}, []string{"r"})
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, condition...)
		return b
	}
	for _, c := range []struct {
		name string
		net  *onnxtest.Net
		want string
	}{
		{"then", base(yes).Node("If", []string{"c"}, []string{"y"}, then, other).Output("y"), "r=Relu(x) m=MatMul(r,w) y=Relu(m)"},
		{"else", base(no).Node("If", []string{"c"}, []string{"y"}, then, other).Output("y"), "r=Relu(x) y=Sigmoid(r)"},
		{"two of the same names", base(yes).Node("If", []string{"c"}, []string{"z"}, then, other).Node("If", []string{"c"}, []string{"u"}, then, other).Node("Add", []string{"z", "u"}, []string{"y"}).Output("y"),
			"r=Relu(x) m_1=MatMul(r,w) z=Relu(m_1) m=MatMul(r,w) u=Relu(m) y=Add(z,u)"},
		{"a tensor from outside", base(yes).Node("If", []string{"c"}, []string{"z"}, onnxtest.Taking("then_branch", "", nil, "r"), other).Node("Neg", []string{"z"}, []string{"y"}).Output("y"), "r=Relu(x) z=Identity(r) y=Neg(z)"},
		{"twice the same output", base(yes).Node("If", []string{"c"}, []string{"z", "u"}, onnxtest.Taking("then_branch", "m = Neg r", nil, "m", "m"), onnxtest.Taking("else_branch", "m = Abs r", nil, "m", "m")).Node("Add", []string{"z", "u"}, []string{"y"}).Output("y"),
			"r=Relu(x) z=Neg(r) u=Identity(z) y=Add(z,u)"},
		{"constants of the branch", base(yes).Node("If", []string{"c"}, []string{"y"}, onnxtest.Taking("then_branch", "m = Mul r w", map[string]float32{"w": 2}, "m"), other).Output("y"), "r=Relu(x) y=Mul(r,w_1)"},
		{"one inside another", base(yes).Node("If", []string{"c"}, []string{"y"}, func() *onnxpb.AttributeProto {
			a := onnxtest.Taking("then_branch", "m = Neg r", nil, "q")
			a.G.Node = append(a.G.Node, ir.NewNode("If", "q", []string{"c"}, []string{"q"}, onnxtest.Taking("then_branch", "k = Abs m", nil, "k"), other))
			return a
		}(), other).Output("y"), "r=Relu(x) m=Neg(r) y=Abs(m)"},
		{"a condition that is computed", base(ir.NewInts("c0", ir.Int64, nil, []int64{3}), ir.NewInts("c1", ir.Int64, nil, []int64{4})).Node("Equal", []string{"c0", "c1"}, []string{"c"}).Node("If", []string{"c"}, []string{"y"}, then, other).Output("y"), "r=Relu(x) y=Sigmoid(r)"},
		{"a size that is declared beside a free one", base(size...).Node("Shape", []string{"x"}, []string{"s"}).Node("Gather", []string{"s", "one"}, []string{"d"}).Node("Equal", []string{"d", "four"}, []string{"c"}).
			Node("If", []string{"c"}, []string{"y"}, then, other).Output("y"), "r=Relu(x) m=MatMul(r,w) y=Relu(m)"},
		{"what only the other branch reads", base(no).Node("Exp", []string{"r"}, []string{"e"}).Node("If", []string{"c"}, []string{"y"}, onnxtest.Taking("then_branch", "q = Neg e", nil, "q"), other).Output("y"), "r=Relu(x) y=Sigmoid(r)"},
	} {
		m := c.net.Model(t).Clone()
		if err := fold.Constants(m); err != nil {
			t.Fatal(err)
		}
		if err := fold.Branches(m); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := nodesText(m.Graph()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if data, err := m.Bytes(); err != nil {
			t.Error(err)
		} else if _, err := ir.Parse(data, ""); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// A condition that depends on data, or on a free size, stays.
	for name, b := range map[string]*onnxtest.Net{
		"data": base(size...).Node("ReduceMax", []string{"x"}, []string{"d"}, ir.IntAttr("keepdims", 0)).Node("Cast", []string{"d"}, []string{"c"}, ir.IntAttr("to", int64(ir.Bool))),
		"size": base(ir.NewInts("zero", ir.Int64, nil, []int64{0}), size[1]).Node("Shape", []string{"x"}, []string{"s"}).Node("Gather", []string{"s", "zero"}, []string{"d"}).Node("Equal", []string{"d", "four"}, []string{"c"}),
	} {
		m := b.Node("If", []string{"c"}, []string{"y"}, then, other).Output("y").Model(t).Clone()
		if err := fold.Branches(m); err != nil || !slices.ContainsFunc(m.Graph().Node, fold.IsIf) {
			t.Errorf("%s: %s, %v", name, nodesText(m.Graph()), err)
		}
	}
	// Prepare sees what is inside.
	n, err := prepare.Network(base(yes).Node("If", []string{"c"}, []string{"y"}, then, other).Output("y").Model(t), network.Options{})
	if err != nil || len(n.Holders) != 2 || slices.ContainsFunc(n.Omitted, func(o network.Omitted) bool { return strings.Contains(o.Reason, "body") }) {
		t.Errorf("%v, %v", n, err)
	}
}
