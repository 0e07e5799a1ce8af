package sites_test

import (
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

func TestNumbersHaveNoHolder(t *testing.T) {
	const table = "\n const w [8 4]\n"
	for _, c := range []struct{ name, text, holders string }{
		{"tokens as floats", "input x" + table + "i = Cast(x) to=7\n g = Gather(w, i)\n y = Tanh(g)\n return y", "g"},
		{"moved and rounded", "input x" + table + "const s [2] = 1 -1\n f = Floor(x)\n r = Identity(f)\n i = Cast(r) to=6\n g = Gather(w, i)\n y = Tanh(g)\n return y", "g"},
		{"and a mask of them", "input x" + table + "const zero = 0\n i = Cast(x) to=7\n e = Equal(x, zero)\n g = Gather(w, i)\n a = Tanh(g)\n m = Cast(e) to=1\n y = Mul(a, m)\n return y", "g a m"},
		{"to booleans", "input x" + table + "b = Cast(x) to=9\n y = Where(b, w, w)\n return y", ""},
		{"read as a quantity too", "input x" + table + "i = Cast(x) to=7\n g = Gather(w, i)\n y = MatMul(x, g)\n return y", "x g"},
		{"cast to another float", "input x" + table + "d = Cast(x) to=11\n e = Cast(d) to=1\n y = MatMul(e, w)\n return y", "x e"},
		{"computed on before", "input x" + table + "const h = 0.5\n m = Mul(x, h)\n i = Cast(m) to=7\n g = Gather(w, i)\n y = Tanh(g)\n return y", "x g"},
		{"compared by order", "input x" + table + "const h = 0.5\n l = Less(x, h)\n y = Where(l, w, w)\n return y", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, reasons := holderNames(t, onnxtest.FromText(t, c.text), network.Options{})
			if got != c.holders {
				t.Errorf("holders %q, want %q; reasons %q", got, c.holders, reasons)
			}
			if !strings.Contains(c.holders, "x") && c.name != "compared by order" && !strings.Contains(reasons["x"], "cast to integers") {
				t.Errorf("the reason of x is %q", reasons["x"])
			}
		})
	}
}
