package sinks_test

import (
	"slices"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/sinks"
	"example.org/demote/onnx/onnxpb"
)

// TestSinks holds where the values of a tensor end, by the nodes behind it.
func TestSinks(t *testing.T) {
	type step struct {
		op       string
		in, out  []string
		attrs    []*onnxpb.AttributeProto
		returned string
	}
	one := func(op string, in, out string) step { return step{op: op, in: []string{in}, out: []string{out}} }
	two := func(op, a, b, out string) step { return step{op: op, in: []string{a, b}, out: []string{out}} }
	for name, c := range map[string]struct {
		steps []step
		want  sinks.Sink
	}{
		"Softmax":                     {[]step{one("Softmax", "a", "y")}, sinks.Zero},
		"by way of others":            {[]step{two("Add", "a", "x", "b"), two("Mul", "b", "x", "c"), one("Transpose", "c", "d"), one("LogSoftmax", "d", "y")}, sinks.Zero},
		"Exp and its maximum":         {[]step{one("ReduceMax", "a", "m"), two("Sub", "a", "m", "d"), one("Exp", "d", "y")}, sinks.Zero},
		"MatMul":                      {[]step{two("MatMul", "a", "x", "y")}, sinks.None},
		"Softmax and MatMul":          {[]step{one("Softmax", "a", "s"), two("MatMul", "a", "s", "y")}, sinks.None},
		"ReduceMax":                   {[]step{one("ReduceMax", "a", "y")}, sinks.Maximum},
		"MaxPool behind Reshape":      {[]step{one("Transpose", "a", "b"), {op: "MaxPool", in: []string{"b"}, out: []string{"y"}, attrs: []*onnxpb.AttributeProto{ir.IntsAttr("kernel_shape", 2, 2)}}}, sinks.Maximum},
		"a maximum behind an Add":     {[]step{two("Add", "a", "x", "b"), one("ReduceMax", "b", "y")}, sinks.None},
		"Softmax and ReduceMax":       {[]step{one("Softmax", "a", "s"), one("ReduceMax", "a", "m"), two("Add", "s", "m", "y")}, sinks.Zero},
		"ReduceMin":                   {[]step{one("ReduceMin", "a", "y")}, sinks.Minimum},
		"ReduceMin and ReduceMax":     {[]step{one("ReduceMin", "a", "s"), one("ReduceMax", "a", "m"), two("Add", "s", "m", "y")}, sinks.None},
		"TopK of the smallest":        {[]step{{op: "TopK", in: []string{"a", "k"}, out: []string{"y", "i"}, attrs: []*onnxpb.AttributeProto{ir.IntAttr("largest", 0)}}}, sinks.Minimum},
		"Softmax that is returned on": {[]step{{op: "Softmax", in: []string{"a"}, out: []string{"y"}, returned: "a"}}, sinks.None},
	} {
		b := onnxtest.NewNet(21, 1, 1, 4, 4).Node("Neg", []string{"x"}, []string{"a"})
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("k", ir.Int64, []int64{1}, []int64{2}))
		outputs := []string{"y"}
		for _, s := range c.steps {
			b.Node(s.op, s.in, s.out, s.attrs...)
			if s.returned != "" {
				outputs = append(outputs, s.returned)
			}
		}
		n, err := prepare.Network(b.Output(outputs...).Model(t), network.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sinks, err := sinks.Of(n)
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(onnxtest.TensorsOf(n), "a"); i < 0 || sinks[i] != c.want {
			t.Errorf("%s: holders %v with sinks %v; a has %v", name, onnxtest.TensorsOf(n), sinks, c.want)
		}
	}
}

// TestDropTakesFactorsOfMasks drops a mask, and with it the factor of two values that it alone is made of, but no
// scores.
func TestDropTakesFactorsOfMasks(t *testing.T) {
	b := onnxtest.NewNet(21, 1, 4).Floats("big", nil, -1e9).Floats("one", nil, 1).Node("Sigmoid", []string{"x"}, []string{"fm"}).
		Node("Sub", []string{"one", "fm"}, []string{"inv"}).Node("Mul", []string{"inv", "big"}, []string{"bm"}).
		Node("Tanh", []string{"x"}, []string{"sc"}).Node("Add", []string{"sc", "bm"}, []string{"ms"}).Node("Softmax", []string{"ms"}, []string{"p"}).
		Node("Neg", []string{"p"}, []string{"y"}).Output("y")
	n, err := prepare.Network(b.Model(t), network.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reasons, twoValued := map[int]string{}, map[int]bool{}
	for i, tensor := range onnxtest.TensorsOf(n) {
		if tensor == "bm" || tensor == "ms" {
			reasons[i] = "masked"
		}
		twoValued[i] = tensor == "fm" || tensor == "inv"
	}
	if err := sinks.Drop(n, reasons, func(h int) bool { return twoValued[h] }); err != nil {
		t.Fatal(err)
	}
	if got := onnxtest.TensorsOf(n); !slices.Equal(got, []string{"x", "sc", "p"}) {
		t.Errorf("holders %v are left", got)
	}
	for i, h := range n.Holders {
		if h.Index != i {
			t.Errorf("holder %s has the index %d at place %d", h.Tensor, h.Index, i)
		}
	}
}
