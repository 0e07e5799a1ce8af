package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
)

// tokens is a network over 12 tokens of 16 numbers, of which the first has huge ones, with a normalization in it that
// makes n of x.
func tokens(norm string) *tasktest.Graph {
	b := tasktest.NewGraph(48).In("x", func(i int) float32 {
		switch i % (12 * 16) {
		case 3:
			return 2000
		case 7:
			return -900
		}
		return float32((i*7919%2001)-1000) / 400
	}, 12, 16).Out("y", 5)
	return b.Weight("wh", 0.3, 16, 16).Weight("wo", 1, 16, 5).Numbers("last", -1).Numbers("mid", 1).
		Constant("eps", []float32{1e-6}).Constant("two", []float32{2}).Constant("one", []float32{1}).Constant("mhalf", []float32{-0.5}).Constant("n", []float32{1. / 16}).
		Constant("g", slopes(16, 1), 16).Constant("b", slopes(16, 0), 16).
		Do(norm + "; z = MatMul norm wh; t = Tanh z; p = ReduceMean t axes=[1] keepdims=0; y = MatMul p wo")
}

// slopes are n numbers around a middle.
func slopes(n int, middle float32) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = middle + float32(i%5-2)/8
	}
	return values
}

// TestNormsOfHugeTokens holds that a normalization by single operators is as near to float as the operator is, though
// a token has values a thousand times those of the others: no squares, variances or roots are on a grid.
func TestNormsOfHugeTokens(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const mean = "m = ReduceMean x axes=[-1]; d = Sub x m; "
	const variance = "q = Mul d d; v = ReduceMean q axes=[-1]; e = Add v eps; "
	const rms = "q = Mul x x; v = ReduceMean q axes=[-1]; e = Add v eps; "
	const affine = "; k = Mul u g; norm = Add k b"
	want := decibels(t, tokens("norm = LayerNormalization x g b").Config(t))
	for name, form := range map[string]string{
		"Div by Sqrt":       mean + variance + "s = Sqrt e; u = Div d s" + affine,
		"Reciprocal":        mean + variance + "s = Sqrt e; r = Reciprocal s; u = Mul d r" + affine,
		"one through":       mean + variance + "s = Sqrt e; r = Div one s; u = Mul d r" + affine,
		"Pow(-0.5)":         mean + variance + "r = Pow e mhalf; u = Mul d r" + affine,
		"Sqrt + epsilon":    mean + "q = Mul d d; v = ReduceMean q axes=[-1]; s = Sqrt v; e = Add s eps; u = Div d e" + affine,
		"sum":               mean + "q = Pow d two; v0 = ReduceSum q last; v = Mul v0 n; e = Add v eps; s = Sqrt e; u = Div d s" + affine,
		"as Keras writes":   mean + variance + "s = Sqrt e; r0 = Reciprocal s; r = Mul r0 g; a = Mul x r; c = Mul m r; k = Sub b c; norm = Add a k",
		"x*r - m*r":         mean + variance + "r = Pow e mhalf; a = Mul x r; c = Mul m r; u = Sub a c" + affine,
		"flax":              "m = ReduceMean x axes=[-1]; q = Mul x x; q1 = ReduceMean q axes=[-1]; m2 = Mul m m; v = Sub q1 m2; e = Add v eps; s = Sqrt e; r = Reciprocal s; r1 = Mul r g; d = Sub x m; k = Mul d r1; norm = Add k b",
		"RMSNorm":           rms + "s = Sqrt e; u = Div x s" + affine,
		"T5":                "q = Pow x two; v = ReduceMean q axes=[-1]; e = Add v eps; s = Sqrt e; r = Div one s; u = Mul x r; norm = Mul g u",
		"RMSNorm Pow(-0.5)": rms + "r = Pow e mhalf; u = Mul x r" + affine,
		"RMSNorm + epsilon": "q = Mul x x; v = ReduceMean q axes=[-1]; s = Sqrt v; e = Add s eps; u = Div x e" + affine,
	} {
		t.Run(name, func(t *testing.T) {
			cfg := tokens(form).Config(t)
			got := decibels(t, cfg)
			for _, at := range []string{"int8 exact", "int16 exact", "int16 default"} {
				if !(got[at] >= want[at]-6) {
					t.Errorf("%s: %.1f dB from float; the operator %.1f", at, got[at], want[at])
				}
			}
			if name != "as Keras writes" && name != "T5" {
				return
			}
			cfg.Out = filepath.Join(t.TempDir(), "run")
			if r := mustSearch(t, cfg); len(r.Holders) != 4 || !r.Verified.Identical {
				t.Errorf("%d holders, want x, norm, t and p; the file is what was searched: %+v", len(r.Holders), r.Verified)
			}
		})
	}
}

