package sites_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/sites"
	"example.org/demote/onnx/onnxpb"
)

// branch makes a body for an If: a tensor from outside, two nodes, one output.
func branch(name, outside string) ir.Graph {
	return &onnxpb.GraphProto{
		Name: ir.Str(name),
		Node: []ir.Node{
			ir.NewNode("Neg", name+"_neg", []string{outside}, []string{name + "_a"}),
			ir.NewNode("Shape", name+"_shape", []string{name + "_a"}, []string{name + "_s"}),
			ir.NewNode("Exp", name+"_exp", []string{name + "_a"}, []string{name + "_b"}),
		},
		Output: []*onnxpb.ValueInfoProto{onnxtest.ValueInfo(name+"_b", ir.Float)},
	}
}

func TestHoldersOfSubgraphs(t *testing.T) {
	m := onnxtest.FromText(t, "input x\n input c bool"+conv+"a = Conv(x, w)\n b = Relu(a)\n i = If(c)\n d = Add(i, b)\n e = Neg(d)\n return e")
	choice := m.Graph().Node[2]
	for _, name := range []string{"then_branch", "else_branch"} {
		choice.Attribute = append(choice.Attribute, &onnxpb.AttributeProto{
			Name: ir.Str(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: branch(name, "a"),
		})
	}
	got, reasons := holderNames(t, m, network.Options{})
	// a is read inside the If too, so that it is no longer inside Conv + Relu.
	if got != "x a b i d" {
		t.Errorf("holders %q, reasons %q", got, reasons)
	}
	for _, name := range []string{"then_branch_a", "then_branch_b", "else_branch_a", "else_branch_b"} {
		if !strings.Contains(reasons[name], `body of If node "node_i"`) {
			t.Errorf("reason of %s is %q", name, reasons[name])
		}
	}
	if r, ok := reasons["then_branch_s"]; ok {
		t.Errorf("a shape is listed: %q", r)
	}
}

func TestHolderDescription(t *testing.T) {
	m := onnxtest.FromText(t, "input x"+conv+"a = Conv(x, w)\n b = Neg(a)\n c = Exp(a)\n d = Add(b, c)\n return d")
	m.Graph().Node[1].Name = nil
	holders, omitted, err := sites.Find(folded(t, m), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []network.Holder{
		{Name: "x", Tensor: "x", Index: 0, Consumers: []string{"node_a"}},
		{Name: "a", Tensor: "a", Index: 1, Producer: "node_a", Op: "Conv", Consumers: []string{"b", "node_c"}},
		{Name: "b", Tensor: "b", Index: 2, Producer: "b", Op: "Neg", Consumers: []string{"node_d"}},
		{Name: "c", Tensor: "c", Index: 3, Producer: "node_c", Op: "Exp", Consumers: []string{"node_d"}},
	}
	if fmt.Sprint(holders) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", holders, want)
	}
	if len(omitted) != 1 || omitted[0] != (network.Omitted{Tensor: "d", Producer: "node_d", Op: "Add", Reason: "output of the network"}) {
		t.Errorf("omitted %v", omitted)
	}
}

// TestHoldersInLinearTime finds the holders of graphs of 10,000 nodes and more: some have 2^5000 paths, some a tensor
// that thousands of nodes read. Each takes milliseconds; a search over paths or readers of readers would take hours.
func TestHoldersInLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n = 10000
	lines := func(first string, f func(b *strings.Builder, i int), last string) string {
		var b strings.Builder
		b.WriteString("input x\n const w [4 4]\n const b [4]\n const m [1 4] = 0 -1e4 0 0\n const one = 1\n" + first)
		for i := 1; i <= n; i++ {
			f(&b, i)
		}
		b.WriteString(last)
		return b.String()
	}
	for _, c := range []struct{ name, text string }{
		{"a ladder of adds", lines("t0 = Neg(x)\n", func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "t%d = Add(t%d, t%d)\n", i, i-1, max(0, i-2))
		}, "return t10000")},
		{"a ladder of masked scores", lines("t0 = Neg(x)\n", func(b *strings.Builder, i int) {
			if i%3 == 0 {
				fmt.Fprintf(b, "t%d = Add(t%d, m)\n", i, i-1)
				return
			}
			fmt.Fprintf(b, "t%d = Add(t%d, t%d)\n", i, i-1, max(0, i-2))
		}, "p = Softmax(t10000)\n y = Neg(p)\n return y")},
		{"thousands of readers", lines("t0 = MatMul(x, w)\n s0 = Add(t0, b)\n", func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "g%d = Sigmoid(s0)\n s%d = Mul(s0, g%d)\n", i, i, i)
			if i > 1 {
				fmt.Fprintf(b, "t%d = Add(t%d, s%d)\n", i, i-1, i)
			} else {
				fmt.Fprintf(b, "t1 = Identity(s1)\n")
			}
		}, "return t10000")},
		{"a chain of moves", lines("t0 = Neg(x)\n", func(b *strings.Builder, i int) {
			fmt.Fprintf(b, "t%d = Transpose(t%d)\n", i, i-1)
		}, "y = Neg(t10000)\n return y")},
		{"layer norms on one tensor", lines("t0 = Neg(x)\n", func(b *strings.Builder, i int) {
			if i%8 == 0 {
				fmt.Fprintf(b, "m%d = ReduceMean(t0)\n d%d = Sub(t0, m%d)\n q%d = Mul(d%d, d%d)\n v%d = ReduceMean(q%d)\n", i, i, i, i, i, i, i, i)
				fmt.Fprintf(b, "e%d = Add(v%d, one)\n r%d = Sqrt(e%d)\n n%d = Div(d%d, r%d)\n t%d = Add(t%d, n%d)\n", i, i, i, i, i, i, i, i, i-8, i)
			}
		}, "return t10000")},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, c.text)
			start := time.Now()
			if _, _, err := sites.Find(folded(t, m), network.Options{}); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(start); d > time.Minute { // far more than a busy machine needs
				t.Errorf("%d nodes took %v", len(m.Graph().Node), d)
			} else {
				t.Logf("%d nodes took %v", len(m.Graph().Node), d)
			}
		})
	}
}
