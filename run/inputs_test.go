package run

import (
	"context"
	"path/filepath"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
)

// tower is three layers from x to cr, in front of which late inputs are not read.
func tower(n int) *tasktest.Graph {
	b := tasktest.NewGraph(n).In("x", nil, 16).Out("y", 4)
	return b.Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 16).Weight("w3", 0.5, 16, 16).Weight("w4", 0.5, 16, 4).
		Do("a = MatMul x w1; ar = Relu a; b = MatMul ar w2; br = Relu b; c = MatMul br w3; cr = Relu c")
}

// binary01 draws 0 and 1.
func binary01(i int) int64 { return int64(i*7%5) % 2 }

// severalInputs are networks of two and three inputs, float and integer, first read in the first, a middle and the
// last part.
func severalInputs() map[string]*tasktest.Graph {
	return map[string]*tasktest.Graph{
		"joined at once": tasktest.NewGraph(60).In("xa", nil, 8).In("xb", nil, 8).Out("y", 4).Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 16).Weight("w3", 0.5, 16, 4).
			Do("c = Concat xa xb axis=1; a = MatMul c w1; ar = Relu a; b = MatMul ar w2; br = Relu b; y = MatMul br w3"),
		"in the middle": tasktest.NewGraph(60).In("x", nil, 16).In("h", nil, 16).Out("y", 4).Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 16).Weight("w3", 0.5, 16, 4).
			Do("a = MatMul x w1; ar = Relu a; s = Add ar h; b = MatMul s w2; br = Relu b; y = MatMul br w3"),
		"in the last part": tower(60).In("h", nil, 16).Do("d = Add cr h; dr = Relu d; y = MatMul dr w4"),
		"integers in the last part": tower(60).Ints("h", binary01, 16).
			Do("hf = Cast h to=1; d = Add cr hf; dr = Relu d; y = MatMul dr w4"),
		"in the output's own node": tower(60).In("h", nil, 4).Do("z = MatMul cr w4; y = Add z h"),
		"integers and floats, late": tower(60).Ints("ids", func(i int) int64 { return int64(i*5) % 9 }, 3).In("meta", nil, 4).Weight("emb", 1, 9, 16).Weight("wm", 0.5, 4, 16).Numbers("one", 1).
			Do(`e = Gather emb ids; es = ReduceSum e one keepdims=0; d = Add cr es; m = MatMul meta wm; mr = Relu m; d2 = Add d mr; dr = Relu d2; y = MatMul dr w4`),
		"the later input is declared first": reversed(tower(60).In("h", nil, 16).Do("d = Add cr h; dr = Relu d; y = MatMul dr w4")),
		"one that nothing reads":            unread(),
		"image and metadata": tasktest.NewGraph(60).In("img", nil, 3, 6, 6).In("meta", nil, 8).Out("y", 4).Weight("k", 0.4, 8, 3, 3, 3).Weight("k2", 0.4, 8, 8, 3, 3).Weight("w", 0.5, 8, 4).
			Do(`a = Conv img k pads=1,1,1,1; ar = Relu a; b = Conv ar k2 pads=1,1,1,1; br = Relu b; p = GlobalAveragePool br; f = Flatten p; m = Mul f meta; y = MatMul m w`),
	}
}

// reversed declares the inputs in the other order.
func reversed(b *tasktest.Graph) *tasktest.Graph {
	b.G.Input[0], b.G.Input[1] = b.G.Input[1], b.G.Input[0]
	return b
}

// unread has an input in front of the others that only another output needs.
func unread() *tasktest.Graph {
	b := tasktest.NewGraph(60).In("other", nil, 3).In("x", nil, 16).In("h", nil, 16).Out("y", 4).Out("z", 3)
	return b.Weight("w1", 0.5, 16, 16).Weight("w2", 0.5, 16, 4).Do("a = MatMul x w1; ar = Relu a; s = Add ar h; sr = Relu s; y = MatMul sr w2; z = Relu other")
}

// TestSeveralInputs searches them: fast scans, with parts that read an input for the first time, decide as naive
// scans and without a cache, and the written file computes what was searched.
func TestSeveralInputs(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, b := range severalInputs() {
		t.Run(name, func(t *testing.T) {
			cfg := b.Config(t)
			cfg.Output = "y"
			severalInputsDecide(t, cfg)
			if s := trialtest.Compiled(t, cfg); s.Ev.Parts() < 2 {
				t.Errorf("%d parts: no input is read behind a cut", s.Ev.Parts())
			}
		})
	}
}