// layers is a network of two layers with something between, which makes c of a.
func layers(between string) *tasktest.Graph {
	b := tasktest.NewGraph(60).In("x", nil, 16).Out("y", 4).Weight("w1", 0.7, 16, 16).Weight("w2", 0.5, 16, 4).
		Constant("half", []float32{0.5}).Constant("one", []float32{1}).Constant("k3", []float32{0.044715}).Constant("k1", []float32{0.7978846}).
		Constant("k2", []float32{0.70710677}).Constant("kq", []float32{1.702}).Constant("three", []float32{3}).Constant("zero", []float32{0}).Constant("six", []float32{6})
	return b.Do("a = MatMul x w1; " + between + "; y = MatMul c w2")
}

// TestActivationsBySingleOperators holds that they have no holder inside, that both widths are as near as with the
// operator where there is one, and that what is searched is what is written.
func TestActivationsBySingleOperators(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	want := decibels(t, layers("s = Sigmoid a; c = Mul a s").Config(t))
	for name, form := range map[string]string{
		"Gelu by tanh, x*x*x": "b = Mul a a; d = Mul a b; e = Mul k3 d; f = Add a e; g = Mul k1 f; h = Tanh g; i = Add one h; j = Mul half i; c = Mul a j",
		"Gelu by Erf":         "b = Mul a k2; d = Erf b; e = Add d one; f = Mul a e; c = Mul f half",
		"QuickGelu":           "b = Mul a kq; d = Sigmoid b; c = Mul a d",
		"SiLU by Exp":         "b = Neg a; d = Exp b; e = Add d one; c = Div a e",
		"Mish by Log":         "b = Exp a; d = Add b one; e = Log d; f = Tanh e; c = Mul a f",
		"HardSwish":           "b = Add a three; d = Clip b zero six; e = Mul a d; c = Div e six",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := layers(form).Config(t)
			if s := trialtest.Compiled(t, cfg); len(s.Records) != 2 {
				t.Errorf("%d holders, want x and c", len(s.Records))
			}
			got := decibels(t, cfg)
			for _, at := range []string{"int8 exact", "int16 exact", "int16 default"} {
				if !(got[at] >= want[at]-3) {
					t.Errorf("%s: %.1f dB from float; SiLU %.1f", at, got[at], want[at])
				}
			}
			cfg.Out = filepath.Join(t.TempDir(), "run")
			if r := mustSearch(t, cfg); !r.Verified.Identical {
				t.Errorf("the file is not what was searched: %+v", r.Verified)
			}
		})
	}
}

// scaled is a network of convolutions with learned scales and shifts behind them, and of a dense layer with them.
func scaled() *tasktest.Graph {
	b := tasktest.NewGraph(60).In("x", nil, 3, 8, 8).Out("y", 4).Weight("k1", 0.4, 8, 3, 3, 3).Weight("k2", 0.4, 6, 8, 1, 1).Weight("w", 0.5, 6, 4).Weight("row", 0.5, 1, 4).
		Constant("s1", []float32{1.3}, 1).Constant("b1", []float32{0.2}, 1).Constant("three", []float32{3}).Constant("zero", []float32{0}).Constant("six", []float32{6}).
		Constant("s2", slopes(8, 1), 8, 1, 1).Constant("b2", slopes(8, 0), 1, 8, 1, 1).Constant("s3", slopes(6, -1), 6, 1, 1).Constant("s4", slopes(4, 2), 4)
	return b.Do(`c = Conv x k1 pads=1,1,1,1; cm = Mul s1 c; ca = Add cm b1; h3 = Add ca three; hc = Clip h3 zero six; hm = Mul ca hc; hs = Div hm six
		m2 = Mul s2 hs; a2 = Add m2 b2; c2 = Conv a2 k2; d2 = Div c2 s3; e2 = Sub d2 b1; r2 = Relu e2; g = GlobalAveragePool r2; f = Flatten g; p = MatMul f w; q = Add p row; y = Mul q s4`)
}

