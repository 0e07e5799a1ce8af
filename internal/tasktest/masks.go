package tasktest

import (
	"math"
)

// MaskTokens is how many tokens samples have, in maskHeads heads.
const MaskTokens, maskHeads = 10, 2

// kept says whether a sample's token is one: samples have 3 to 10 of them.
func kept(i int) bool { return i%MaskTokens < 3+i/MaskTokens*5%8 }

// Lowest is the least float32.
var Lowest = float32(-math.MaxFloat32)

// Either draws one number for tokens that are kept and another for the others.
func Either(yes, no float32) func(i int) float32 {
	return func(i int) float32 {
		if kept(i) {
			return yes
		}
		return no
	}
}

// Attention is one layer over embedded ids, up to the scores sc; a mask follows, which ends in p, the weights.
func Attention(mask string) *Graph {
	b := NewGraph(48).Ints("ids", func(i int) int64 { return int64(i*i+i/7) % 30 }, MaskTokens).Out("logits", 5)
	b.Weight("emb", 1, 30, 16).Weight("wo", 0.3, 16, 5).Numbers("s1", 0, 0, maskHeads, 8).Numbers("s2", 0, 0, 16).Constant("f", []float32{0.35}).
		Constant("one", []float32{1}).Numbers("ax", 1, 2).Numbers("last", -1)
	for _, w := range []string{"wq", "wk", "wv"} {
		b.Weight(w, 0.5, 16, 16)
	}
	return b.Do(`x = Gather emb ids; q0 = MatMul x wq; q1 = Reshape q0 s1; q = Transpose q1 perm=0,2,1,3; k0 = MatMul x wk; k1 = Reshape k0 s1; k = Transpose k1 perm=0,2,3,1
		v0 = MatMul x wv; v1 = Reshape v0 s1; v = Transpose v1 perm=0,2,1,3; sc0 = MatMul q k; sc = Mul sc0 f;` + mask +
		`; o0 = MatMul p v; o1 = Transpose o0 perm=0,2,1,3; o2 = Reshape o1 s2; o = Add o2 x; pool = ReduceMean o axes=[1] keepdims=0; logits = MatMul pool wo`)
}

// table is a constant of scores by place: f of the distance, low above the diagonal.
func table(f func(distance int) float32, low float32) []float32 {
	var list []float32
	for i := range MaskTokens {
		for k := range MaskTokens {
			v := f(max(i-k, k-i))
			if k > i {
				v += low
			}
			list = append(list, v)
		}
	}
	return list
}

// MaskForms are forms of attention masks that public exports have, and their siblings.
func MaskForms() map[string]*Graph {
	const softmax = "; p = Softmax ms axis=-1"
	byHand := "; mx = ReduceMax ms axes=[-1]; sh = Sub ms mx; ex = Exp sh; su = ReduceSum ex last; p = Div ex su"
	zero := func(int) float32 { return 0 }
	near := func(d int) float32 { return -0.25 * float32(d) }
	minusInf := float32(math.Inf(-1))
	input := func(low float32, how string) *Graph {
		return Attention(how).In("am", Either(0, low), 1, 1, MaskTokens)
	}
	factor := func(big float32, how string) *Graph {
		return Attention(how).In("fm", Either(1, 0), MaskTokens).Constant("big", []float32{big})
	}
	whole := func(big float32, how string) *Graph {
		return Attention(how).Ints("im", func(i int) int64 { return int64(Either(1, 0)(i)) }, MaskTokens).Constant("big", []float32{big}).Numbers("scalar zero", 0)
	}
	fixed := func(values []float32, how string) *Graph {
		return Attention(how).Constant("am", values, MaskTokens, MaskTokens)
	}
	const times = "m4 = Unsqueeze fm ax; inv = Sub one m4; bm = Mul inv big;"
	const cast = "m4 = Unsqueeze im ax; mf = Cast m4 to=1; inv = Sub one mf; bm = Mul inv big;"
	const boolean = "m4 = Unsqueeze im ax; mb = Cast m4 to=9;"
	const add = "ms = Add sc am"
	return map[string]*Graph{
		"input, -1e4":                    input(-1e4, add+softmax),
		"input, -65504":                  input(-65504, add+softmax),
		"input, -1e9":                    input(-1e9, add+softmax),
		"input, lowest":                  input(Lowest, add+softmax),
		"input, -inf":                    input(minusInf, add+softmax),
		"input, LogSoftmax and Exp":      input(-1e9, add+"; lp = LogSoftmax ms axis=-1; p = Exp lp"),
		"input, -inf, by hand":           input(minusInf, add+byHand),
		"input, by hand without maximum": input(-1e9, add+"; ex = Exp ms; su = ReduceSum ex last; p = Div ex su"),
		"input, scaled behind":           input(-1e9, "ms0 = Add sc0 am; ms = Mul ms0 f"+softmax),
		"input, clipped":                 input(Lowest, add+"; lo = Max ms least; p = Softmax lo axis=-1").Constant("least", []float32{Lowest}),
		"factor":                         factor(-1e9, times+"ms = Add sc bm"+softmax),
		"factor, lowest":                 factor(Lowest, times+"ms = Add sc bm"+softmax),
		"factor, subtracted":             factor(1e9, times+"ms = Sub sc bm"+softmax),
		"factor, logarithm":              Attention("m4 = Unsqueeze fm ax; bm = Log m4; ms = Add sc bm"+softmax).In("fm", Either(1, 0), MaskTokens),
		"factor on scores and mask":      factor(-1e9, times+"kept = Mul sc m4; ms = Add kept bm"+softmax),
		"factor, less one":               factor(1e9, "m4 = Unsqueeze fm ax; inv = Sub m4 one; bm = Mul inv big; ms = Add bm sc"+softmax),
		"integers":                       whole(-1e4, cast+"ms = Add sc bm"+softmax),
		"integers, subtracted":           whole(1e9, cast+"ms = Sub sc bm"+softmax),
		"bool, Where":                    whole(Lowest, boolean+"ms = Where mb sc big"+softmax),
		"bool, Where of tables":          whole(-1e9, boolean+"none = Sub one one; bm = Where mb none big; ms = Add sc bm"+softmax),
		"causal table":                   fixed(table(zero, -1e9), add+softmax),
		"causal table, by hand":          fixed(table(zero, -1e9), add+byHand),
		"ALiBi and causal table":         fixed(table(near, -1e9), add+softmax),
		"ALiBi and causal table, lowest": fixed(table(near, Lowest), add+softmax),
		"ALiBi, causal and an input":     input(-1e9, "s2nd = Add sc tb; ms = Add s2nd am"+softmax).Constant("tb", table(near, -1e9), MaskTokens, MaskTokens),
	}
}

