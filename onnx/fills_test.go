package onnx

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"demote/onnx/onnxpb"
)

// TestFills holds what nodes in front of a tensor a put into it: constants of a Pad, a Where, a sum, and tensors of few values.
func TestFills(t *testing.T) {
	type step struct {
		op  string
		in  []string
		out string
	}
	two := func(op, a, b, out string) step { return step{op, []string{a, b}, out} }
	for name, c := range map[string]struct {
		steps []step
		known map[string]Known
		want  string
	}{
		"a layer":                  {[]step{two("MatMul", "x", "w", "a")}, nil, "[] false"},
		"a table of a mask":        {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "table", "a")}, nil, "[-1e+09] false"},
		"a table, subtracted":      {[]step{two("MatMul", "x", "w", "s"), two("Sub", "s", "table", "a")}, nil, "[1e+09] false"},
		"no gap in the constant":   {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "dense", "a")}, nil, "[] true"},
		"Where":                    {[]step{two("MatMul", "x", "w", "s"), two("Less", "s", "one", "m"), {"Where", []string{"m", "s", "big"}, "a"}}, nil, "[-1e+09] true"},
		"Pad":                      {[]step{two("MatMul", "x", "w", "s"), {"Pad", []string{"s", "by", "big"}, "a"}}, nil, "[-1e+09] true"},
		"Pad with little":          {[]step{two("MatMul", "x", "w", "s"), {"Pad", []string{"s", "by", "one"}, "a"}}, nil, "[] true"},
		"a bound":                  {[]step{two("MatMul", "x", "w", "s"), two("Max", "s", "big", "a")}, nil, "[] false"},
		"a large factor":           {[]step{two("MatMul", "x", "w", "s"), two("Mul", "s", "big", "a")}, nil, "[] true"},
		"a factor behind":          {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "table", "m"), two("Mul", "m", "half", "a")}, nil, "[-5e+08] false"},
		"a divisor behind":         {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "table", "m"), two("Div", "m", "half", "a")}, nil, "[-2e+09] false"},
		"an input of few values":   {[]step{two("Sub", "one", "x", "i"), two("Mul", "i", "big", "m"), two("MatMul", "m", "w", "s"), two("Add", "s", "m", "a")}, map[string]Known{"x": {[]float32{0, 1}, true}}, "[-1e+09] false"},
		"an input of many values":  {[]step{two("Sub", "one", "x", "i"), two("Mul", "i", "big", "m"), two("MatMul", "m", "w", "s"), two("Add", "s", "m", "a")}, nil, "[] true"},
		"an input with infinities": {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "x", "a")}, map[string]Known{"x": {[]float32{float32(math.Inf(-1))}, false}}, "[-Inf] false"},
		"a logarithm":              {[]step{{"Log", []string{"x"}, "m"}, two("MatMul", "x", "w", "s"), two("Add", "s", "m", "a")}, nil, "[-Inf] false"},
	} {
		b := newNet(21, 1, 4, 4).random("w", 4, 4).floats("big", nil, -1e9).floats("one", nil, 1).floats("half", nil, 0.5).
			floats("table", []int64{4}, 0, -1, -1e9, 0).floats("dense", []int64{4}, 0, -9000, -6000, 4000)
		b.p.Graph.Initializer = append(b.p.Graph.Initializer, NewInts("by", Int64, []int64{6}, []int64{0, 0, 0, 0, 1, 0}))
		for _, s := range c.steps {
			b.node(s.op, s.in, []string{s.out})
		}
		n, err := Prepare(b.node("Softmax", []string{"a"}, []string{"p"}).output("p").model(t), Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n.Holders = []Holder{{Tensor: "a"}} // also where the graph alone shows the mask
		fills, err := n.Fills(5000, c.known)
		if err != nil {
			t.Fatal(err)
		}
		f := fills[0]
		if got := fmt.Sprint(f.Values); got+" "+fmt.Sprint(f.Exact) != c.want && (len(f.Values) > 0 || c.want[:2] != "[]") {
			t.Errorf("%s: %v %v, due are %s", name, f.Values, f.Exact, c.want)
		}
	}
}