// TestScalesAndShifts holds that those behind layers have no holder, that their weights take them in without loss,
// that the float score is that of the user's network, and that what is searched is what is written.
func TestScalesAndShifts(t *testing.T) {
	cfg := scaled().Config(t)
	s := trialtest.Compiled(t, cfg)
	var names []string
	for _, h := range s.Network.Holders {
		names = append(names, h.Name)
	}
	if got, want := strings.Join(names, " "), "x hs a2 r2 g"; got != want {
		t.Errorf("holders %q, want %q", got, want)
	}
	near(t, cfg, 22, 40, "exact", "default")
	m, err := onnx.Read(cfg.Model)
	if err != nil {
		t.Fatal(err)
	}
	n, err := onnx.Prepare(m, onnx.Options{})
	if err != nil {
		t.Fatal(err)
	}
	folded := filepath.Join(t.TempDir(), "folded.onnx")
	if err := n.Model.Write(folded); err != nil {
		t.Fatal(err)
	}
	e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "sqnr", Block: cfg.Block}, folded, cfg.Model, "exact")
	if err != nil || e.Score.Value == nil || *e.Score.Value < 110 {
		t.Errorf("the folded network is %+v dB from the user's (%v)", e.Score, err)
	}
	if r := mustSearch(t, cfg); !r.Verified.Identical {
		t.Errorf("the file is not what was searched: %+v", r.Verified)
	}
}

// TestOutputsInAnotherShape holds that an output behind a Reshape is an output: no holder, and a file that computes
// what was searched, with output holders and without.
func TestOutputsInAnotherShape(t *testing.T) {
	b := layers("c = Relu a")
	b.G.Node[len(b.G.Node)-1].Output[0] = "p"
	b.Numbers("shape", -1, 4).Do("y = Reshape p shape")
	for _, output := range []bool{false, true} {
		cfg := b.Config(t)
		cfg.OutputHolder = output
		r := mustSearch(t, cfg)
		if want := map[bool]int{false: 2, true: 3}[output]; len(r.Holders) != want || !r.Verified.Identical {
			t.Errorf("output holders %t: %d holders, want %d; %+v", output, len(r.Holders), want, r.Verified)
		}
	}
}

// TestMeanPooling holds that a sentence embedding's mask and count have no holder, that both widths are near float
// whatever the lengths, and that what is searched is what is written.
func TestMeanPooling(t *testing.T) {
	const length, width = 12, 16
	b := tasktest.NewGraph(60).Ints("ids", func(i int) int64 { return int64(i*11) % 30 }, length).Ints("mask", func(i int) int64 {
		if i%length < 1+i/length%length {
			return 1
		}
		return 0
	}, length).Out("y", 5).Weight("emb", 1, 30, width).Weight("w1", 0.4, width, width).Weight("w2", 0.5, width, 5).Numbers("at", -1).Numbers("along", 1).
		Constant("eps", []float32{1e-9})
	b.Do(`x = Gather emb ids; h = MatMul x w1; t = Tanh h; d = Shape t; u = Unsqueeze mask at; e = Expand u d; m = Cast e to=1; q = Mul t m; s = ReduceSum q along keepdims=0
		c = ReduceSum m along keepdims=0; k = Clip c eps; p = Div s k; y = MatMul p w2`)
	cfg := b.Config(t)
	var names []string
	for _, h := range trialtest.Compiled(t, cfg).Network.Holders {
		names = append(names, h.Name)
	}
	if got, want := strings.Join(names, " "), "x t q s p"; got != want {
		t.Errorf("holders %q, want %q", got, want)
	}
	near(t, cfg, 22, 40, "exact")
	if r := mustSearch(t, cfg); !r.Verified.Identical {
		t.Errorf("the file is not what was searched: %+v", r.Verified)
	}
}
