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
		if a := ir.Attr(n, "clip"); a != nil {
			text += fmt.Sprint(a.GetFloats())
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
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
		"no lower bound":      {21, "const h = 6\n a = Clip(x, , h)\n y = FQ(a)\n return y", "y=FakeQuant(x)[-Inf 6]"},
		"no upper bound":      {21, "const l = -1\n a = Clip(x, l)\n y = FQ(a)\n return y", "y=FakeQuant(x)[-1 +Inf]"},
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
