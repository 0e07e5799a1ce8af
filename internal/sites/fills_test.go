package sites_test

import (
	"fmt"
	"math"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/prepare"
	"example.org/demote/internal/sites"
)

// TestFills holds what nodes in front of a tensor a put into it: constants of a Pad, a Where, a sum, and tensors of
// few values.
func TestFills(t *testing.T) {
	type step struct {
		op  string
		in  []string
		out string
	}
	two := func(op, a, b, out string) step { return step{op, []string{a, b}, out} }
	for name, c := range map[string]struct {
		steps []step
		known map[string]sites.Known
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
		"an input of few values":   {[]step{two("Sub", "one", "x", "i"), two("Mul", "i", "big", "m"), two("MatMul", "m", "w", "s"), two("Add", "s", "m", "a")}, map[string]sites.Known{"x": {Values: []float32{0, 1}, All: true}}, "[-1e+09] false"},
		"an input of many values":  {[]step{two("Sub", "one", "x", "i"), two("Mul", "i", "big", "m"), two("MatMul", "m", "w", "s"), two("Add", "s", "m", "a")}, nil, "[] true"},
		"an input with infinities": {[]step{two("MatMul", "x", "w", "s"), two("Add", "s", "x", "a")}, map[string]sites.Known{"x": {Values: []float32{float32(math.Inf(-1))}, All: false}}, "[-Inf] false"},
		"a logarithm":              {[]step{{"Log", []string{"x"}, "m"}, two("MatMul", "x", "w", "s"), two("Add", "s", "m", "a")}, nil, "[-Inf] false"},
	} {
		b := onnxtest.NewNet(21, 1, 4, 4).Random("w", 4, 4).Floats("big", nil, -1e9).Floats("one", nil, 1).Floats("half", nil, 0.5).
			Floats("table", []int64{4}, 0, -1, -1e9, 0).Floats("dense", []int64{4}, 0, -9000, -6000, 4000)
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, ir.NewInts("by", ir.Int64, []int64{6}, []int64{0, 0, 0, 0, 1, 0}))
		for _, s := range c.steps {
			b.Node(s.op, s.in, []string{s.out})
		}
		n, err := prepare.Network(b.Node("Softmax", []string{"a"}, []string{"p"}).Output("p").Model(t), network.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		n.Holders = []network.Holder{{Tensor: "a"}} // also where the graph alone shows the mask
		fills, err := sites.FindFills(n, 5000, c.known)
		if err != nil {
			t.Fatal(err)
		}
		f := fills[0]
		if got := fmt.Sprint(f.Values); got+" "+fmt.Sprint(f.Exact) != c.want && (len(f.Values) > 0 || c.want[:2] != "[]") {
			t.Errorf("%s: %v %v, due are %s", name, f.Values, f.Exact, c.want)
		}
	}
}