// TestSinksHaveSides holds on which side what reads a tensor a absorbs far values.
func TestSinksHaveSides(t *testing.T) {
	pool := intsAttr("kernel_shape", 2, 2)
	type step struct {
		op      string
		in, out string
		attrs   []*onnxpb.AttributeProto
	}
	for name, c := range map[string]struct {
		steps     []step
		low, high bool
	}{
		"Relu":                  {[]step{{"Relu", "a", "y", nil}}, true, false},
		"Exp":                   {[]step{{"Exp", "a", "y", nil}}, true, false},
		"Softplus":              {[]step{{"Softplus", "a", "y", nil}}, true, false},
		"Softmax":               {[]step{{"Softmax", "a", "y", nil}}, true, false},
		"Sigmoid":               {[]step{{"Sigmoid", "a", "y", nil}}, true, true},
		"Tanh":                  {[]step{{"Tanh", "a", "y", nil}}, true, true},
		"Erf":                   {[]step{{"Erf", "a", "y", nil}}, true, true},
		"Neg and Relu":          {[]step{{"Neg", "a", "b", nil}, {"Relu", "b", "y", nil}}, false, true},
		"MaxPool":               {[]step{{"MaxPool", "a", "y", []*onnxpb.AttributeProto{pool}}}, true, false},
		"MaxPool and Relu":      {[]step{{"MaxPool", "a", "b", []*onnxpb.AttributeProto{pool}}, {"Relu", "b", "y", nil}}, true, false},
		"MaxPool and Sigmoid":   {[]step{{"MaxPool", "a", "b", []*onnxpb.AttributeProto{pool}}, {"Sigmoid", "b", "y", nil}}, true, true},
		"ReduceMin and Relu":    {[]step{{"ReduceMin", "a", "b", nil}, {"Relu", "b", "y", nil}}, true, true},
		"ReduceMin":             {[]step{{"ReduceMin", "a", "y", nil}}, false, true},
		"Relu and Sigmoid":      {[]step{{"Relu", "a", "b", nil}, {"Sigmoid", "a", "y", nil}}, true, false},
		"less one":              {[]step{{"Sub", "one a", "b", nil}, {"Relu", "b", "y", nil}}, false, true},
		"a factor above zero":   {[]step{{"Mul", "a two", "b", nil}, {"Relu", "b", "y", nil}}, true, false},
		"a factor below zero":   {[]step{{"Mul", "minus a", "b", nil}, {"Relu", "b", "y", nil}}, false, true},
		"a factor of any sign":  {[]step{{"Mul", "x a", "b", nil}, {"Relu", "b", "y", nil}}, false, false},
		"an output and Sigmoid": {[]step{{"Sigmoid", "a", "b", nil}, {"Identity", "a", "y", nil}}, false, false},
	} {
		b := newNet(21, 1, 1, 4, 4).floats("one", nil, 1).floats("two", nil, 2).floats("minus", nil, -2).node("Neg", []string{"x"}, []string{"a"})
		outputs := []string{"y"}
		for _, s := range c.steps {
			in := []string{s.in}
			for i := 1; i < len(s.in); i++ {
				if s.in[i] == ' ' {
					in = []string{s.in[:i], s.in[i+1:]}
				}
			}
			b.node(s.op, in, []string{s.out}, s.attrs...)
			if s.out == "b" && len(c.steps) > 1 && c.steps[1].in == "a" {
				outputs = append(outputs, "b")
			}
		}
		x, err := NewIndex(b.output(outputs...).model(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := x.sides()["a"]; got != (sides{c.low, c.high}) {
			t.Errorf("%s: %+v, due are %v and %v", name, got, c.low, c.high)
		}
	}
}

// TestConstantsOfManyFarValues holds that of a long list the values next to zero stand for all.
func TestConstantsOfManyFarValues(t *testing.T) {
	w := &fillWalk{limit: 5000}
	var list []float64
	for i := range 100 {
		list = append(list, -1e4-float64(i), 2e4+float64(i))
	}
	if p := w.far(put{values: list, exact: true}); p.exact || !slices.Equal(p.values, []float64{-1e4, 2e4}) {
		t.Errorf("%+v", p)
	}
}
