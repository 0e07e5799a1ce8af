package sites_test

import (
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

const normHead = "input x\n const ax int64 [1] = -1\n const ay int64 [1] = 1\n const two = 2\n const one = 1\n const half = 0.5\n const eps = 1e-5\n const zero = 0\n const n4 = 0.25\n const four = 4\n" +
	"const neg = -0.5\n const g [4]\n const b [4]\n const sh int64 [3] = 0 4 1\n"

// Forms in which exporters write what normalizations are made of; "D" is what is squared, "V" the variance with
// epsilon, "R" one over the deviation.
var (
	squares   = []string{"q = Pow(D, two)\n", "q = Mul(D, D)\n"}
	variances = map[string]string{
		"mean":                      "v = ReduceMean(q, ax)\n V = Add(v, eps)\n",
		"epsilon first":             "v = ReduceMean(q, ax)\n V = Add(eps, v)\n",
		"sum times one over n":      "u = ReduceSum(q, ax)\n v = Mul(u, n4)\n V = Add(v, eps)\n",
		"sum through n":             "u = ReduceSum(q, ax)\n v = Div(u, four)\n V = Add(v, eps)\n",
		"unbiased":                  "u = ReduceMean(q, ax)\n t = Mul(u, four)\n v = Div(t, two)\n V = Add(v, eps)\n",
		"a lowest value":            "v = ReduceMean(q, ax)\n V = Max(v, eps)\n",
		"a lowest value as Clip":    "v = ReduceMean(q, ax)\n V = Clip(v, eps)\n",
		"without epsilon":           "V = ReduceMean(q, ax)\n",
		"squared and summed as one": "u = ReduceSumSquare(D, ax)\n v = Mul(u, n4)\n V = Add(v, eps)\n",
		"unsqueezed":                "u = ReduceMean(q, ax) keepdims=0\n v = Unsqueeze(u, ax)\n V = Add(v, eps)\n",
	}
	ends = map[string]string{
		"Div by Sqrt":                "s = Sqrt(V)\n y = Div(D, s)\n",
		"Div by Pow(0.5)":            "s = Pow(V, half)\n y = Div(D, s)\n",
		"Reciprocal":                 "s = Sqrt(V)\n r = Reciprocal(s)\n y = Mul(D, r)\n",
		"Reciprocal first":           "s = Sqrt(V)\n r = Reciprocal(s)\n y = Mul(r, D)\n",
		"one through":                "s = Sqrt(V)\n r = Div(one, s)\n y = Mul(D, r)\n",
		"Pow(-0.5)":                  "r = Pow(V, neg)\n y = Mul(D, r)\n",
		"Sqrt of Reciprocal":         "s = Reciprocal(V)\n r = Sqrt(s)\n y = Mul(D, r)\n",
		"Sqrt of one through":        "s = Div(one, V)\n r = Sqrt(s)\n y = Mul(D, r)\n",
		"Sqrt + epsilon":             "s = Sqrt(V)\n t1 = Add(s, eps)\n y = Div(D, t1)\n",
		"Sqrt + epsilon, Reciprocal": "s = Sqrt(V)\n t1 = Add(eps, s)\n r = Reciprocal(t1)\n y = Mul(D, r)\n",
		"Max behind Sqrt":            "s = Sqrt(V)\n t1 = Max(s, eps)\n y = Div(D, t1)\n",
		"Clip behind Sqrt":           "s = Sqrt(V)\n t1 = Clip(s, eps)\n y = Div(D, t1)\n",
		"Expand":                     "s = Sqrt(V)\n r = Reciprocal(s)\n d1 = Shape(x)\n r1 = Expand(r, d1)\n y = Mul(D, r1)\n",
		"gamma in the gain":          "s = Sqrt(V)\n r = Reciprocal(s)\n r1 = Mul(r, g)\n y = Mul(D, r1)\n",
		"gamma through":              "s = Sqrt(V)\n r = Div(g, s)\n y = Mul(D, r)\n",
		"gamma in the numerator":     "s = Sqrt(V)\n d1 = Mul(g, D)\n y = Div(d1, s)\n",
	}
	affines = []string{"", "y1 = Mul(y, g)\n", "y1 = Mul(g, y)\n y2 = Add(y1, b)\n"}
)

// TestHoldersOfNormForms writes every form of LayerNorm and RMSNorm: one holder, behind the last node.
func TestHoldersOfNormForms(t *testing.T) {
	for what, centre := range map[string]string{
		"LayerNorm":                       "m = ReduceMean(x, ax)\n D = Sub(x, m)\n",
		"LayerNorm of a sum through n":    "m0 = ReduceSum(x, ax)\n m = Div(m0, four)\n D = Sub(x, m)\n",
		"LayerNorm with an expanded mean": "m0 = ReduceMean(x, ax)\n d0 = Shape(x)\n m = Expand(m0, d0)\n D = Sub(x, m)\n",
		"RMSNorm":                         "D = Identity(x)\n",
	} {
		for i, square := range squares {
			for variance, v := range variances {
				for end, e := range ends {
					for j, last := range affines[(len(end)+len(variance)+i)%3:][:1] {
						j += (len(end) + len(variance) + i) % 3
						text := normHead + centre + square + v + e + last
						y := []string{"y", "y1", "y2"}[j]
						if strings.HasPrefix(what, "RMS") {
							text = strings.ReplaceAll(strings.Replace(text, centre, "", 1), "D", "x")
							text = strings.ReplaceAll(text, "xiv(", "Div(")
						} else {
							text = strings.ReplaceAll(text, "Div(", "#")
							text = strings.ReplaceAll(text, "D", "d")
							text = strings.ReplaceAll(text, "#", "Div(")
						}
						if strings.HasPrefix(variance, "squared") {
							text = strings.Replace(text, strings.NewReplacer("D", map[bool]string{true: "x", false: "d"}[strings.HasPrefix(what, "RMS")]).Replace(square), "", 1)
						}
						text += "z = Neg(" + y + ")\n return z\n"
						got, reasons := holderNames(t, onnxtest.FromText(t, text), network.Options{})
						if got != "x "+y {
							t.Fatalf("%s, square %d, %s, %s: holders %q, want x %s, reasons %q of\n%s", what, i, variance, end, got, y, reasons, text)
						}
						for tensor, reason := range reasons {
							if tensor != "z" && !strings.Contains(reason, what[:7]) && !strings.HasPrefix(reason, "moves") {
								t.Errorf("%s: %s: %s", what, tensor, reason)
							}
						}
					}
				}
			}
		}
	}
}

func TestHoldersOfNorms(t *testing.T) {
	const moments = "m = ReduceMean(x, ax)\n d = Sub(x, m)\n q = Mul(d, d)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n r = Reciprocal(s)\n"
	const neg = "z = Neg(y)\n return z"
	testSentences(t, []sentence{{
		name: "as Keras writes it: x*r + (beta - mean*r)",
		text: normHead + moments + "i = Mul(r, g)\n a = Mul(x, i)\n c = Mul(m, i)\n k = Sub(b, c)\n y = Add(a, k)\n" + neg,
		want: "x y", why: map[string]string{"a": "inside LayerNorm", "c": "inside LayerNorm", "k": "inside LayerNorm"},
	}, {
		name: "the summands exchanged",
		text: normHead + moments + "i = Mul(g, r)\n a = Mul(i, x)\n c = Mul(i, m)\n k = Sub(b, c)\n y = Add(k, a)\n" + neg,
		want: "x y",
	}, {
		name: "the sign at the mean: x*r + (beta + -mean*r)",
		text: normHead + moments + "i = Mul(r, g)\n a = Mul(x, i)\n n = Neg(m)\n c = Mul(n, i)\n k = Add(c, b)\n y = Add(a, k)\n" + neg,
		want: "x y", why: map[string]string{"n": "inside LayerNorm", "c": "inside LayerNorm", "k": "inside LayerNorm"},
	}, {
		name: "the sign at the product, and a mean that is reshaped",
		text: normHead + "m = ReduceMean(x, ax)\n m1 = Reshape(m, sh)\n d = Sub(x, m1)\n q = Mul(d, d)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n r = Reciprocal(s)\n" +
			"i = Mul(g, r)\n a = Mul(i, x)\n c = Mul(i, m)\n n = Neg(c)\n k = Add(b, n)\n y = Add(k, a)\n" + neg,
		want: "x y",
	}, {
		name: "no LayerNorm: the mean is added",
		text: normHead + moments + "a = Mul(x, r)\n c = Mul(m, r)\n y = Add(a, c)\n" + neg,
		want: "x m d q v s r a c y",
	}, {
		name: "no LayerNorm: the sign is there twice",
		text: normHead + moments + "a = Mul(x, r)\n n = Neg(m)\n c = Mul(n, r)\n k = Neg(c)\n y = Add(a, k)\n" + neg,
		want: "x m d q v s r a n c k y",
	}, {
		name: "the sign at the mean, without beta",
		text: normHead + moments + "a = Mul(x, r)\n n = Neg(m)\n c = Mul(n, r)\n y = Add(a, c)\n" + neg,
		want: "x y",
	}, {
		name: "without gamma and beta: x*r - mean*r",
		text: normHead + moments + "a = Mul(x, r)\n c = Mul(m, r)\n y = Sub(a, c)\n" + neg,
		want: "x y",
	}, {
		name: "with beta behind: x*i - mean*i + beta",
		text: normHead + moments + "i = Mul(r, g)\n a = Mul(x, i)\n c = Mul(m, i)\n k = Sub(a, c)\n y = Add(k, b)\n" + neg,
		want: "x y",
	}, {
		name: "the variance as the mean of squares less the square of the mean (flax)",
		text: normHead + "m = ReduceMean(x, ax)\n q = Mul(x, x)\n u = ReduceMean(q, ax)\n p = Mul(m, m)\n w = Sub(u, p)\n v = Max(w, zero)\n e = Add(v, eps)\n s = Sqrt(e)\n r = Reciprocal(s)\n" +
			"i = Mul(r, g)\n d = Sub(x, m)\n a = Mul(d, i)\n y = Add(a, b)\n" + neg,
		want: "x y",
	}, {
		name: "the same as Keras writes it",
		text: normHead + "m = ReduceMean(x, ax)\n q = Mul(x, x)\n u = ReduceMean(q, ax)\n p = Pow(m, two)\n w = Sub(u, p)\n e = Add(w, eps)\n r = Pow(e, neg)\n" +
			"i = Mul(r, g)\n a = Mul(x, i)\n c = Mul(m, i)\n k = Sub(b, c)\n y = Add(a, k)\n" + neg,
		want: "x y",
	}, {
		name: "the mean and the difference computed twice",
		text: normHead + "m = ReduceMean(x, ax)\n d = Sub(x, m)\n m1 = ReduceMean(x, ax)\n d1 = Sub(x, m1)\n q = Pow(d1, two)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n r = Pow(e, neg)\n y = Mul(d, r)\n" + neg,
		want: "x y",
	}, {
		name: "L2 norm: x / Max(ReduceL2(x), epsilon)",
		text: normHead + "l = ReduceL2(x, ax)\n c = Clip(l, eps)\n d1 = Shape(x)\n e = Expand(c, d1)\n y = Div(x, e)\n" + neg,
		want: "x y", why: map[string]string{"l": "inside L2Norm"},
	}, {
		name: "L2 norm by single operators",
		text: normHead + "q = Mul(x, x)\n u = ReduceSum(q, ax)\n c = Max(u, eps)\n s = Sqrt(c)\n r = Reciprocal(s)\n y = Mul(x, r)\n" + neg,
		want: "x y", why: map[string]string{"u": "inside L2Norm"},
	}, {
		name: "LogSoftmax by single operators",
		text: normHead + "m = ReduceMax(x, ax)\n d = Sub(x, m)\n e = Exp(d)\n s = ReduceSum(e, ax)\n l = Log(s)\n y = Sub(d, l)\n" + neg,
		want: "x y", why: map[string]string{"m": "moves", "d": "inside LogSoftmax", "e": "inside LogSoftmax"},
	}, {
		name: "LogSoftmax without a maximum, and by the sum of exponentials",
		text: normHead + "e = Exp(x)\n s = ReduceSum(e, ax)\n l = Log(s)\n v = Sub(x, l)\n w = Neg(v)\n k = ReduceLogSumExp(w, ax)\n y = Sub(w, k)\n" + neg,
		want: "x v w y",
	}, {
		name: "the logarithm of another sum is none",
		text: normHead + "input u\n e = Exp(u)\n s = ReduceSum(e, ax)\n l = Log(s)\n y = Sub(x, l)\n" + neg,
		want: "x u e s l y",
	}, {
		name: "a product with the deviation of another tensor is none",
		text: normHead + "input w\n q = Mul(x, x)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n y = Div(w, s)\n" + neg,
		want: "x w q v s y",
	}, {
		name: "a gate by the deviation of x is none",
		text: normHead + "q = Mul(x, x)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n y = Mul(x, s)\n" + neg,
		want: "x q v s y",
	}, {
		name: "the mean of products of two tensors is no variance",
		text: normHead + "input w\n q = Mul(x, w)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n y = Div(x, s)\n" + neg,
		want: "x w q v s y",
	}, {
		name: "x*r - mean*r of a mean over another axis is none",
		text: normHead + moments + "m1 = ReduceMean(x, ay)\n a = Mul(x, r)\n c = Mul(m1, r)\n y = Sub(a, c)\n" + neg,
		want: "x m d q v s r m1 a c y",
	}, {
		name: "a deviation that the network returns is a holder",
		text: normHead + "q = Mul(x, x)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n y = Div(x, s)\n h = Add(s, one)\n z = Neg(y)\n return z h",
		want: "x s y",
	}, {
		name: "group norm: InstanceNormalization between two Reshapes, with its factor and summand",
		text: normHead + "const o [2] = 1 1\n const c4 [4 1 1]\n const d4 [4 1 1]\n a = Reshape(x, sh)\n i = InstanceNormalization(a, o, o)\n k = Reshape(i, sh)\n f = Mul(k, c4)\n y = Add(f, d4)\n" + neg,
		want: "x y", why: map[string]string{"i": "InstanceNormalization", "f": "InstanceNormalization"},
	}, {
		name: "group norm by single operators",
		text: normHead + "const c4 [4 1 1]\n const d4 [4 1 1]\n a = Reshape(x, sh)\n m = ReduceMean(a, ax)\n d = Sub(a, m)\n q = Mul(d, d)\n v = ReduceMean(q, ax)\n e = Add(v, eps)\n s = Sqrt(e)\n n = Div(d, s)\n" +
			"k = Reshape(n, sh)\n f = Mul(k, c4)\n y = Add(f, d4)\n" + neg,
		want: "x y",
	}}, network.Options{})
}
