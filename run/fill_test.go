package run

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/calibrate"
	"example.org/demote/internal/tasktest"
)

const maskTokens, maskHeads = 10, 2

// kept says whether a sample's token is one: samples have 3 to 10 of them.
func kept(i int) bool { return i%maskTokens < 3+i/maskTokens*5%8 }

// lowest is the least float32.
var lowest = float32(-math.MaxFloat32)

// either draws one number for tokens that are kept and another for the others.
func either(yes, no float32) func(i int) float32 {
	return func(i int) float32 {
		if kept(i) {
			return yes
		}
		return no
	}
}

// attention is one layer over embedded ids, up to the scores sc; a mask follows, which ends in p, the weights.
func attention(mask string) *tasktest.Graph {
	b := tasktest.NewGraph(48).Ints("ids", func(i int) int64 { return int64(i*i+i/7) % 30 }, maskTokens).Out("logits", 5)
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
	for i := range maskTokens {
		for k := range maskTokens {
			v := f(max(i-k, k-i))
			if k > i {
				v += low
			}
			list = append(list, v)
		}
	}
	return list
}

// maskForms are forms of attention masks that public exports have, and their siblings.
func maskForms() map[string]*tasktest.Graph {
	const softmax = "; p = Softmax ms axis=-1"
	byHand := "; mx = ReduceMax ms axes=[-1]; sh = Sub ms mx; ex = Exp sh; su = ReduceSum ex last; p = Div ex su"
	zero := func(int) float32 { return 0 }
	near := func(d int) float32 { return -0.25 * float32(d) }
	minusInf := float32(math.Inf(-1))
	input := func(low float32, how string) *tasktest.Graph {
		return attention(how).In("am", either(0, low), 1, 1, maskTokens)
	}
	factor := func(big float32, how string) *tasktest.Graph {
		return attention(how).In("fm", either(1, 0), maskTokens).Constant("big", []float32{big})
	}
	whole := func(big float32, how string) *tasktest.Graph {
		return attention(how).Ints("im", func(i int) int64 { return int64(either(1, 0)(i)) }, maskTokens).Constant("big", []float32{big}).Numbers("scalar zero", 0)
	}
	fixed := func(values []float32, how string) *tasktest.Graph {
		return attention(how).Constant("am", values, maskTokens, maskTokens)
	}
	const times = "m4 = Unsqueeze fm ax; inv = Sub one m4; bm = Mul inv big;"
	const cast = "m4 = Unsqueeze im ax; mf = Cast m4 to=1; inv = Sub one mf; bm = Mul inv big;"
	const boolean = "m4 = Unsqueeze im ax; mb = Cast m4 to=9;"
	const add = "ms = Add sc am"
	return map[string]*tasktest.Graph{
		"input, -1e4":                    input(-1e4, add+softmax),
		"input, -65504":                  input(-65504, add+softmax),
		"input, -1e9":                    input(-1e9, add+softmax),
		"input, lowest":                  input(lowest, add+softmax),
		"input, -inf":                    input(minusInf, add+softmax),
		"input, LogSoftmax and Exp":      input(-1e9, add+"; lp = LogSoftmax ms axis=-1; p = Exp lp"),
		"input, -inf, by hand":           input(minusInf, add+byHand),
		"input, by hand without maximum": input(-1e9, add+"; ex = Exp ms; su = ReduceSum ex last; p = Div ex su"),
		"input, scaled behind":           input(-1e9, "ms0 = Add sc0 am; ms = Mul ms0 f"+softmax),
		"input, clipped":                 input(lowest, add+"; lo = Max ms least; p = Softmax lo axis=-1").Constant("least", []float32{lowest}),
		"factor":                         factor(-1e9, times+"ms = Add sc bm"+softmax),
		"factor, lowest":                 factor(lowest, times+"ms = Add sc bm"+softmax),
		"factor, subtracted":             factor(1e9, times+"ms = Sub sc bm"+softmax),
		"factor, logarithm":              attention("m4 = Unsqueeze fm ax; bm = Log m4; ms = Add sc bm"+softmax).In("fm", either(1, 0), maskTokens),
		"factor on scores and mask":      factor(-1e9, times+"kept = Mul sc m4; ms = Add kept bm"+softmax),
		"factor, less one":               factor(1e9, "m4 = Unsqueeze fm ax; inv = Sub m4 one; bm = Mul inv big; ms = Add bm sc"+softmax),
		"integers":                       whole(-1e4, cast+"ms = Add sc bm"+softmax),
		"integers, subtracted":           whole(1e9, cast+"ms = Sub sc bm"+softmax),
		"bool, Where":                    whole(lowest, boolean+"ms = Where mb sc big"+softmax),
		"bool, Where of tables":          whole(-1e9, boolean+"none = Sub one one; bm = Where mb none big; ms = Add sc bm"+softmax),
		"causal table":                   fixed(table(zero, -1e9), add+softmax),
		"causal table, by hand":          fixed(table(zero, -1e9), add+byHand),
		"ALiBi and causal table":         fixed(table(near, -1e9), add+softmax),
		"ALiBi and causal table, lowest": fixed(table(near, lowest), add+softmax),
		"ALiBi, causal and an input":     input(-1e9, "s2nd = Add sc tb; ms = Add s2nd am"+softmax).Constant("tb", table(near, -1e9), maskTokens, maskTokens),
	}
}

