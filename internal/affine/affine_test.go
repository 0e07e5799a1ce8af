package affine

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
)

// constantNode evaluates a MatMul with constant weights, or an Add, Sub, Mul or Div with a constant of one number a
// channel or one for all, on one sample of some channels.
func constantNode(t *testing.T, x *ir.Index, n ir.Node, in []float64) []float64 {
	t.Helper()
	at := 1
	if x.Initializer(ir.Input(n, 1)) == nil {
		at = 0
	}
	c, err := ir.Floats(x.Initializer(ir.Input(n, at)))
	if err != nil {
		t.Fatal(err)
	}
	if n.GetOpType() == "MatMul" {
		out := make([]float64, len(c)/len(in))
		for i := range c {
			if at == 1 {
				out[i%len(out)] += float64(c[i]) * in[i/len(out)]
			} else {
				out[i/len(in)] += float64(c[i]) * in[i%len(in)]
			}
		}
		return out
	}
	out := make([]float64, len(in))
	for i, v := range in {
		a, b := v, float64(c[i%len(c)])
		if at == 0 {
			a, b = b, a
		}
		switch n.GetOpType() {
		case "Add":
			out[i] = a + b
		case "Sub":
			out[i] = a - b
		case "Mul":
			out[i] = a * b
		case "Div":
			out[i] = a / b
		}
	}
	return out
}

