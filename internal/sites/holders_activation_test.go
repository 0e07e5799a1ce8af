package sites_test

import (
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

// activationHead makes the tensor a that the activations read, inside which no holder is left once one is found.
const activationHead = "input x\n const w [4 4]\n const half = 0.5\n const one = 1\n const two = 2\n const zero = 0\n const three = 3\n const six = 6\n const sixth = 0.16666667\n" +
	"const r2 = 1.4142135\n const i2 = 0.70710677\n const ni2 = -0.70710677\n const c1 = 0.7978846\n const c3 = 0.044715\n const c13 = 0.035677408\n const cs = 1.5957691\n const q = 1.702\n const fifth = 0.2\n const tenth = 0.1\n" +
	"const alpha [4] = 0.1 0.2 0.3 0.25\n const nalpha [4] = -0.1 -0.2 -0.3 -0.25\n const sh int64 [2] = 4 4\n const la = 1.6732632\n const ll = 1.050701\n a = MatMul(x, w)\n"

func TestHoldersOfActivationForms(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		// Gelu by tanh
		// JAX
		{"Gelu", "b = Mul(a, a)\n c = Mul(a, b)\n d = Mul(c3, c)\n e = Add(a, d)\n f = Mul(c1, e)\n g = Tanh(f)\n h = Add(one, g)\n i = Mul(half, h)\n y = Mul(a, i)"},
		// torch
		{"Gelu", "b = Pow(a, three)\n d = Mul(b, c3)\n e = Add(a, d)\n f = Mul(e, c1)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(a, h)\n y = Mul(i, half)"},
		{"Gelu", "b = Mul(a, a)\n c = Mul(b, a)\n d = Mul(c, c3)\n e = Add(d, a)\n f = Mul(e, c1)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(a, half)\n y = Mul(i, h)"},
		// Megatron
		{"Gelu", "b = Mul(a, c3)\n c = Mul(b, a)\n d = Add(one, c)\n e = Mul(a, c1)\n f = Mul(e, d)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(a, h)\n y = Mul(half, i)"},
		{"Gelu", "b = Mul(c1, a)\n c = Mul(a, a)\n d = Mul(c, c3)\n e = Add(d, one)\n f = Mul(b, e)\n g = Tanh(f)\n h = Mul(g, half)\n i = Add(h, half)\n y = Mul(a, i)"},
		{"Gelu", "b = Mul(a, a)\n c = Mul(b, a)\n d = Mul(c, c13)\n e = Mul(a, c1)\n f = Add(d, e)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(h, a)\n y = Div(i, two)"},
		// by Sigmoid
		{"Gelu", "b = Mul(a, a)\n c = Mul(a, b)\n d = Mul(c3, c)\n e = Add(a, d)\n f = Mul(cs, e)\n g = Sigmoid(f)\n y = Mul(a, g)"},
		{"Gelu", "b = Mul(a, a)\n b2 = Mul(a, a)\n c0 = Mul(b, a)\n c2 = Mul(b2, a)\n c1h = Add(c0, c2)\n c = Mul(c1h, half)\n d = Mul(c, c13)\n e = Mul(a, c1)\n f = Add(d, e)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(h, a)\n y = Div(i, two)"},
		// with transposes inside, as exporters leave them that lay networks out anew
		{"Gelu", "t = Transpose(a) perm=[1,0]\n b = Pow(t, three)\n d = Mul(b, c3)\n u = Transpose(d) perm=[1,0]\n e = Add(a, u)\n f = Mul(e, c1)\n g = Tanh(f)\n h = Add(g, one)\n i = Mul(a, half)\n y = Mul(i, h)"},
		{"SiLU", "t = Transpose(a) perm=[1,0]\n b = Sigmoid(t)\n u = Transpose(b) perm=[1,0]\n y = Mul(a, u)"},
		{"HardSwish", "t = Transpose(a) perm=[1,0]\n b = Add(t, three)\n c = Clip(b, zero, six)\n d = Mul(c, sixth)\n u = Transpose(d) perm=[1,0]\n y = Mul(u, a)"},
		// Gelu by Erf
		{"Gelu", "b = Mul(a, i2)\n c = Erf(b)\n d = Mul(c, half)\n e = Add(d, half)\n y = Mul(a, e)"},
		{"Gelu", "b = Mul(a, ni2)\n c = Erf(b)\n d = Sub(one, c)\n e = Mul(a, d)\n y = Mul(e, half)"}, // JAX's erfc
		{"Gelu", "b = Neg(a)\n b1 = Div(b, r2)\n c = Erf(b1)\n d = Sub(one, c)\n e = Mul(a, half)\n y = Mul(e, d)"},
		{"Gelu", "b = Div(a, r2)\n c = Erf(b)\n d = Add(c, one)\n e = Mul(a, d)\n y = Mul(e, half)"},
		{"Gelu", "b = Div(a, r2)\n c = Erf(b)\n e = Mul(a, c)\n d = Add(a, e)\n y = Div(d, two)"}, // (x + x*erf) / 2
		{"Gelu", "b0 = Cast(a) to=1\n b = Div(b0, r2)\n c = Erf(b)\n c1c = Identity(c)\n d = Add(c1c, one)\n e = Mul(a, d)\n y = Mul(e, half)"},
		// SiLU and its like
		{"SiLU", "b = Sigmoid(a)\n y = Mul(a, b)"},
		{"SiLU", "b = Mul(a, q)\n c = Sigmoid(b)\n y = Mul(a, c)"}, // QuickGelu
		{"SiLU", "b = Mul(q, a)\n c = Sigmoid(b)\n y = Mul(c, a)"},
		{"SiLU", "b = Neg(a)\n c = Exp(b)\n d = Add(c, one)\n y = Div(a, d)"},
		{"SiLU", "b = Neg(a)\n c = Exp(b)\n d = Add(one, c)\n e = Reciprocal(d)\n y = Mul(a, e)"},
		{"SiLU", "b = Div(a, two)\n c = Tanh(b)\n d = Add(c, one)\n e = Mul(d, half)\n y = Mul(e, a)"},
		{"Sigmoid", "b = Neg(a)\n c = Exp(b)\n d = Add(c, one)\n y = Reciprocal(d)"},
		{"Sigmoid", "b = Neg(a)\n c = Exp(b)\n d = Add(c, one)\n y = Div(one, d)"},
		{"Sigmoid", "b = Exp(a)\n d = Add(b, one)\n y = Div(b, d)"},
		{"Tanh", "b = Mul(a, two)\n c = Sigmoid(b)\n d = Mul(c, two)\n y = Sub(d, one)"},
		{"Tanh", "b = Exp(a)\n c = Neg(a)\n d = Exp(c)\n e = Sub(b, d)\n f = Add(b, d)\n y = Div(e, f)"},
		{"Softplus", "b = Exp(a)\n c = Add(b, one)\n y = Log(c)"},
		{"Mish", "b = Softplus(a)\n c = Tanh(b)\n y = Mul(a, c)"},
		{"Mish", "b = Exp(a)\n c = Add(one, b)\n d = Log(c)\n e = Tanh(d)\n y = Mul(e, a)"},
		// pieces of lines
		{"HardSwish", "b = HardSigmoid(a)\n y = Mul(a, b)"},
		{"HardSwish", "b = HardSigmoid(a) alpha=0.16666667 beta=0.5\n y = Mul(b, a)"},
		{"HardSwish", "b = Add(a, three)\n c = Clip(b, zero, six)\n d = Mul(a, c)\n y = Div(d, six)"},
		{"HardSwish", "b = Add(a, three)\n c = Clip(b, zero, six)\n d = Mul(a, sixth)\n y = Mul(d, c)"},
		{"HardSwish", "b = Add(a, three)\n c0 = Relu(b)\n c = Min(c0, six)\n d = Mul(c, sixth)\n y = Mul(d, a)"},
		{"HardSwish", "b = Add(three, a)\n c0 = Max(b, zero)\n c = Min(six, c0)\n d = Mul(a, c)\n y = Mul(d, sixth)"},
		{"HardSwish", "b = Mul(a, sixth)\n c = Add(b, half)\n d = Clip(c, zero, one)\n y = Mul(a, d)"},
		{"HardSwish", "b = Add(a, three)\n c = Relu(b)\n c2 = Clip(c, zero, six)\n d = Mul(a, c2)\n y = Div(d, six)"},
		{"HardSigmoid", "b = Add(a, three)\n c = Clip(b, zero, six)\n y = Div(c, six)"},
		{"HardSigmoid", "b = Mul(a, fifth)\n c = Add(b, half)\n y = Clip(c, zero, one)"}, // Keras
		{"Relu", "y = Max(a, zero)"},
		{"Relu", "y = Max(zero, a)"},
		{"Relu", "b = Abs(a)\n c = Add(a, b)\n y = Mul(c, half)"},
		{"Relu", "c = Greater(a, zero)\n y = Where(c, a, zero)"},
		{"Relu", "b = Relu(a)\n y = Min(b, six)"}, // the layer takes the Relu in, and then the Min
		{"Clip", "b = Max(a, zero)\n y = Min(b, six)"},
		{"LeakyRelu", "b = Mul(a, tenth)\n y = Max(a, b)"},
		{"LeakyRelu", "c = Greater(a, zero)\n b = Mul(tenth, a)\n y = Where(c, a, b)"},
		{"LeakyRelu", "b = Relu(a)\n c = Neg(a)\n d = Relu(c)\n e = Mul(d, tenth)\n y = Sub(b, e)"},
		{"PRelu", "b = Relu(a)\n c = Neg(a)\n d = Relu(c)\n e = Mul(nalpha, d)\n y = Add(b, e)"}, // Keras
		{"PRelu", "b = Relu(a)\n c = Abs(a)\n d = Sub(a, c)\n e = Mul(alpha, d)\n f = Mul(e, half)\n y = Add(b, f)"},
		{"PRelu", "b = Max(a, zero)\n c = Min(zero, a)\n d = Mul(c, alpha)\n y = Add(b, d)"},
		// JAX
		{"Elu", "g = Greater(a, zero)\n b = Where(g, zero, a)\n c = Exp(b)\n d = Sub(c, one)\n y = Where(g, a, d)"},
		{"Elu", "b = Relu(a)\n c = Min(a, zero)\n d = Exp(c)\n e = Sub(d, one)\n y = Add(b, e)"},
		{"Selu", "g = Greater(a, zero)\n c = Exp(a)\n d = Sub(c, one)\n e = Mul(la, d)\n f = Where(g, a, e)\n y = Mul(ll, f)"},
	} {
		got, reasons := holderNames(t, onnxtest.FromText(t, activationHead+c.text+"\n z = MatMul(y, w)\n return z"), network.Options{})
		if got != "x y" || !strings.Contains(reasons["a"], "inside MatMul + "+c.name) {
			t.Errorf("%s: holders %q, want x y; a is %q of\n%s", c.name, got, reasons["a"], c.text)
		}
	}
}

