package rewrite_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/rewrite"
)

// switchable is a model of lines as in onnxtest.FromText, where FQ(x) stands for a holder.
func switchable(t *testing.T, text string, opset int64) *ir.Model {
	t.Helper()
	m := onnxtest.FromText(t, "input x\n"+text)
	for _, n := range m.Graph().GetNode() {
		if n.GetOpType() == "FQ" {
			n.OpType, n.Domain = ir.Str(ir.FakeQuantOp), ir.Str(ir.FakeQuantDomain)
			n.Input = append(n.Input, ir.MaskInput)
			n.Attribute = append(n.Attribute, ir.IntAttr("holder", 0))
		}
	}
	m.Proto.OpsetImport[0].Version = &opset
	return m
}

// told are the nodes of a model, with what a holder does in front of its grid.
func told(m *ir.Model) string {
	var list []string
	for _, n := range m.Graph().GetNode() {
		text := fmt.Sprintf("%s=%s(%s)", ir.Output(n, 0), n.GetOpType(), ir.Input(n, 0))
		if n.GetOpType() == "FakeQuantOf" {
			text = fmt.Sprintf("%s=Of(%s) does %d %s/%d", ir.Output(n, 0), ir.Input(n, 0), ir.AttrInt(n, "does", 0), ir.Input(n, 2), ir.AttrInt(n, "inner", 0))
		}
		for _, name := range []string{"line", "clip"} {
			if a := ir.Attr(n, name); a != nil {
				text += fmt.Sprint(a.GetFloats())
			}
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// sized gives all that is computed one shape, [1 2 3 4].
func sized(m *ir.Model) *ir.Model {
	g := m.Graph()
	for _, n := range g.GetNode() {
		g.ValueInfo = append(g.ValueInfo, ir.NewValue(ir.Output(n, 0), ir.Float, []int64{1, 2, 3, 4}))
	}
	return m
}

// TestFused holds what becomes part of a holder, and what does not.
func TestFused(t *testing.T) {
	most := fmt.Sprint(float32(math.MaxFloat32))
	for name, c := range map[string]struct {
		opset int64
		text  string
		want  string
	}{
		"a Relu":              {21, "a = Relu(x)\n y = FQ(a)\n return y", "y=FakeQuant(x)[0 +Inf]"},
		"a Clip":              {21, "const l = -0.5\n const h = 6\n a = Clip(x, l, h)\n y = FQ(a)\n return y", "y=FakeQuant(x)[-0.5 6]"},
		"no lower bound":      {21, "const h = 6\n a = Clip(x, , h)\n y = FQ(a)\n return y", "y=FakeQuant(x)[-" + most + " 6]"},
		"no upper bound":      {21, "const l = -1\n a = Clip(x, l)\n y = FQ(a)\n return y", "y=FakeQuant(x)[-1 " + most + "]"},
		"an old Clip":         {10, "a = Clip(x) min=0.0 max=6.0\n y = FQ(a)\n return y", "y=FakeQuant(x)[0 6]"},
		"an old open Clip":    {10, "a = Clip(x) min=0.0\n y = FQ(a)\n return y", "y=FakeQuant(x)[0 " + most + "]"},
		"in a row":            {21, "const l = -1\n const h = 6\n a = Clip(x, l, h)\n b = Relu(a)\n y = FQ(b)\n return y", "y=FakeQuant(x)[0 6]"},
		"bounds that cross":   {21, "const l = 3\n const h = 2\n a = Relu(x)\n b = Clip(a, l, h)\n y = FQ(b)\n return y", "y=FakeQuant(x)[2 2]"},
		"a crossing first":    {21, "const l = 3\n const h = 2\n a = Clip(x, l, h)\n b = Relu(a)\n y = FQ(b)\n return y", "y=FakeQuant(x)[2 2]"},
		"behind a holder":     {21, "a = FQ(x)\n b = Relu(a)\n y = FQ(b)\n return y", "a=FakeQuant(x) y=FakeQuant(a)[0 +Inf]"},
		"read twice":          {21, "a = Relu(x)\n b = FQ(a)\n y = Add(a, b)\n return y", "a=Relu(x) b=FakeQuant(a) y=Add(a)"},
		"an output":           {21, "a = Relu(x)\n y = FQ(a)\n return y a", "a=Relu(x) y=FakeQuant(a)"},
		"a bound of NaN":      {21, "const l = NaN\n a = Clip(x, l)\n y = FQ(a)\n return y", "a=Clip(x) y=FakeQuant(a)"},
		"a computed bound":    {21, "const l = 1\n k = Neg(l)\n a = Clip(x, k)\n y = FQ(a)\n return y", "k=Neg(l) a=Clip(x) y=FakeQuant(a)"},
		"a bound that is fed": {21, "input l\n const l = 1\n a = Clip(x, l)\n y = FQ(a)\n return y", "a=Clip(x) y=FakeQuant(a)"},
		"Max":                 {21, "const z = 0\n a = Max(x, z)\n y = FQ(a)\n return y", "y=FakeQuant(x)[0 +Inf]"},
		"Min of Max":          {21, "const z = 0\n const h = 6\n a = Max(z, x)\n b = Min(a, h)\n y = FQ(b)\n return y", "y=FakeQuant(x)[0 6]"},
		"Max of three":        {21, "const z = 0\n a = Max(z, x, x)\n y = FQ(a)\n return y", "a=Max(z) y=FakeQuant(a)"},
		"nothing":             {21, "a = Neg(x)\n y = FQ(a)\n return y", "a=Neg(x) y=FakeQuant(a)"},
		"no holder":           {21, "y = Relu(x)\n return y", "y=Relu(x)"},
	} {
		t.Run(name, func(t *testing.T) {
			m := switchable(t, c.text, c.opset)
			before := proto.Clone(m.Proto)
			got := rewrite.Fused(m)
			if told(got) != c.want {
				t.Errorf("got %s, want %s", told(got), c.want)
			}
			if !proto.Equal(before, m.Proto) {
				t.Error("the model itself has changed")
			}
			for _, w := range got.Graph().GetInitializer() {
				if strings.Contains(c.want, "FakeQuant(x)[") {
					t.Errorf("initializer %s is left", w.GetName())
				}
			}
		})
	}
}

// TestFusedSums holds which sums, products, biases and sigmoids become part of a holder, in which order, and with which
// place of the other tensor: 1 is ADD, 2 MUL, 4 SIGMOID, 8 x * sigmoid(x).
func TestFusedSums(t *testing.T) {
	const conv = "c = Conv(x, w, k)\n"
	for name, c := range map[string]struct{ text, want string }{
		"sigmoid":              {"a = Neg(x)\n b = Sigmoid(a)\n y = FQ(b)", "a=Neg(x) y=Of(a) does 4 /1"},
		"gate":                 {"a = Neg(x)\n s = Sigmoid(a)\n b = Mul(a, s)\n y = FQ(b)", "a=Neg(x) y=Of(a) does 8 /1"},
		"gate, other order":    {"a = Neg(x)\n s = Sigmoid(a)\n b = Mul(s, a)\n y = FQ(b)", "a=Neg(x) y=Of(a) does 8 /1"},
		"gate and clip":        {"a = Neg(x)\n s = Sigmoid(a)\n b = Mul(a, s)\n r = Relu(b)\n y = FQ(r)", "a=Neg(x) y=Of(a) does 8 /1[0 +Inf]"},
		"a shared sigmoid":     {"a = Neg(x)\n s = Sigmoid(a)\n b = Mul(a, s)\n y = FQ(b)\n z = Neg(s)", "a=Neg(x) s=Sigmoid(a) y=Of(a) does 2 s/1 z=Neg(s)"},
		"bias":                 {conv + "y = FQ(c)", "c=Conv(x) y=Of(c) does 1 k/12"},
		"bias and gate":        {conv + "s = Sigmoid(c)\n b = Mul(c, s)\n y = FQ(b)", "c=Conv(x) y=Of(c) does 9 k/12"},
		"no bias":              {"c = Conv(x, w)\n y = FQ(c)", "c=Conv(x) y=FakeQuant(c)"},
		"a shared convolution": {conv + "y = FQ(c)\n z = Neg(c)", "c=Conv(x) y=FakeQuant(c) z=Neg(c)"},
		"a sum of holders":     {"a = FQ(x)\n b = FQ(x)\n s = Add(a, b)\n y = FQ(s)", "a=FakeQuant(x) b=FakeQuant(x) y=Of(a) does 1 b/1"},
		"Sum":                  {"a = FQ(x)\n b = FQ(x)\n s = Sum(a, b)\n y = FQ(s)", "a=FakeQuant(x) b=FakeQuant(x) y=Of(a) does 1 b/1"},
		"a sum of a Conv":      {conv + "a = FQ(x)\n s = Add(a, c)\n y = FQ(s)", "c=Conv(x) a=FakeQuant(x) s=Add(a) y=FakeQuant(s)"},
		"a Sum of a Conv":      {conv + "a = FQ(x)\n s = Sum(a, c)\n y = FQ(s)", "c=Conv(x) a=FakeQuant(x) s=Sum(a) y=FakeQuant(s)"},
		"an Add of a MatMul":   {"a = MatMul(x, v)\n s = Add(a, b4)\n y = FQ(s)", "a=MatMul(x) s=Add(a) y=FakeQuant(s)"},
		"a Sum of a MatMul":    {"a = MatMul(x, v)\n s = Sum(b4, a)\n y = FQ(s)", "a=MatMul(x) y=Of(a) does 1 b4/1"},
		"a GELU":               {"a = Neg(x)\n const r = 1.41\n const o = 1\n const h = 0.5\n d = Div(a, r)\n e = Erf(d)\n p = Add(e, o)\n m = Mul(a, p)\n g = Mul(m, h)\n y = FQ(g)", "a=Neg(x) d=Div(a) e=Erf(d) p=Add(e) m=Mul(a) g=Mul(m) y=FakeQuant(g)"},
		"a GELU by tanh":       {"a = Neg(x)\n const o = 1\n const h = 0.5\n e = Tanh(a)\n p = Add(e, o)\n m = Mul(a, h)\n g = Mul(m, p)\n y = FQ(g)", "a=Neg(x) e=Tanh(a) p=Add(e) m=Mul(a) g=Mul(m) y=FakeQuant(g)"},
		"a product of a Conv":  {"a = FQ(x)\n c = Conv(x, w)\n s = Mul(a, c)\n y = FQ(s)", "a=FakeQuant(x) c=Conv(x) y=Of(a) does 2 c/1"},
		"a channel's number":   {"a = FQ(x)\n const n [2 1 1]\n s = Mul(n, a)\n y = FQ(s)", "a=FakeQuant(x) y=Of(a) does 2 n/12"},
		"a column's number":    {"a = FQ(x)\n const n [4]\n s = Add(a, n)\n y = FQ(s)", "a=FakeQuant(x) y=Of(a) does 1 n/1"},
		"one number":           {"a = FQ(x)\n const n = 2\n s = Add(a, n)\n y = FQ(s)", "a=FakeQuant(x) y=Of(a) does 1 n/24"},
		"a plane's number":     {"a = FQ(x)\n const n [1 2 3 1]\n s = Add(a, n)\n y = FQ(s)", "a=FakeQuant(x) y=Of(a) does 1 n/4"},
		"two axes apart":       {"a = FQ(x)\n const n [2 1 4]\n s = Add(a, n)\n y = FQ(s)", "a=FakeQuant(x) s=Add(a) y=FakeQuant(s)"},
		"sum, gate, clip":      {"a = FQ(x)\n b = FQ(x)\n s = Add(a, b)\n g = Sigmoid(s)\n m = Mul(s, g)\n r = Relu(m)\n y = FQ(r)", "a=FakeQuant(x) b=FakeQuant(x) y=Of(a) does 9 b/1[0 +Inf]"},
		"clip before the gate": {"a = Neg(x)\n r = Relu(a)\n g = Sigmoid(r)\n m = Mul(r, g)\n y = FQ(m)", "a=Neg(x) r=Relu(a) y=Of(r) does 8 /1"},
		"three":                {"a = FQ(x)\n b = FQ(x)\n s = Sum(a, b, b)\n y = FQ(s)", "a=FakeQuant(x) b=FakeQuant(x) s=Sum(a) y=FakeQuant(s)"},
		"constants":            {"const n [1 2 3 4]\n const o = 1\n s = Add(n, o)\n y = FQ(s)", "s=Add(n) y=FakeQuant(s)"},
	} {
		t.Run(name, func(t *testing.T) {
			out := "y"
			if strings.Contains(c.text, "z = ") {
				out = "y z"
			}
			m := sized(switchable(t, "const w [2 2 1 1]\n const k [2]\n const v [4 4]\n const b4 [4]\n"+c.text+"\n return "+out, 21))
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
