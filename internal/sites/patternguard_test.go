package sites_test

import (
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

func TestHoldersOfFloors(t *testing.T) {
	const head = "input x" + "\n const w [4 4]\n const eps = 0.001\n const minus = -0.5\n const two = 2\n const zero = 0\n a = MatMul(x, w)\n"
	for _, c := range []struct{ name, text, holders string }{
		{"a logarithm of a Clip", head + "c = Clip(a, eps)\n l = Log(c)\n y = Tanh(l)\n return y", "x a l"},
		{"of a maximum", head + "c = Max(eps, a)\n l = Log(c)\n y = Tanh(l)\n return y", "x a l"},
		{"of a sum", head + "c = Add(a, eps)\n l = Log(c)\n y = Tanh(l)\n return y", "x a l"},
		{"a reciprocal", head + "c = Clip(a, eps)\n l = Reciprocal(c)\n y = Tanh(l)\n return y", "x a l"},
		{"a root and a denominator", head + "c = Clip(a, eps)\n l = Sqrt(c)\n d = Div(x, c)\n e = MatMul(l, w)\n y = MatMul(e, d)\n return y", "x a l d e"},
		{"a negative power", head + "c = Max(a, eps)\n l = Pow(c, minus)\n y = Tanh(l)\n return y", "x a l"},
		{"a square", head + "c = Max(a, eps)\n l = Pow(c, two)\n y = Tanh(l)\n return y", "x c l"},
		{"a numerator", head + "c = Clip(a, eps)\n l = Div(c, x)\n y = Tanh(l)\n return y", "x c l"},
		{"somebody else reads it", head + "c = Clip(a, eps)\n l = Log(c)\n y = MatMul(l, c)\n return y", "x c l"},
		{"no floor", head + "c = Clip(a, zero)\n l = Log(c)\n y = Tanh(l)\n return y", "x c l"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, reasons := holderNames(t, onnxtest.FromText(t, c.text), network.Options{}); got != c.holders {
				t.Errorf("holders %q, want %q; reasons %q", got, c.holders, reasons)
			}
		})
	}
}
