package sites_test

import (
	"fmt"
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

// scores begins an attention: x and its scores s.
const scores = "input x\n const w [4 4]\n k = MatMul(x, w)\n kt = Transpose(k)\n s = MatMul(x, kt)\n"

// attend ends one: the probabilities p of the masked scores a.
const attend = "p = Softmax(a)\n o = MatMul(p, k)\n e = Neg(o)\n return e\n"

func TestHoldersOfAttention(t *testing.T) {
	testSentences(t, []sentence{{
		name: "softmax output: holder; the unmasked scores: holder",
		text: scores + "p = Softmax(s)\n o = MatMul(p, k)\n e = Neg(o)\n return e",
		want: "x k s p o",
	}, {
		name: "between an attention mask's add and softmax: none",
		text: scores + "const m [4 4] = 0 -1e4 -1e4 -1e4 0 0 -1e4 -1e4 0 0 0 -1e4 0 0 0 0\n a = Add(s, m)\n" + attend,
		want: "x k s p o",
		why:  map[string]string{"a": "masked"},
	}, {
		name: "a mask is -3.4e38 or minus infinity too, and may come first",
		text: scores + "const m [1 4] = 0 -inf 0 -3.4028235e38\n a = Add(m, s)\n" + attend,
		want: "x k s p o",
	}, {
		name: "a one-dimensional mask is no bias",
		text: scores + "const m [4] = 0 -1e4 0 0\n a = Add(s, m)\n" + attend,
		want: "x k s p o",
	}, {
		name: "a table with other values is no mask",
		text: scores + "const m [1 4] = 0 -1e4 0 -100\n a = Add(s, m)\n" + attend,
		want: "x k s a p o",
	}, {
		name: "zeros alone are no mask",
		text: scores + "const m [1 4] = 0 0 0 0\n a = Add(s, m)\n" + attend,
		want: "x k s a p o",
	}, {
		name: "a float input is no mask: its values are not known",
		text: strings.Replace(scores, "input x", "input x\n input m", 1) + "a = Add(s, m)\n" + attend,
		want: "x m k s a p o",
	}, {
		name: "a mask's add that does not go to softmax computes",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n a = Add(s, m)\n p = Exp(a)\n e = Neg(p)\n return e",
		want: "x k s a p",
	}, {
		name: "a mask's add that something else reads too computes",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n a = Add(s, m)\n p = Softmax(a)\n q = Exp(a)\n e = Sub(p, q)\n f = Neg(e)\n return f",
		want: "x k s a p q e",
	}, {
		name: "a mask's add that the network returns computes",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n a = Add(s, m)\n p = Softmax(a)\n f = Neg(p)\n return f a",
		want: "x k s a p",
	}, {
		name: "reshaped between the mask and softmax",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n const d int64 [2] = 4 4\n b = Add(s, m)\n a = Reshape(b, d)\n" + attend,
		want: "x k s p o",
	}, {
		name: "another add between the mask and softmax",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n const r [4 4]\n b = Add(s, m)\n a = Add(b, r)\n" + attend,
		want: "x k s p o",
	}, {
		name: "a positional add before the mask computes",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n const r [4 4]\n b = Add(s, r)\n a = Add(b, m)\n" + attend,
		want: "x k s b p o",
	}, {
		name: "a mask as Where",
		text: strings.Replace(scores, "input x", "input x\n input c bool", 1) + "const z = 0\n const n = -1e9\n m = Where(c, z, n)\n a = Add(s, m)\n" + attend,
		want: "x k s p o",
		why:  map[string]string{"m": "mask", "a": "masked"},
	}, {
		name: "a Where between other numbers is no mask",
		text: strings.Replace(scores, "input x", "input x\n input c bool", 1) + "const z = 0\n const n = -5\n m = Where(c, z, n)\n a = Add(s, m)\n" + attend,
		want: "x k s m a p o",
	}, {
		name: "Where puts the number in place of the scores",
		text: strings.Replace(scores, "input x", "input x\n input c bool", 1) + "const n = -3.4028235e38\n a = Where(c, n, s)\n" + attend,
		want: "x k s p o",
	}, {
		name: "a mask computed from an integer input",
		text: strings.Replace(scores, "input x", "input x\n input i int64", 1) + "const ax int64 [2] = 1 2\n const one = 1\n const n = -10000\n" +
			"u = Unsqueeze(i, ax)\n f = Cast(u) to=1\n g = Sub(one, f)\n m = Mul(g, n)\n a = Add(s, m)\n" + attend,
		want: "x k s p o",
		why:  map[string]string{"f": "mask", "g": "mask", "m": "mask", "a": "masked"},
	}, {
		name: "a mask computed from a bool input and expanded by a runtime shape",
		text: strings.Replace(scores, "input x", "input x\n input i bool", 1) + "const one = 1\n const n = -3.4028235e38\n const z = 0\n" +
			"f = Cast(i) to=1\n d = Shape(s)\n v = Expand(f, d)\n g = Sub(one, v)\n b = Cast(g) to=9\n b2 = Cast(b) to=9\n m = Where(b2, n, g)\n a = Add(s, m)\n" + attend,
		want: "x k s p o",
		why:  map[string]string{"g": "mask", "m": "mask"},
	}, {
		name: "an integer input's mask that something else reads is a holder there",
		text: strings.Replace(scores, "input x", "input x\n input i int64", 1) + "const one = 1\n const n = -10000\n" +
			"f = Cast(i) to=1\n g = Sub(one, f)\n m = Mul(g, n)\n a = Add(s, m)\n p = Softmax(a)\n o = MatMul(p, k)\n q = Mul(o, f)\n e = Neg(q)\n return e",
		want: "x k s f p o q",
	}, {
		name: "causal and padding mask joined",
		text: strings.Replace(scores, "input x", "input x\n input i int64", 1) + "const one = 1\n const n = -10000\n const c [2 2] = 0 -1e4 0 0\n" +
			"f = Cast(i) to=1\n g = Sub(one, f)\n m = Mul(g, n)\n j = Add(m, c)\n a = Add(s, j)\n" + attend,
		want: "x k s p o",
	}, {
		name: "a causal mask cut by a runtime shape",
		text: scores + "const m [1 4] = 0 -1e4 0 0\n const z int64 [1] = 0\n const ax int64 [1] = 1\n d = Shape(s) start=0 end=1\n c = Slice(m, z, d, ax)\n a = Add(s, c)\n" + attend,
		want: "x k s p o",
		why:  map[string]string{"c": "constant"},
	}}, network.Options{})
}

// product writes a Mul with its operands in either order.
func product(out, a, b string, swap bool) string {
	if swap {
		a, b = b, a
	}
	return fmt.Sprintf("%s = Mul(%s, %s)\n", out, a, b)
}

func TestHoldersOfGelu(t *testing.T) {
	const head = "input x\n const w [4 4]\n const b [4]\n const half = 0.5\n const two = 2\n const one = 1\n const r = 1.4142135\n const i = 0.70710677\n" +
		"mm = MatMul(x, w)\n a = Add(b, mm)\n"
	const tail = "z = Neg(y)\n return z\n"
	scale := []string{"d = Div(a, r)\n", "d = Mul(a, i)\n", "d = Mul(i, a)\n"}
	plus := []string{"f = Add(e, one)\n", "f = Add(one, e)\n"}
	for mask := range 3 * 2 * 3 * 4 {
		s, p, order, swap, swap2 := mask%3, mask/3%2, mask/6%3, mask/18%2 == 1, mask/36 == 1
		text := head + scale[s] + "e = Erf(d)\n" + plus[p]
		switch order {
		case 0:
			text += product("g", "a", "f", swap) + product("y", "g", "half", swap2)
		case 1:
			text += product("g", "a", "half", swap) + product("y", "g", "f", swap2)
		case 2:
			text += product("g", "f", "half", swap) + product("y", "a", "g", swap2)
		}
		if got, reasons := holderNames(t, onnxtest.FromText(t, text+tail), network.Options{}); got != "x y" {
			t.Errorf("holders %q, want x y, reasons %q of\n%s", got, reasons, text)
		}
	}
	testSentences(t, []sentence{{
		name: "gelu as an operator",
		text: head + "y = Gelu(a)\n" + tail,
		want: "x y",
	}, {
		name: "halved by a division",
		text: head + "d = Div(a, r)\n e = Erf(d)\n f = Add(e, one)\n g = Mul(a, f)\n y = Div(g, two)\n" + tail,
		want: "x y",
	}, {
		name: "erf of another tensor is none",
		text: head + "d = Div(x, r)\n e = Erf(d)\n f = Add(e, one)\n g = Mul(a, f)\n y = Mul(g, half)\n" + tail,
		want: "x a d e f g y",
	}, {
		name: "another constant is none",
		text: head + "d = Div(a, two)\n e = Erf(d)\n f = Add(e, one)\n g = Mul(a, f)\n y = Mul(g, half)\n" + tail,
		want: "x a d e f g y",
	}, {
		name: "an output inside breaks it for that tensor",
		text: head + "d = Div(a, r)\n e = Erf(d)\n f = Add(e, one)\n g = Mul(a, f)\n y = Mul(g, half)\n z = Neg(y)\n h = Identity(f)\n return z h",
		want: "x f y",
	}}, network.Options{})
}

func TestHoldersOfLayerNorm(t *testing.T) {
	const head = "input x\n const ax int64 [1] = -1\n const ay int64 [1] = 1\n const two = 2\n const eps = 1e-5\n const g [4]\n const b [4]\n const pos [3 4]\n const k = 3\n"
	const norm = head + "m = ReduceMean(x, ax)\n d = Sub(x, m)\n q = Pow(d, two)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n r = Sqrt(e)\n n = Div(d, r)\n"
	testSentences(t, []sentence{{
		name: "one, after the last",
		text: norm + "s = Mul(n, g)\n y = Add(s, b)\n z = Neg(y)\n return z",
		want: "x y",
		why:  map[string]string{"m": "inside LayerNorm", "s": "inside LayerNorm"},
	}, {
		name: "operands of the commutative nodes exchanged",
		text: head + "m = ReduceMean(x, ax)\n d = Sub(x, m)\n q = Mul(d, d)\n v = ReduceMean(q, ax)\n e = Add(eps, v)\n r = Sqrt(e)\n n = Div(d, r)\n" +
			"s = Mul(g, n)\n y = Add(b, s)\n z = Neg(y)\n return z",
		want: "x y",
	}, {
		name: "the difference computed twice",
		text: head + "m = ReduceMean(x, ax)\n d = Sub(x, m)\n c = Sub(x, m)\n q = Pow(d, two)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n r = Sqrt(e)\n n = Div(c, r)\n" +
			"s = Mul(n, g)\n y = Add(s, b)\n z = Neg(y)\n return z",
		want: "x y",
	}, {
		name: "without gamma and beta",
		text: norm + "z = Neg(n)\n return z",
		want: "x n",
	}, {
		name: "without beta",
		text: norm + "y = Mul(n, g)\n z = Neg(y)\n return z",
		want: "x y",
	}, {
		name: "a positional add behind it computes",
		text: norm + "s = Mul(n, g)\n y = Add(s, b)\n p = Add(y, pos)\n z = Neg(p)\n return z",
		want: "x y p",
	}, {
		name: "a scalar behind it computes",
		text: norm + "y = Mul(n, k)\n z = Neg(y)\n return z",
		want: "x n y",
	}, {
		name: "an activation behind it is not taken in",
		text: norm + "s = Mul(n, g)\n y = Add(s, b)\n c = Relu(y)\n z = Neg(c)\n return z",
		want: "x y c",
	}, {
		name: "another reader of an inner tensor breaks it for that tensor",
		text: norm + "s = Mul(n, g)\n y = Add(s, b)\n p = Mul(y, r)\n z = Neg(p)\n return z",
		want: "x r y p",
	}, {
		name: "means over different axes are no LayerNorm, but an RMSNorm of the difference",
		text: strings.Replace(norm, "m = ReduceMean(x, ax)", "m = ReduceMean(x, ay)", 1) + "z = Neg(n)\n return z",
		want: "x m d n",
	}, {
		name: "as an operator",
		text: head + "y = LayerNormalization(x, g, b)\n z = Neg(y)\n return z",
		want: "x y",
	}}, network.Options{})
}
