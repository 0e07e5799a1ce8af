package sinks

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
)

// TestSinksHaveSides holds on which side what reads a tensor a absorbs far values.
func TestSinksHaveSides(t *testing.T) {
	pool := ir.IntsAttr("kernel_shape", 2, 2)
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
		b := onnxtest.NewNet(21, 1, 1, 4, 4).Floats("one", nil, 1).Floats("two", nil, 2).Floats("minus", nil, -2).Node("Neg", []string{"x"}, []string{"a"})
		outputs := []string{"y"}
		for _, s := range c.steps {
			in := []string{s.in}
			for i := 1; i < len(s.in); i++ {
				if s.in[i] == ' ' {
					in = []string{s.in[:i], s.in[i+1:]}
				}
			}
			b.Node(s.op, in, []string{s.out}, s.attrs...)
			if s.out == "b" && len(c.steps) > 1 && c.steps[1].in == "a" {
				outputs = append(outputs, "b")
			}
		}
		x, err := ir.NewIndex(b.Output(outputs...).Model(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := SidesOf(x)["a"]; got != (sides{c.low, c.high}) {
			t.Errorf("%s: %+v, due are %v and %v", name, got, c.low, c.high)
		}
	}
}
