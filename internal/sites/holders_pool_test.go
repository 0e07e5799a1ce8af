package sites_test

import (
	"strings"
	"testing"

	"example.org/demote/internal/network"
)

func TestHoldersOfMeanPooling(t *testing.T) {
	const head = "input x\n input i int64\n const ax int64 [1] = 1\n const a2 int64 [1] = 2\n const eps = 1e-9\n const one = 1\n const zero = 0\n const pad int64 = 0\n const w [4 4]\n h = MatMul(x, w)\n d = Shape(h)\n"
	const mask = "u = Unsqueeze(i, a2)\n e = Expand(u, d)\n m = Cast(e) to=1\n "
	const tail = "z = MatMul(y, w)\n return z"
	pooled := func(name, text string) sentence {
		return sentence{name: name, text: head + text + tail, want: "x h q s y"}
	}
	testSentences(t, []sentence{
		pooled("as sentence-transformers writes it", mask+"q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n"),
		pooled("operands exchanged, the cast first", "f = Cast(i) to=1\n m = Unsqueeze(f, a2)\n q = Mul(m, h)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Max(eps, c)\n y = Div(s, k)\n"),
		pooled("expanded after the cast", "f = Cast(i) to=1\n u = Unsqueeze(f, a2)\n m = Expand(u, d)\n q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n"),
		pooled("epsilon is added, two casts", mask+"f = Cast(i) to=1\n q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(f, ax)\n k = Add(c, eps)\n y = Div(s, k)\n"),
		pooled("counted in integers", mask+"q = Mul(h, m)\n s = ReduceSum(q, ax)\n n = ReduceSum(i, ax)\n c = Cast(n) to=1\n y = Div(s, c)\n"),
		pooled("through a reciprocal", mask+"q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n r = Reciprocal(k)\n y = Mul(s, r)\n"),
		pooled("through one over it", mask+"q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n r = Div(one, c)\n y = Mul(r, s)\n"),
		pooled("means of both", mask+"q = Mul(h, m)\n s = ReduceMean(q, ax)\n c = ReduceMean(m, ax)\n y = Div(s, c)\n"),
	}, network.Options{})
	testSentences(t, []sentence{{
		name: "why, and squeezed on the way",
		text: head + mask + "q = Mul(h, m)\n s0 = ReduceSum(q, ax)\n s = Squeeze(s0, ax)\n c0 = ReduceSum(m, ax)\n c = Squeeze(c0, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s0 y",
		why:  map[string]string{"m": "mask and count of a mean", "c0": "mask and count of a mean", "k": "mask and count of a mean"},
	}, {
		name: "a mask of comparisons",
		text: head + "b = Equal(i, pad)\n n = Not(b)\n u = Unsqueeze(n, a2)\n m = Cast(u) to=1\n q = Mul(h, m)\n s = ReduceSum(q, ax)\n f = Cast(n) to=1\n c = ReduceSum(f, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s y",
	}, {
		name: "Where in place of the product",
		text: head + "b = Equal(i, pad)\n u = Unsqueeze(b, a2)\n q = Where(u, zero, h)\n s = ReduceSum(q, ax)\n n = Not(b)\n f = Cast(n) to=1\n c = ReduceSum(f, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s y",
		why:  map[string]string{"f": "mask and count", "c": "mask and count"},
	}, {
		name: "one less the mask of what is padded",
		text: head + "f = Cast(i) to=1\n m = Sub(one, f)\n u = Unsqueeze(m, a2)\n q = Mul(h, u)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s y",
		why:  map[string]string{"f": "mask and count", "m": "mask and count", "k": "mask and count"},
	}, {
		name: "the mask is a float input",
		text: "input f\n" + head + "m = Unsqueeze(f, a2)\n q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s y",
		why:  map[string]string{"f": "mask and count of a mean", "k": "mask and count of a mean"},
	}, {
		name: "the mask is a bool input",
		text: strings.Replace(head, "input i int64", "input i bool", 1) + mask + "q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h q s y",
	}, {
		name: "lengths",
		text: head + "s = ReduceSum(h, ax)\n f = Cast(i) to=1\n u = Unsqueeze(f, ax)\n y = Div(s, u)\n" + tail,
		want: "x h s y",
		why:  map[string]string{"f": "mask and count of a mean"},
	}, {
		name: "the mask becomes weights",
		text: head + mask + "c = ReduceSum(m, ax)\n k = Clip(c, eps)\n v = Div(m, k)\n q = Mul(h, v)\n y = ReduceSum(q, ax)\n" + tail,
		want: "x h v q y",
		why:  map[string]string{"m": "mask and count", "k": "mask and count"},
	}, {
		name: "the mask masks attention too",
		text: head + "const n = -10000\n f = Cast(i) to=1\n g = Sub(one, f)\n b = Mul(g, n)\n t = Transpose(h)\n s0 = MatMul(h, t)\n a = Add(s0, b)\n p = Softmax(a)\n o = MatMul(p, h)\n" +
			"u = Unsqueeze(f, a2)\n q = Mul(o, u)\n s = ReduceSum(q, ax)\n c = ReduceSum(f, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h s0 p o q s y",
	}, {
		name: "weights that are computed are no mask",
		text: head + "m = Sigmoid(h)\n q = Mul(h, m)\n q1 = Mul(x, m)\n s = ReduceSum(q1, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y0 = Div(s, k)\n y = Add(y0, q)\n" + tail,
		want: "x m q q1 s c y0 y",
	}, {
		name: "the mask of another mean is none of this one's",
		text: "input j int64\n" + head + "m = Cast(i) to=1\n f = Cast(j) to=1\n q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(f, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n" + tail,
		want: "x h m f q s c y",
	}, {
		name: "a mask that something else computes with, and a count that the network returns, have holders",
		text: head + mask + "q = Mul(h, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n v = Exp(m)\n b = Exp(k)\n z = MatMul(y, w)\n return z v b",
		want: "x h m q s k y",
	}, {
		name: "features that are integers, pooled",
		text: head + "input j int64\n g = Cast(j) to=1\n" + mask + "q = Mul(g, m)\n s = ReduceSum(q, ax)\n c = ReduceSum(m, ax)\n k = Clip(c, eps)\n y = Div(s, k)\n y2 = Add(y, h)\n z = MatMul(y2, w)\n return z",
		want: "x h g q s y y2",
	}}, network.Options{})
}