func runAffineChain(t *testing.T, m *ir.Model, in []float64) []float64 {
	t.Helper()
	x, err := ir.NewIndex(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range x.Nodes() {
		switch n.GetOpType() {
		case "BatchNormalization":
			in = normalize(t, x, n, in)
		case "Conv", "ConvTranspose", "Gemm":
			in = affineNode(t, x, n, in)
		default:
			in = constantNode(t, x, n, in)
		}
	}
	return in
}

const factors = "const s = 1.5\n const s1 [1] = -0.75\n const c3 [4 1 1] = 1 -2 0.5 3\n const d3 [4 1 1] = 0.1 0.2 0 -1\n const c4 [1 4 1 1] = 1 -2 0.5 3\n const d4 [1 4 1 1] = 4 5 6 7\n" +
	"const c1 [4] = 1 -2 0.5 3\n const d1 [4] = 0.1 0.2 0 -1\n const c2 [1 4] = 3 -1 0.5 2\n const g [4] = 1 -2 0.5 3\n const v [4] = 0.5 1 2 0.01\n const b [4] = 1 2 3 4\n const zero [4 1 1] = 0 1 0 2\n"

// TestFoldAffine holds that factors and summands behind a layer end up in its weights and bias: one node is left, or
// two of a MatMul with a bias, and it computes the same.
func TestFoldAffine(t *testing.T) {
	const cv = "const w [4 6 1 1]\n c = Conv(x, w)\n"
	const cb = "const w [4 6 1 1]\n c = Conv(x, w, b)\n"
	const mm = "const w [6 4]\n c = MatMul(x, w)\n"
	for _, c := range []struct {
		name, text string
		left       string
	}{
		{"a number times conv", cv + "y = Mul(s, c)", "Conv"},
		{"one number a channel", cv + "y = Mul(c, c3)", "Conv"},
		{"conv with bias, four dimensions", cb + "y = Mul(c4, c)", "Conv"},
		{"a summand", cv + "y = Add(c, d3)", "Conv"},
		{"a summand to a bias", cb + "y = Add(s, c)", "Conv"},
		{"a subtrahend", cb + "y = Sub(c, d4)", "Conv"},
		{"a minuend", cb + "y = Sub(d4, c)", "Conv"},
		{"a divisor", cb + "y = Div(c, c3)", "Conv"},
		{"learned scale and shift, twice", cv + "e = Mul(s, c)\n f = Add(e, s1)\n g1 = Mul(f, c3)\n y = Add(d3, g1)", "Conv"},
		{"in groups", "const w [4 3 1 1]\n c = Conv(x, w, b) group=2\n e = Mul(c, c3)\n y = Sub(e, d3)", "Conv"},
		{"transposed conv", "const w [6 4 1 1]\n c = ConvTranspose(x, w)\n e = Mul(c, c4)\n y = Add(e, d4)", "ConvTranspose"},
		{"transposed conv in groups", "const w [6 2 1 1]\n c = ConvTranspose(x, w, b) group=2\n e = Div(c, c3)\n y = Add(e, d3)", "ConvTranspose"},
		{"batch norm in front", cv + "e = BatchNormalization(c, g, b, b, v)\n f = Mul(e, c3)\n y = Add(f, d3)", "Conv"},
		{"batch norm behind", cv + "e = Mul(c, c3)\n f = Add(e, d3)\n y = BatchNormalization(f, g, b, b, v)", "Conv"},
		{"gemm", "const w [6 4]\n c = Gemm(x, w, b) alpha=0.5 beta=2.0\n e = Mul(c, c1)\n y = Add(e, d1)", "Gemm"},
		{"gemm, transposed, without bias", "const w [4 6]\n c = Gemm(x, w) transB=1\n e = Mul(c2, c)\n y = Sub(e, s)", "Gemm"},
		{"gemm with one number as bias", "const w [6 4]\n c = Gemm(x, w, s1) beta=2.0\n y = Mul(c, c1)", "Gemm"},
		{"matmul", mm + "y = Mul(c, c1)", "MatMul"},
		{"matmul through a row", mm + "y = Div(c, c2)", "MatMul"},
		{"matmul with bias", mm + "d = Add(c, b)\n y = Mul(d, c1)", "MatMul Add"},
		{"matmul with bias, a summand", mm + "d = Add(b, c)\n e = Sub(d, c2)\n y = Div(e, s)", "MatMul Add"},
		{"matmul with one number as bias", mm + "d = Add(c, s)\n y = Mul(d, c1)", "MatMul Add"},
		{"matmul, scale and shift", mm + "d = Mul(c, c1)\n y = Add(d, d1)", "MatMul Add"},
		{"matmul, subtracted", mm + "d = Sub(c, d1)\n y = Mul(d, s)", "MatMul Add"},
		{"matmul, from a constant", mm + "y = Sub(d1, c)", "MatMul Add"},
		{"matmul with the weights in front", "const w [4 6]\n c = MatMul(w, x)\n y = Mul(c, s)", "MatMul"},
		{"channels of zero", cb + "y = Mul(c, zero)", "Conv"},
		{"shared weights", "const w [6 6 1 1]\n const k [6 1 1] = 1 2 3 4 5 6\n c = Conv(x, w)\n e = Mul(c, k)\n f = Conv(e, w)\n y = Add(f, k)", "Conv Conv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, "input x\n"+factors+c.text+"\n return y")
			const seed = 5
			random := rand.New(rand.NewPCG(seed, 0))
			in := make([]float64, 6)
			for i := range in {
				in[i] = random.NormFloat64()
			}
			want := runAffineChain(t, m, in)
			if err := BatchNorm(m); err != nil {
				t.Fatal(err)
			}
			var ops []string
			for _, n := range m.Graph().Node {
				ops = append(ops, n.GetOpType())
			}
			if got := strings.Join(ops, " "); got != c.left {
				t.Errorf("%s is left, want %s", got, c.left)
			}
			got := runAffineChain(t, m, in)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) { // weights are rounded to float32
					t.Errorf("channel %d is %g, want %g", i, got[i], want[i])
				}
			}
			if last := m.Graph().Node[len(ops)-1]; ir.Output(last, 0) != "y" {
				t.Errorf("the result is called %q", ir.Output(last, 0))
			}
			for _, left := range m.Graph().Initializer {
				if name := left.GetName(); strings.Contains(c.text, ", c3)") && name == "c3" {
					t.Errorf("initializer %q is still there", name)
				}
			}
		})
	}
}