// Maxima are networks in which values far below all others lie in front of a maximum.
func Maxima() map[string]*Graph {
	all := map[string]*Graph{}
	for name, v := range map[string]float32{"-inf": float32(math.Inf(-1)), "lowest": Lowest, "-1e9": -1e9, "-65504": -65504, "-100": -100} {
		image := func(nodes string) *Graph {
			return NewGraph(48).In("x", nil, 3, 12, 12).Out("y", 5).Weight("k", 0.3, 8, 3, 3, 3).Weight("wo", 0.5, 8, 5).Numbers("by", 0, 0, 1, 1, 0, 0, 1, 1).
				Constant("pv", []float32{v}).Do("a = Conv x k pads=1,1,1,1;" + nodes)
		}
		all["Pad, MaxPool, "+name] = image("pd = Pad a by pv; b = MaxPool pd kernel_shape=3,3 strides=2,2; g = GlobalAveragePool b; f = Flatten g; y = MatMul f wo")
		all["Relu, Pad, MaxPool, "+name] = image("r = Relu a; pd = Pad r by pv; b = MaxPool pd kernel_shape=3,3 strides=2,2; g = GlobalAveragePool b; f = Flatten g; y = MatMul f wo")
		all["Pad, GlobalMaxPool, "+name] = image("pd = Pad a by pv; b = GlobalMaxPool pd; f = Flatten b; y = MatMul f wo")
		if v == -100 {
			continue // an ordinary value
		}
		tokens := func(nodes string) *Graph {
			return NewGraph(48).In("x", nil, MaskTokens, 8).Ints("im", func(i int) int64 { return int64(Either(1, 0)(i)) }, MaskTokens).Out("y", 5).
				Weight("w", 1, 8, 8).Weight("wo", 0.5, 8, 5).Constant("big", []float32{v}).Numbers("ax2", 2).Numbers("k", 1).Numbers("ax1", 1).
				Do("m3 = Unsqueeze im ax2; mb = Cast m3 to=9; a = MatMul x w; am = Where mb a big;" + nodes)
		}
		all["Where, ReduceMax, "+name] = tokens("p = ReduceMax am axes=[1] keepdims=0; y = MatMul p wo")
		all["Where, TopK, "+name] = tokens("p0,i0 = TopK am k axis=1; p = Squeeze p0 ax1; y = MatMul p wo")
		all["Where, Transpose, MaxPool, "+name] = tokens("tr = Transpose am perm=0,2,1; p0 = MaxPool tr kernel_shape=[10]; p = Squeeze p0 ax2; y = MatMul p wo")
		all["Where, ReduceMax and Softmax, "+name] = tokens("p0 = ReduceMax am axes=[1] keepdims=0; s = Softmax am axis=1; sa = Mul s a; p1 = ReduceSum sa ax1 keepdims=0; p = Add p0 p1; y = MatMul p wo")
		all["Where, Sigmoid, "+name] = tokens("s = Sigmoid am; sa = Mul s a; p = ReduceSum sa ax1 keepdims=0; y = MatMul p wo")
		all["Where, LogSoftmax, Exp, "+name] = tokens("ls = LogSoftmax am axis=1; e = Exp ls; ea = Mul e a; p = ReduceSum ea ax1 keepdims=0; y = MatMul p wo")
	}
	for name, v := range map[string]float32{"inf": float32(math.Inf(1)), "1e9": 1e9} {
		all["Where, ReduceMin, "+name] = NewGraph(48).In("x", nil, MaskTokens, 8).Ints("im", func(i int) int64 { return int64(Either(1, 0)(i)) }, MaskTokens).Out("y", 5).
			Weight("w", 1, 8, 8).Weight("wo", 0.5, 8, 5).Constant("big", []float32{v}).Numbers("ax2", 2).
			Do("m3 = Unsqueeze im ax2; mb = Cast m3 to=9; a = MatMul x w; am = Where mb a big; p = ReduceMin am axes=[1] keepdims=0; y = MatMul p wo")
	}
	return all
}