func TestHoldersOfNoActivation(t *testing.T) {
	const tail = "\n z = MatMul(y, w)\n return z"
	// no weights that take a factor in
	product := strings.Replace(activationHead, "a = MatMul(x, w)", "input v\n a = MatMul(x, v)", 1)
	testSentences(t, []sentence{
		{name: "half of it", text: product + "y = Mul(a, half)" + tail, want: "x v a y"},
		{name: "a little more than itself", text: product + "const k = 1.00001\n y = Mul(a, k)" + tail, want: "x v a y"},
		{name: "a small share of it", text: product + "const k = 0.000001\n y = Mul(a, k)" + tail, want: "x v a y"},
		{name: "a small number added", text: product + "const k = 0.00001\n y = Add(a, k)" + tail, want: "x v a y"},
		{name: "its square", text: product + "y = Mul(a, a)" + tail, want: "x v a y"},
		{name: "a factor a channel", text: product + "y = Mul(a, alpha)" + tail, want: "x v a y"},
		{name: "a lowest value a channel", text: product + "y = Max(a, alpha)" + tail, want: "x v a y"},
		{name: "a table of zeros", text: product + "const k [4 4] = 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n y = Add(a, k)" + tail, want: "x v a y"},
		{name: "Abs, Exp and Softsign", text: activationHead + "b = Abs(a)\n c = MatMul(b, w)\n d = Exp(c)\n e = MatMul(d, w)\n y = Softsign(e)" + tail, want: "x a b c d e y"},
		{name: "Softsign by single operators is one, but the layer in front has a holder, as for the operator", text: activationHead + "b = Abs(a)\n c = Add(b, one)\n y = Div(a, c)" + tail, want: "x a y"},
		{name: "Gelu of another constant", text: activationHead + "b = Mul(a, a)\n c = Mul(b, a)\n d = Mul(c, tenth)\n e = Add(a, d)\n f = Mul(c1, e)\n g = Tanh(f)\n h = Add(one, g)\n i = Mul(half, h)\n y = Mul(a, i)" + tail,
			want: "x a b c d e f g i y"},
		{name: "a gate of another tensor by single operators", text: activationHead + "input u\n b = Neg(a)\n c = Exp(b)\n d = Add(c, one)\n e = Div(u, d)\n y = Neg(e)" + tail, want: "x u a b c e y"},
		{name: "an inner tensor that is read outside has a holder",
			text: activationHead + "b = Mul(a, q)\n c = Sigmoid(b)\n y = Mul(a, c)\n v = MatMul(c, w)\n z = MatMul(y, v)\n return z", want: "x c y v"},
		{name: "a gate in another order of axes", text: activationHead + "t = Transpose(a) perm=[1,0]\n b = Sigmoid(t)\n y = Mul(a, b)" + tail, want: "x a b y"},
		{name: "a tensor that two activations read", text: activationHead + "b = Sigmoid(a)\n c = Mul(a, b)\n d = Mul(a, q)\n e = Sigmoid(d)\n f = Mul(a, e)\n y = Add(c, f)" + tail, want: "x a c f y"},
	}, network.Options{})
}