// TestFoldAffineLeavesOthers holds that what must stay stays, bit for bit.
func TestFoldAffineLeavesOthers(t *testing.T) {
	const cv = "const w [4 6 1 1]\n c = Conv(x, w)\n"
	for _, c := range []struct{ name, text string }{
		{"another reader", cv + "e = Mul(c, s)\n y = Add(e, c)\n return y"},
		{"an output between", cv + "y = Mul(c, s)\n return y c"},
		{"the tensor with itself", cv + "y = Mul(c, c)\n return y"},
		{"a factor that is computed", cv + "input u\n y = Mul(c, u)\n return y"},
		{"a factor that is an input with a default", "input s1\n" + cv + "y = Mul(c, s1)\n return y"},
		{"weights that are computed", "input u\n c = Conv(x, u)\n y = Mul(c, s)\n return y"},
		{"the divided constant", cv + "y = Div(s, c)\n return y"},
		{"division by zero", cv + "y = Div(c, zero)\n return y"},
		{"a constant of places, not of channels", cv + "const k [1 1 4 4]\n y = Mul(c, k)\n return y"},
		{"a row behind a convolution", cv + "y = Mul(c, c1)\n return y"},
		{"a constant that adds dimensions", cv + "const k [1 1 4 1 1]\n y = Mul(c, k)\n return y"},
		{"a constant that adds samples", cv + "const k [2 1 1 1]\n y = Mul(c, k)\n return y"},
		{"a factor beyond float32", cv + "const k = 3e38\n y = Mul(c, k)\n return y"},
		{"a factor below the normal numbers", cv + "const k = 1e-38\n y = Mul(c, k)\n return y"},
		{"a divisor beyond them", cv + "const k = 1e-39\n y = Div(c, k)\n return y"},
		{"not a number", cv + "const k = nan\n y = Mul(c, k)\n return y"},
		{"an infinite summand", cv + "const k = inf\n y = Add(c, k)\n return y"},
		{"a mask", "const w [6 4]\n c = Gemm(x, w)\n const k [4] = 0 -1e4 0 0\n y = Add(c, k)\n return y"},
		{"a bias of MatMul", "const w [6 4]\n c = MatMul(x, w)\n y = Add(c, c1)\n return y"},
		{"factors a channel behind weights with one scale", "const w [2 6 4]\n c = MatMul(x, w)\n y = Mul(c, c1)\n return y"},
		{"a table behind MatMul", "const w [6 4]\n const k [5 4]\n c = MatMul(x, w)\n d = Add(c, k)\n y = Mul(d, s)\n return y"},
		{"a factor behind another operator", "c = Neg(x)\n y = Mul(c, s)\n return y"},
		{"what begins an activation", cv + "const three = 3\n const l = 0\n const h = 6\n d = Add(c, three)\n e = Clip(d, l, h)\n y = Div(e, h)\n return y"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.FromText(t, "input x\n"+factors+c.text)
			before := m.Proto.String()
			if err := BatchNorm(m); err != nil {
				t.Fatal(err)
			}
			if m.Proto.String() != before {
				t.Errorf("it has changed: %v", m.Graph().Node)
			}
		})
	}
}

// TestFoldAffineByRank holds that a constant with more dimensions than the weights is taken in where the file says
// that the output has them, and is not where it would add one.
func TestFoldAffineByRank(t *testing.T) {
	for _, c := range []struct {
		rank, nodes int
	}{{0, 2}, {1, 2}, {2, 2}, {3, 1}, {4, 1}} {
		m := onnxtest.FromText(t, "input x\n const w [6 4]\n const k [1 1 4]\n c = MatMul(x, w)\n y = Mul(c, k)\n return y")
		if c.rank > 0 {
			m.Graph().Input[0] = ir.NewValue("x", ir.Float, []int64{-1, 2, 3, 6}[4-c.rank:])
		}
		if err := BatchNorm(m); err != nil {
			t.Fatal(err)
		}
		if got := len(m.Graph().Node); got != c.nodes {
			t.Errorf("an input of %d dimensions: %d nodes are left, want %d", c.rank, got, c.nodes)
		}
	}
	m := onnxtest.FromText(t, "input x\n const w [6 4]\n const k [1 4]\n c = MatMul(x, w)\n y = Mul(c, k)\n return y")
	m.Graph().Input[0] = ir.NewValue("x", ir.Float, []int64{6})
	if err := BatchNorm(m); err != nil || len(m.Graph().Node) != 2 {
		t.Errorf("a vector times a matrix: %d nodes are left, want 2 (%v)", len(m.Graph().Node), err)
	}
}