// TestMasksOfAnyForm holds that all int16 is near the float network, whatever the mask comes from, in every session,
// and that no holder's grid reaches to the mask.
func TestMasksOfAnyForm(t *testing.T) {
	for name, b := range maskForms() {
		t.Run(name, func(t *testing.T) {
			cfg := b.Config(t)
			near(t, cfg, 15, 30, "exact")
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			none := []string{"am", "ms", "bm", "fm", "inv", "ex", "su", "sh"}
			if strings.Contains(name, "factor on scores") {
				none = slices.DeleteFunc(none, func(t string) bool { return t == "fm" }) // a factor of the scores, too
			}
			for _, h := range found.Holders {
				if h.High.Min < -calibrate.FillLimit || h.High.Max > calibrate.FillLimit || slices.Contains(none, h.Tensor) {
					t.Errorf("holder %s reaches from %g to %g", h.Tensor, h.High.Min, h.High.Max)
				}
			}
		})
	}
}

// TestMaskedSearch searches such networks: what is written is what was searched, and the checks accept infinities.
func TestMaskedSearch(t *testing.T) {
	for _, name := range []string{"input, -inf", "factor, subtracted", "ALiBi and causal table, lowest"} {
		t.Run(name, func(t *testing.T) {
			cfg := maskForms()[name].Config(t)
			r := mustSearch(t, cfg)
			if !r.Verified.Identical || !r.Met {
				t.Errorf("%+v", r.Verified)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
}

// TestLargeValuesAreNoMask holds that values that are large by nature keep their holders and their ranges: scores of
// any size in front of Softmax, activations that reach beyond the limit in front of a maximum, a mask's values that
// are used otherwise.
func TestLargeValuesAreNoMask(t *testing.T) {
	wide := func(i int) float32 { return float32((i*37)%2001-1000) * 9 } // from -9000 to 9000
	for name, c := range map[string]struct {
		b      *tasktest.Graph
		holder string
		least  float64
	}{
		"scores":  {tasktest.NewGraph(48).In("x", wide, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("a = MatMul x w; s = Softmax a axis=-1; y = MatMul s w"), "a", -5000},
		"maximum": {tasktest.NewGraph(48).In("x", wide, 6, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("a = MatMul x w; m = ReduceMax a axes=[1] keepdims=0; y = MatMul m w"), "a", -5000},
		"maximum, all of them low": {tasktest.NewGraph(48).In("x", func(i int) float32 { return -6000 - float32(i%97) }, 6, 8).Out("y", 8).Weight("w", 0.5, 8, 8).
			Do("n = Neg x; a = Neg n; m = ReduceMax a axes=[1] keepdims=0; y = MatMul m w"), "a", -6000},
		"a mask that is used otherwise": {tasktest.NewGraph(48).In("x", nil, 8).In("am", func(i int) float32 { return []float32{0, -1e4}[i%2] }, 8).Out("y", 8).Weight("w", 0.5, 8, 8).
			Do("a = MatMul x w; s = Add a am; p = Softmax s axis=-1; z = Mul am w1; y = Add p z").Constant("w1", []float32{1e-4}), "am", -1e4},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := c.b.Config(t)
			near(t, cfg, -100, 30, "exact")
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(found.Holders, func(h InspectedHolder) bool { return h.Tensor == c.holder })
			if i < 0 || found.Holders[i].High.Min > c.least {
				t.Errorf("holders %+v", found.Holders)
			}
		})
	}
}

// maxima are networks in which values far below all others lie in front of a maximum.
func maxima() map[string]*tasktest.Graph {
	all := map[string]*tasktest.Graph{}
	for name, v := range map[string]float32{"-inf": float32(math.Inf(-1)), "lowest": lowest, "-1e9": -1e9, "-65504": -65504, "-100": -100} {
		image := func(nodes string) *tasktest.Graph {
			return tasktest.NewGraph(48).In("x", nil, 3, 12, 12).Out("y", 5).Weight("k", 0.3, 8, 3, 3, 3).Weight("wo", 0.5, 8, 5).Numbers("by", 0, 0, 1, 1, 0, 0, 1, 1).
				Constant("pv", []float32{v}).Do("a = Conv x k pads=1,1,1,1;" + nodes)
		}
		all["Pad, MaxPool, "+name] = image("pd = Pad a by pv; b = MaxPool pd kernel_shape=3,3 strides=2,2; g = GlobalAveragePool b; f = Flatten g; y = MatMul f wo")
		all["Relu, Pad, MaxPool, "+name] = image("r = Relu a; pd = Pad r by pv; b = MaxPool pd kernel_shape=3,3 strides=2,2; g = GlobalAveragePool b; f = Flatten g; y = MatMul f wo")
		all["Pad, GlobalMaxPool, "+name] = image("pd = Pad a by pv; b = GlobalMaxPool pd; f = Flatten b; y = MatMul f wo")
		if v == -100 {
			continue // an ordinary value
		}
		tokens := func(nodes string) *tasktest.Graph {
			return tasktest.NewGraph(48).In("x", nil, maskTokens, 8).Ints("im", func(i int) int64 { return int64(either(1, 0)(i)) }, maskTokens).Out("y", 5).
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
		all["Where, ReduceMin, "+name] = tasktest.NewGraph(48).In("x", nil, maskTokens, 8).Ints("im", func(i int) int64 { return int64(either(1, 0)(i)) }, maskTokens).Out("y", 5).
			Weight("w", 1, 8, 8).Weight("wo", 0.5, 8, 5).Constant("big", []float32{v}).Numbers("ax2", 2).
			Do("m3 = Unsqueeze im ax2; mb = Cast m3 to=9; a = MatMul x w; am = Where mb a big; p = ReduceMin am axes=[1] keepdims=0; y = MatMul p wo")
	}
	return all
}

// TestLowestValuesBeforeAMaximum holds that neither paddings nor masks spend the grid: the grid of their tensor ends
// at the ordinary values, and a padding in front of a maximum only moves values.
func TestLowestValuesBeforeAMaximum(t *testing.T) {
	for name, b := range maxima() {
		t.Run(name, func(t *testing.T) {
			cfg := b.Config(t)
			near(t, cfg, 15, 30, "exact")
			near(t, cfg, 5, 30, "default") // whose integer kernels saturate on some processors
			found, err := Inspect(context.Background(), config.Config{Model: cfg.Model, Calib: cfg.Calib})
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range found.Holders {
				if h.Tensor == "pd" || h.High.Min < -60 || h.High.Max > 60 {
					t.Errorf("holder %s from %g to %g", h.Tensor, h.High.Min, h.High.Max)
				}
			}
		})
	}
}

// TestTooWideSaysWhatToDo holds the line for values of the size of float32's own ends that no mask explains.
func TestTooWideSaysWhatToDo(t *testing.T) {
	b := tasktest.NewGraph(16).In("x", func(i int) float32 { return []float32{1, math.MaxFloat32, -math.MaxFloat32}[i%3] }, 8).Out("y", 8).Weight("w", 0.5, 8, 8).Do("r = Clip x lo; y = MatMul r w").Constant("lo", []float32{lowest})
	_, _, err := Quantize(context.Background(), b.Config(t))
	if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "holder x") || !strings.Contains(err.Error(), "-10000 in place of") {
		t.Errorf("%v", err)
	}
}
