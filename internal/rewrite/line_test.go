package rewrite_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/rewrite"
)

// TestFusedLines holds which forms of HardSwish and HardSigmoid become part of a holder, in their order of operations:
// 16 is LINE, 32 TIMES, 64 OF_LINE, 128 OF_VALUE, 256 DIVIDES; the numbers are slope, offset, low, high, factor.
func TestFusedLines(t *testing.T) {
	const a = "a = Neg(x)\n"
	for name, c := range map[string]struct{ text, want string }{
		"the operator":             {a + "s = HardSwish(a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[0.16666667 0.5 0 1 1]"},
		"HardSigmoid and Mul":      {a + "g = HardSigmoid(a) alpha=0.16666667\n s = Mul(a, g)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[0.16666667 0.5 0 1 1]"},
		"Mul of HardSigmoid":       {a + "g = HardSigmoid(a)\n s = Mul(g, a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[0.2 0.5 0 1 1]"},
		"(x * clip) / 6":           {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Mul(a, c)\n s = Div(d, k6)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 304 /1[1 3 0 6 6]"},
		"(clip * x) * 1/6":         {a + "b = Add(k3, a)\n c = Clip(b, k0, k6)\n d = Mul(c, a)\n s = Mul(kr, d)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[1 3 0 6 0.16666667]"},
		"x * (clip / 6)":           {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Div(c, k6)\n s = Mul(a, d)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 368 /1[1 3 0 6 6]"},
		"x * (clip * 1/6)":         {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Mul(c, kr)\n s = Mul(d, a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 112 /1[1 3 0 6 0.16666667]"},
		"(x * 1/6) * clip":         {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Mul(a, kr)\n s = Mul(d, c)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 176 /1[1 3 0 6 0.16666667]"},
		"clip * (x / 6)":           {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Div(a, k6)\n s = Mul(c, d)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 432 /1[1 3 0 6 6]"},
		"Relu and Min":             {a + "b = Add(a, k3)\n r = Relu(b)\n c = Min(r, k6)\n d = Mul(c, a)\n s = Mul(d, kr)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[1 3 0 6 0.16666667]"},
		"Max and Min":              {a + "b = Add(a, k3)\n r = Max(k0, b)\n c = Min(r, k6)\n d = Div(c, k6)\n s = Mul(d, a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 368 /1[1 3 0 6 6]"},
		"Relu and Clip":            {a + "b = Add(a, k3)\n r = Relu(b)\n c = Clip(r, k0, k6)\n d = Div(c, k6)\n s = Mul(d, a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 368 /1[1 3 0 6 6]"},
		"x/6 + 1/2":                {a + "m = Mul(a, kr)\n b = Add(m, kh)\n c = Clip(b, k0, k1)\n s = Mul(a, c)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[0.16666667 0.5 0 1 1]"},
		"no factor":                {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n s = Mul(a, c)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 48 /1[1 3 0 6 1]"},
		"a clip behind it":         {a + "s = HardSwish(a)\n r = Relu(s)\n y = FQ(r)", "a=Neg(x) y=Of(a) does 48 /1[0.16666667 0.5 0 1 1][0 +Inf]"},
		"HardSigmoid":              {a + "s = HardSigmoid(a)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 16 /1[0.2 0.5 0 1 1]"},
		"HardSigmoid by Relu6":     {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n s = Div(c, k6)\n y = FQ(s)", "a=Neg(x) y=Of(a) does 336 /1[1 3 0 6 6]"},
		"a bias in front":          {"c = Conv(x, w, k)\n s = HardSwish(c)\n y = FQ(s)", "c=Conv(x) y=Of(c) does 49 k/12[0.16666667 0.5 0 1 1]"},
		"a sum in front":           {a + "o = Abs(x)\n b = Add(a, o)\n s = HardSwish(b)\n y = FQ(s)", "a=Neg(x) o=Abs(x) y=Of(a) does 49 o/1[0.16666667 0.5 0 1 1]"},
		"Conv, single operators":   {"c = Conv(x, w, k)\n b = Add(c, k3)\n e = Clip(b, k0, k6)\n d = Mul(c, e)\n s = Div(d, k6)\n y = FQ(s)", "c=Conv(x) y=Of(c) does 305 k/12[1 3 0 6 6]"},
		"HardSigmoid of a Conv":    {"c = Conv(x, w, k)\n s = HardSigmoid(c)\n y = FQ(s)", "c=Conv(x) y=Of(c) does 17 k/12[0.2 0.5 0 1 1]"},
		"a number added to a Conv": {"c = Conv(x, w, k)\n b = Add(c, k3)\n e = Clip(b, k0, k6)\n s = Div(e, k6)\n y = FQ(s)", "c=Conv(x) y=Of(c) does 337 k/12[1 3 0 6 6]"},
		"a factor of a Conv":       {"c = Conv(x, w, k)\n m = Mul(c, kr)\n b = Add(m, kh)\n s = Clip(b, k0, k1)\n y = FQ(s)", "c=Conv(x) m=Mul(c) y=Of(m) does 1 kh/24[0 1]"},
		"a bias as a number":       {"c = Conv(x, w)\n b = Add(c, kb)\n e = Clip(b, k0, k6)\n s = Div(e, k6)\n y = FQ(s)", "c=Conv(x) b=Add(c) e=Clip(b) s=Div(e) y=FakeQuant(s)"},
		"a gate of another":        {a + "o = Abs(x)\n g = HardSigmoid(a)\n s = Mul(o, g)\n y = FQ(s)", "a=Neg(x) o=Abs(x) g=HardSigmoid(a) y=Of(o) does 2 g/1"},
		"a shared gate":            {a + "g = HardSigmoid(a)\n s = Mul(a, g)\n y = FQ(s)\n z = Neg(g)", "a=Neg(x) g=HardSigmoid(a) y=Of(a) does 2 g/1 z=Neg(g)"},
		"a shared clip":            {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Mul(a, c)\n s = Div(d, k6)\n y = FQ(s)\n z = Neg(c)", "a=Neg(x) b=Add(a) c=Clip(b) d=Mul(a) s=Div(d) y=FakeQuant(s) z=Neg(c)"},
		"six divided by it":        {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Mul(a, c)\n s = Div(k6, d)\n y = FQ(s)", "a=Neg(x) b=Add(a) c=Clip(b) d=Mul(a) s=Div(k6) y=FakeQuant(s)"},
		"two factors":              {a + "b = Add(a, k3)\n c = Clip(b, k0, k6)\n d = Div(c, k6)\n m = Mul(a, d)\n s = Mul(m, k3)\n y = FQ(s)", "a=Neg(x) b=Add(a) c=Clip(b) d=Div(c) m=Mul(a) y=Of(m) does 2 k3/24"},
	} {
		t.Run(name, func(t *testing.T) {
			const numbers = "const w [2 2 1 1]\n const k [2]\n const k0 = 0\n const k1 = 1\n const k3 = 3\n const k6 = 6\n const kh = 0.5\n const kr = 0.16666667\n const kb [1 1 1] = 3\n"
			out := "y"
			if strings.Contains(c.text, "z = ") {
				out = "y z"
			}
			m := sized(switchable(t, numbers+c.text+"\n return "+out, 21))
			before := proto.Clone(m.Proto)
			if got := told(rewrite.Fused(m)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if !proto.Equal(before, m.Proto) {
				t.Error("the model itself has changed")
			}
		})
	}
}

// TestFusedLineOfMoreAxes holds that a number of more axes than the tensor has, which gives the result more, stays
// apart.
func TestFusedLineOfMoreAxes(t *testing.T) {
	m := switchable(t, "const k [1 1 1 1 1] = 3\n const k0 = 0\n const k6 = 6\n a = Neg(x)\n b = Add(a, k)\n c = Clip(b, k0, k6)\n s = Mul(a, c)\n y = FQ(s)\n return y", 21)
	g := sized(m).Graph()
	for _, v := range g.GetValueInfo()[1:] {
		v.Type.GetTensorType().Shape.Dim = append(v.Type.GetTensorType().Shape.Dim, v.Type.GetTensorType().Shape.Dim[0])
	}
	if got, want := told(rewrite.Fused(m)), "a=Neg(x) b=Add(a) c=Clip(b) s=Mul(a) y=FakeQuant(s)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
