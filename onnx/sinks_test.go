package onnx

import (
	"slices"
	"testing"

	"demote/onnx/onnxpb"
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
		want  Sink
	}{
		"Softmax":                     {[]step{one("Softmax", "a", "y")}, SinkZero},
		"by way of others":            {[]step{two("Add", "a", "x", "b"), two("Mul", "b", "x", "c"), one("Transpose", "c", "d"), one("LogSoftmax", "d", "y")}, SinkZero},
		"Exp and its maximum":         {[]step{one("ReduceMax", "a", "m"), two("Sub", "a", "m", "d"), one("Exp", "d", "y")}, SinkZero},
		"MatMul":                      {[]step{two("MatMul", "a", "x", "y")}, SinkNone},
		"Softmax and MatMul":          {[]step{one("Softmax", "a", "s"), two("MatMul", "a", "s", "y")}, SinkNone},
		"ReduceMax":                   {[]step{one("ReduceMax", "a", "y")}, SinkMaximum},
		"MaxPool behind Reshape":      {[]step{one("Transpose", "a", "b"), {op: "MaxPool", in: []string{"b"}, out: []string{"y"}, attrs: []*onnxpb.AttributeProto{intsAttr("kernel_shape", 2, 2)}}}, SinkMaximum},
		"a maximum behind an Add":     {[]step{two("Add", "a", "x", "b"), one("ReduceMax", "b", "y")}, SinkNone},
		"Softmax and ReduceMax":       {[]step{one("Softmax", "a", "s"), one("ReduceMax", "a", "m"), two("Add", "s", "m", "y")}, SinkZero},
		"ReduceMin":                   {[]step{one("ReduceMin", "a", "y")}, SinkMinimum},
		"ReduceMin and ReduceMax":     {[]step{one("ReduceMin", "a", "s"), one("ReduceMax", "a", "m"), two("Add", "s", "m", "y")}, SinkNone},
		"TopK of the smallest":        {[]step{{op: "TopK", in: []string{"a", "k"}, out: []string{"y", "i"}, attrs: []*onnxpb.AttributeProto{intAttr("largest", 0)}}}, SinkMinimum},
		"Softmax that is returned on": {[]step{{op: "Softmax", in: []string{"a"}, out: []string{"y"}, returned: "a"}}, SinkNone},
	} {
		b := newNet(21, 1, 1, 4, 4).node("Neg", []string{"x"}, []string{"a"})
		b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("k", Int64, []int64{1}, []int64{2}))
		outputs := []string{"y"}
		for _, s := range c.steps {
			b.node(s.op, s.in, s.out, s.attrs...)
			if s.returned != "" {
				outputs = append(outputs, s.returned)
			}
		}
		n, err := Prepare(b.output(outputs...).model(t), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sinks, err := n.Sinks()
		if err != nil {
			t.Fatal(err)
		}
		if i := slices.Index(tensorsOf(n), "a"); i < 0 || sinks[i] != c.want {
			t.Errorf("%s: holders %v with sinks %v; a has %v", name, tensorsOf(n), sinks, c.want)
		}
	}
}

// TestDropTakesFactorsOfMasks drops a mask, and with it the factor of two values that it alone is made of, but no scores.
func TestDropTakesFactorsOfMasks(t *testing.T) {
	b := newNet(21, 1, 4).floats("big", nil, -1e9).floats("one", nil, 1).node("Sigmoid", []string{"x"}, []string{"fm"}).
		node("Sub", []string{"one", "fm"}, []string{"inv"}).node("Mul", []string{"inv", "big"}, []string{"bm"}).
		node("Tanh", []string{"x"}, []string{"sc"}).node("Add", []string{"sc", "bm"}, []string{"ms"}).node("Softmax", []string{"ms"}, []string{"p"}).
		node("Neg", []string{"p"}, []string{"y"}).output("y")
	n, err := Prepare(b.model(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	reasons, twoValued := map[int]string{}, map[int]bool{}
	for i, tensor := range tensorsOf(n) {
		if tensor == "bm" || tensor == "ms" {
			reasons[i] = "masked"
		}
		twoValued[i] = tensor == "fm" || tensor == "inv"
	}
	if err := n.Drop(reasons, func(h int) bool { return twoValued[h] }); err != nil {
		t.Fatal(err)
	}
	if got := tensorsOf(n); !slices.Equal(got, []string{"x", "sc", "p"}) {
		t.Errorf("holders %v are left", got)
	}
	for i, h := range n.Holders {
		if h.Index != i {
			t.Errorf("holder %s has the index %d at place %d", h.Tensor, h.Index, i)
		}
	}
}
