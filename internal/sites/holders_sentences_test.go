package sites_test

import (
	"strings"
	"testing"

	"example.org/demote/internal/network"
	"example.org/demote/internal/onnxtest"
)

// sentence is one sentence of the specification of holders, and a graph that shows it.
type sentence struct {
	name string
	text string
	want string            // the holders
	why  map[string]string // part of the reason of tensors without one
}

const conv = "\nconst w [4 4 1 1]\n"

var sentences = []sentence{
	{
		name: "only float tensors",
		text: "input x\n input i int64\n input d double\n s = Shape(x)\n j = Add(i, i)\n e = Neg(d)\n y = Neg(x)\n z = Abs(y)\n return z j e s",
		want: "x y",
		why:  map[string]string{"d": "double", "e": "double"},
	}, {
		name: "float16 tensors are none, their conversion to float32 computes",
		text: "input x float16\n y = Neg(x)\n z = Cast(y) to=1\n a = Abs(z)\n return a",
		want: "z",
		why:  map[string]string{"x": "float16", "y": "float16"},
	}, {
		name: "after every node that computes, and at every float graph input: inputs first, then node order",
		text: "input b\n input a\n c = Neg(a)\n d = Exp(b)\n e = Sub(c, d)\n f = Neg(e)\n return f",
		want: "b a c d e",
	}, {
		name: "a node that stands too early in the file comes in topological order",
		text: "input x\n c = Neg(b)\n b = Exp(x)\n d = Neg(c)\n return d",
		want: "x b c",
	}, {
		name: "reshape, transpose, flatten, squeeze and unsqueeze hand their input's grid on",
		text: "input x\n const s int64 [2] = 4 4\n const ax int64 [1] = 0\n a = Reshape(x, s)\n b = Transpose(a)\n c = Unsqueeze(b, ax)\n" +
			"d = Squeeze(c, ax)\n e = Flatten(d)\n f = Neg(e)\n g = Neg(f)\n return g",
		want: "x f",
		why:  map[string]string{"a": "moves values of x", "b": "moves values of a", "e": "moves values of d"},
	}, {
		name: "slice, gather of an activation, expand, identity, dropout, max pooling and depth to space hand it on",
		text: "input x\n const i int64 [1] = 0\n const j int64 [1] = 3\n const s int64 [1] = 4\n a = Slice(x, i, j)\n b = Gather(a, i)\n c = Expand(b, s)\n" +
			"d = Identity(c)\n e, m = Dropout(d)\n f = MaxPool(e) kernel_shape=[2,2]\n g = DepthToSpace(f) blocksize=2\n h = Neg(g)\n k = Neg(h)\n return k",
		want: "x h",
	}, {
		name: "split with several outputs hands it on to each",
		text: "input x\n a, b, c = Split(x) axis=0 num_outputs=3\n d = Neg(a)\n e = Exp(b)\n f = Sub(d, e)\n g = Sub(f, c)\n h = Neg(g)\n return h",
		want: "x d e f g",
		why:  map[string]string{"a": "moves", "b": "moves", "c": "moves"},
	}, {
		name: "gather of an activation by a runtime index hands it on",
		text: "input x\n input i int64\n a = Gather(x, i)\n b = Neg(a)\n c = Neg(b)\n return c",
		want: "x b",
	}, {
		name: "a pad with zero hands it on, one with another value does not",
		text: "input x\n const p int64 [2] = 1 1\n const z = 0\n const v = -3\n a = Pad(x, p, z)\n b = Pad(a, p)\n c = Pad(b, p, v)\n" +
			"d = Pad(c, p, v) mode=reflect\n e = Neg(d)\n f = Neg(e)\n return f",
		want: "x c e",
	}, {
		name: "a pad with a value that is only known at run time does not",
		text: "input x\n input v\n const p int64 [2] = 1 1\n a = Pad(x, p, v)\n b = Neg(a)\n c = Neg(b)\n return c",
		want: "x v a b",
	}, {
		name: "concat has one at its output",
		text: "input x\n a = Neg(x)\n b = Concat(x, a) axis=0\n c = Transpose(b)\n d = Neg(c)\n return d",
		want: "x a b",
	}, {
		name: "resize moves values where it takes the nearest, else it computes",
		text: "input x\n const s [4] = 1 1 2 2\n a = Resize(x, , s) mode=nearest\n b = Resize(a, , s) mode=linear\n c = Resize(b, , s) mode=cubic\n d = Neg(c)\n return d",
		want: "x b c",
	}, {
		name: "a tensor inside a matched pattern gets none if all its consumers are in the pattern",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n c = Neg(b)\n return c",
		want: "x b",
		why:  map[string]string{"a": "inside Conv + Relu", "c": "output of the network"},
	}, {
		name: "but it gets one if another node reads it",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n d = Add(a, b)\n c = Neg(d)\n return c",
		want: "x a b d",
	}, {
		name: "or if it is an output of the network",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n c = Neg(b)\n return c a",
		want: "x a b",
	}, {
		name: "a reader of the shape alone breaks no pattern",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n s = Shape(a)\n d = Reshape(b, s)\n c = Neg(d)\n return c",
		want: "x b",
	}, {
		name: "batch norm after conv is folded first",
		text: "input x" + conv + "const p [4]\n a = Conv(x, w)\n n = BatchNormalization(a, p, p, p, p)\n b = Relu(n)\n c = Neg(b)\n return c",
		want: "x b",
		why:  map[string]string{"n": "inside Conv + Relu"},
	}, {
		name: "bias: an add of a one-dimensional constant to a matmul result, either input order",
		text: "input x\n const w [4 4]\n const b [4]\n a = MatMul(x, w)\n c = Add(a, b)\n d = MatMul(c, w)\n e = Add(b, d)\n f = Neg(e)\n return f",
		want: "x c e",
		why:  map[string]string{"a": "inside MatMul + Add", "d": "inside MatMul + Add"},
	}, {
		name: "bias: sole consumer",
		text: "input x\n const w [4 4]\n const b [4]\n a = MatMul(x, w)\n c = Add(a, b)\n d = Mul(c, a)\n f = Neg(d)\n return f",
		want: "x a c d",
	}, {
		name: "bias: a row of two and more dimensions, or one number, where the weights are constant",
		text: "input x\n const w [4 4]\n const b [1 4]\n const b3 [1 1 4]\n const s = 1\n a = MatMul(x, w)\n c = Add(a, b)\n d = MatMul(c, w)\n e = Add(b3, d)\n f = MatMul(e, w)\n g = Add(f, s)\n h = Neg(g)\n return h",
		want: "x c e g",
	}, {
		name: "bias: not where the weights are computed",
		text: "input x\n input w\n const b [1 4]\n const s = 1\n a = MatMul(x, w)\n c = Add(a, b)\n d = MatMul(c, w)\n e = Add(s, d)\n f = Neg(e)\n return f",
		want: "x w a c d e",
	}, {
		name: "bias: a row that something else has in between",
		text: "input x\n const w [4 4]\n const b [1 4]\n a = MatMul(x, w)\n c = Add(a, b)\n e = Mul(c, a)\n f = Neg(e)\n return f a",
		want: "x a c e",
	}, {
		name: "an add of any other constant computes",
		text: "input x\n const w [4 4]\n const pos [1 4 4]\n const col [4 1]\n a = MatMul(x, w)\n c = Add(a, pos)\n d = MatMul(c, w)\n e = Add(d, col)\n f = Neg(e)\n return f",
		want: "x a c d e",
	}, {
		name: "learned scale and shift behind a convolution are in its weights, behind an activation they are one",
		text: "input x" + conv + "const s [1] = 1.3\n const b [1] = 0.2\n const c8 [4 1 1]\n a = Conv(x, w)\n c = Mul(s, a)\n d = Add(c, b)\n e = HardSwish(d)\n f = Mul(c8, e)\n g = Add(f, c8)\n h = Conv(g, w)\n i = Neg(h)\n return i",
		want: "x e g h",
		why:  map[string]string{"d": "inside Conv + HardSwish", "f": "inside scale and shift"},
	}, {
		name: "mean and deviation of data: shift and scale",
		text: "input x" + conv + "const m [4 1 1]\n const k = 3\n a = Sub(x, m)\n b = Div(a, k)\n c = Conv(b, w)\n d = Neg(c)\n return d",
		want: "x b c",
	}, {
		name: "a BatchNormalization that stands alone, and scale and shift behind it (Caffe's Scale)",
		text: "input x\n const p [4]\n const c [4 1 1]\n a = BatchNormalization(x, p, p, p, p)\n b = Mul(a, c)\n d = Add(b, c)\n e = Relu(d)\n f = BatchNormalization(e, p, p, p, p)\n g = Relu(f)\n h = Neg(g)\n return h",
		want: "x e f g",
	}, {
		name: "a factor and a table are two, and so are a row and a column",
		text: "input x\n const k = 3\n const pos [1 4 4]\n const r [1 4]\n const c [4 1]\n a = Mul(x, k)\n b = Add(a, pos)\n d = Neg(b)\n e = Mul(d, r)\n f = Add(e, c)\n g = Neg(f)\n return g",
		want: "x a b d e f",
	}, {
		name: "scale and shift with another reader between, or a division of a constant",
		text: "input x\n const k = 3\n a = Mul(x, k)\n b = Add(a, k)\n c = Add(a, b)\n d = Div(k, c)\n e = Add(d, k)\n f = Neg(e)\n return f",
		want: "x a b c d e",
	}, {
		name: "activation after conv, transposed conv, gemm, matmul, matmul with bias, add",
		text: "input x" + conv + "const v [4 4]\n const b [4]\n a = Conv(x, w)\n ar = Relu(a)\n c = ConvTranspose(ar, w)\n cr = Tanh(c)\n d = Gemm(cr, v)\n dr = Sigmoid(d)\n" +
			"e = MatMul(dr, v)\n er = Clip(e)\n f = MatMul(er, v)\n fb = Add(f, b)\n fr = Elu(fb)\n g = Add(fr, er)\n gr = Relu(g)\n h = Neg(gr)\n return h",
		want: "x ar cr dr er fr gr",
	}, {
		name: "activation after another node is not fused",
		text: "input x\n const v [4 4]\n a = Mul(x, x)\n b = Relu(a)\n c = GlobalAveragePool(b)\n d = Sigmoid(c)\n e = Neg(d)\n return e",
		want: "x a b c d",
	}, {
		name: "an operator that is no activation is not fused",
		text: "input x" + conv + "a = Conv(x, w)\n b = Exp(a)\n c = Conv(b, w)\n d = Softsign(c)\n e = Neg(d)\n return e",
		want: "x a b c d",
	}, {
		name: "silu: both factors read the same tensor",
		text: "input x" + conv + "a = Conv(x, w)\n s = Sigmoid(a)\n b = Mul(a, s)\n c = Conv(b, w)\n r = Sigmoid(c)\n d = Mul(r, c)\n e = Neg(d)\n return e",
		want: "x b d",
		why:  map[string]string{"a": "Conv + SiLU", "s": "inside SiLU"},
	}, {
		name: "silu after a node that takes no activation in",
		text: "input x\n a = Exp(x)\n s = Sigmoid(a)\n b = Mul(a, s)\n e = Neg(b)\n return e",
		want: "x a b",
	}, {
		name: "a squeeze-excite gate is not one: conv and sigmoid are fused, the gate and the mul have a holder",
		text: "input x" + conv + "p = GlobalAveragePool(x)\n a = Conv(p, w)\n s = Sigmoid(a)\n b = Mul(x, s)\n e = Neg(b)\n return e",
		want: "x p s b",
		why:  map[string]string{"a": "Conv + Sigmoid"},
	}, {
		name: "hard swish: with HardSigmoid, and not for a gate",
		text: "input x" + conv + "a = Conv(x, w)\n s = HardSigmoid(a)\n b = Mul(a, s)\n c = Conv(b, w)\n r = HardSigmoid(c)\n d = Mul(b, r)\n e = Neg(d)\n return e",
		want: "x b r d",
	}, {
		name: "hard swish: as an operator",
		text: "input x" + conv + "a = Conv(x, w)\n b = HardSwish(a)\n e = Neg(b)\n return e",
		want: "x b",
	}, {
		name: "hard swish: Clip(x + 3, 0, 6) with the division at the end",
		text: "input x" + conv + "const k = 3\n const l = 0\n const h = 6\n a = Conv(x, w)\n t = Add(k, a)\n u = Clip(t, l, h)\n v = Mul(u, a)\n b = Div(v, h)\n e = Neg(b)\n return e",
		want: "x b",
	}, {
		name: "hard swish: Clip(x + 3, 0, 6) with the division at the gate",
		text: "input x" + conv + "const k = 3\n const l = 0\n const h = 6\n const i = 0.16666667\n a = Conv(x, w)\n t = Add(a, k)\n u = Clip(t, l, h)\n v = Mul(i, u)\n b = Mul(a, v)\n e = Neg(b)\n return e",
		want: "x b",
	}, {
		name: "hard swish: Clip(x + 3, 0, 6) / 6 of another tensor is a gate, a HardSigmoid",
		text: "input x" + conv + "const k = 3\n const l = 0\n const h = 6\n a = Conv(x, w)\n t = Add(a, k)\n u = Clip(t, l, h)\n v = Div(u, h)\n b = Mul(x, v)\n e = Neg(b)\n return e",
		want: "x v b",
	}, {
		name: "mish: x times Tanh of Softplus of the same tensor",
		text: "input x" + conv + "a = Conv(x, w)\n s = Softplus(a)\n t = Tanh(s)\n b = Mul(a, t)\n e = Neg(b)\n return e",
		want: "x b",
	}, {
		name: "a positional add, a scalar at the scores, and Softmax have each one; a scalar at q or k is in the weights",
		text: "input x\n const w [4 4]\n const pos [1 4 4]\n const c = 0.25\n a = Add(x, pos)\n q = MatMul(a, w)\n k = MatMul(a, w)\n qs = Mul(q, c)\n ks = Mul(c, k)\n" +
			"kt = Transpose(ks)\n s = MatMul(qs, kt)\n sd = Div(s, c)\n p = Softmax(sd)\n o = MatMul(p, a)\n e = Neg(o)\n return e",
		want: "x a qs ks s sd p o",
	}, {
		name: "constant values, also moved or expanded by a runtime shape, get none",
		text: "input x\n const cls [1 4]\n const z int64 [1] = 0\n const o int64 [1] = 1\n s = Shape(x)\n n = Slice(s, z, o)\n m = Concat(n, o) axis=0\n t = Expand(cls, m)\n" +
			"u = Transpose(t)\n c = Concat(u, x) axis=0\n e = Neg(c)\n return e",
		want: "x c",
		why:  map[string]string{"t": "constant", "u": "constant"},
	}, {
		name: "gather from a constant table by a runtime index computes",
		text: "input i int64\n const table [40 4]\n a = Gather(table, i)\n b = Neg(a)\n return b",
		want: "a",
	}, {
		name: "gather from a constant table by positions that come from a shape is constant",
		text: "input i int64\n const table [40 4]\n const z int64 = 0\n const o int64 = 1\n a = Gather(table, i)\n s = Shape(i)\n n = Gather(s, o)\n r = Range(z, n, o)\n" +
			"p = Gather(table, r)\n c = Add(a, p)\n b = Neg(c)\n return b",
		want: "a c",
		why:  map[string]string{"p": "constant"},
	}, {
		name: "several inputs and outputs",
		text: "input x\n input i int32\n input y\n a = Neg(x)\n b = Neg(y)\n c = Add(a, b)\n d = Exp(c)\n e = Cast(i) to=1\n f = Mul(e, c)\n return d f",
		want: "x y a b c e",
	}, {
		name: "an Identity behind an activation hands its holder on",
		text: "input x\n const w [4 4]\n a = MatMul(x, w)\n t = Tanh(a)\n i = Identity(t)\n o = MatMul(i, w)\n b = Neg(o)\n return b",
		want: "x t o",
	}, {
		name: "an lstm is one black box with a message",
		text: "input x\n const w [1 16 4]\n y, h = LSTM(x, w, w) hidden_size=4\n a = Neg(y)\n b = Neg(h)\n c = Add(a, b)\n d = Neg(c)\n return d",
		want: "x y h a b c",
		why:  map[string]string{"": "black box"},
	}, {
		name: "what no output needs has none",
		text: "input x\n input u\n a = Neg(x)\n b = Neg(a)\n d = Exp(a)\n f = Abs(d)\n s = Shape(f)\n return b s",
		want: "x a",
		why:  map[string]string{"u": "nothing reads it", "d": "no output depends", "f": "no output depends"},
	}, {
		name: "random numbers are no constants",
		text: "input x\n r = RandomNormal() shape=[4]\n a = Mul(x, r)\n b = Neg(a)\n return b",
		want: "x r a",
	},
}