// severalInputsDecide holds a search against the naive one and the one without a cache.
func severalInputsDecide(t *testing.T, cfg config.Config) {
	t.Helper()
	want := ""
	for _, way := range []string{"fast", "naive", "no cache", "one worker"} {
		c := cfg
		c.Out = filepath.Join(t.TempDir(), "run")
		switch way {
		case "naive":
			c.Scan = "naive"
		case "no cache":
			c.Cache = -1
		case "one worker":
			c.Workers = 1
		}
		r := mustSearch(t, c)
		if !r.Verified.Identical {
			t.Errorf("%s: the file is not what was searched: %+v", way, r.Verified)
		}
		if got := decisions(t, r); want == "" {
			want = got
		} else if got != want {
			t.Errorf("%s: %s\nfast: %s", way, got, want)
		}
	}
}

// TestSeveralInputsOfAPair searches the two written ends of such a network as a pair, with the 16-bit file's weights
// and with weights that follow.
func TestSeveralInputsOfAPair(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, name := range []string{"in the middle", "integers and floats, late", "the later input is declared first"} {
		for _, weights := range []string{"high", "follow"} {
			t.Run(name+", "+weights, func(t *testing.T) {
				cfg := writtenPair(t, severalInputs()[name].Config(t))
				cfg.Weights, cfg.Metric = weights, "cosine" // the 16-bit network is as near as can be to itself
				severalInputsDecide(t, cfg)
			})
		}
	}
}

// bertLike is one layer of attention over embedded ids, with a mask and token types that are read after the first of
// them: three inputs of integers, as every export of BERT has.
func bertLike() *tasktest.Graph {
	const length, width = 6, 16
	b := tasktest.NewGraph(40).Ints("input_ids", func(i int) int64 { return int64(i*11) % 30 }, length).
		Ints("attention_mask", func(i int) int64 {
			if i%length < 3+i/length%4 {
				return 1
			}
			return 0
		}, length).
		Ints("token_type_ids", func(i int) int64 { return int64(i/3) % 2 }, length).Out("logits", 5)
	b.Weight("emb", 1, 30, width).Weight("types", 0.5, 2, width).Numbers("heads", 0, 0, 2, width/2).Numbers("flat", 0, 0, width).Numbers("at", 1, 2).
		Constant("one", []float32{1}).Constant("lowest", []float32{-10000}).Constant("f", []float32{0.35})
	for _, w := range []string{"wq", "wk", "wv", "wo", "wi"} {
		b.Weight(w, 0.3, width, width)
	}
	b.Constant("gain", ones(width), width).Constant("shift", make([]float32, width), width).Weight("wc", 0.4, width, 5)
	return b.Do(`e = Gather emb input_ids; tt = Gather types token_type_ids; x = Add e tt; xn = LayerNormalization x gain shift axis=-1
		q0 = MatMul xn wq; q1 = Reshape q0 heads; q = Transpose q1 perm=0,2,1,3; k0 = MatMul xn wk; k1 = Reshape k0 heads; k = Transpose k1 perm=0,2,3,1
		v0 = MatMul xn wv; v1 = Reshape v0 heads; v = Transpose v1 perm=0,2,1,3; s0 = MatMul q k; s = Mul s0 f
		m4 = Unsqueeze attention_mask at; mf = Cast m4 to=1; inv = Sub one mf; bm = Mul inv lowest; ms = Add s bm; p = Softmax ms axis=-1
		o0 = MatMul p v; o1 = Transpose o0 perm=0,2,1,3; o2 = Reshape o1 flat; o = MatMul o2 wo; r = Add o xn; rn = LayerNormalization r gain shift axis=-1
		i0 = MatMul rn wi; i1 = Relu i0; r2 = Add i1 rn; cls = ReduceMean r2 axes=[1] keepdims=0; logits = MatMul cls wc`)
}

func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

// TestSeveralInputsOfBERT searches attention with ids, a mask and token types.
func TestSeveralInputsOfBERT(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := bertLike().Config(t)
	severalInputsDecide(t, cfg)
	if s := trialtest.Compiled(t, cfg); s.Ev.Parts() < 2 {
		t.Errorf("%d parts", s.Ev.Parts())
	}
	near(t, cfg, 15, 30, "exact")
}

// TestSeveralInputsBench measures such a network.
func TestSeveralInputsBench(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := severalInputs()["integers and floats, late"].Config(t)
	cfg.Out, cfg.Block = "", 0
	b, err := RunBench(context.Background(), cfg, bench.Options{})
	if err != nil || b.R.Median <= 0 || b.Trial.Median <= 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

// TestReferenceInAnotherOrder compares a network with itself, its inputs declared in another order.
func TestReferenceInAnotherOrder(t *testing.T) {
	network := func() *tasktest.Graph { return severalInputs()["in the middle"] }
	cfg, other := network().Config(t), reversed(network()).Config(t)
	e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "mse", Block: 8}, cfg.Model, other.Model, "")
	if err != nil || e.Score.Value == nil || *e.Score.Value != 0 {
		t.Errorf("%+v, %v: the two are the same", e, err)
	}
}