func TestHoldersBySentence(t *testing.T) { testSentences(t, sentences, network.Options{}) }

func testSentences(t *testing.T, all []sentence, o network.Options) {
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			got, reasons := holderNames(t, onnxtest.FromText(t, c.text), o)
			if got != c.want {
				t.Errorf("holders %q, want %q; reasons %q", got, c.want, reasons)
			}
			for tensor, part := range c.why {
				if !strings.Contains(reasons[tensor], part) {
					t.Errorf("reason of %q is %q, want %q in it", tensor, reasons[tensor], part)
				}
			}
		})
	}
}

func TestOutputHolder(t *testing.T) {
	testSentences(t, []sentence{{
		name: "the network's output is a holder",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n c = Gemm(b, w)\n return c b",
		want: "x b c",
	}, {
		name: "one that only moves values has its input's",
		text: "input x" + conv + "a = Conv(x, w)\n b = Flatten(a)\n return b",
		want: "x a",
	}, {
		name: "one inside a pattern is no longer inside",
		text: "input x" + conv + "a = Conv(x, w)\n b = Relu(a)\n return a b",
		want: "x a b",
	}, {
		name: "constant and integer outputs have none",
		text: "input x\n const c [4]\n a = Neg(x)\n s = Shape(a)\n k = Identity(c)\n return a s k",
		want: "x a",
	}}, network.Options{OutputHolder: true})
}
