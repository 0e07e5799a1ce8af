package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// TestBias searches networks with int32 biases: the fast scan decides as the naive one, and the written file, which
// holds the biases as int32, computes the mix bit for bit.
func TestBias(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	vit := config.Config{Model: "../testdata/fashion-vit/model.onnx", Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Metric: "top1",
		Strategy: "gallop", Target: "16bit-0.02", Limit: 60, Block: 20, Cache: 1 << 30, Version: "test", Out: filepath.Join(t.TempDir(), "run")}
	example := tasktest.FashionConfig(t)
	example.Limit, example.Block = 60, 20
	for _, c := range []struct {
		name   string
		cfg    config.Config
		biases int
	}{{"convolutions", example, 35}, {"MatMul with Add, Gemm", vit, 18}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := c.cfg
			cfg.Bias, cfg.Export = "int32", []string{"qdq-ms", "mctq"}
			r := mustSearch(t, cfg)
			if !r.Met || !r.Verified.Identical || len(r.Promotion) == len(r.Holders) {
				t.Errorf("%d high, %+v", len(r.Promotion), r.Verified)
			}
			for _, e := range r.Exports {
				if e.Verified != nil && !e.Verified.Identical {
					t.Errorf("%s: %+v", e.Format, e.Verified)
				}
			}
			m, err := onnx.Read(filepath.Join(cfg.Out, journal.MixedFile))
			if err != nil {
				t.Fatal(err)
			}
			biases := 0
			for _, w := range m.Graph().GetInitializer() {
				if strings.HasSuffix(w.GetName(), "_quantized") && ir.DType(w.GetDataType()) == ir.Int32 {
					biases++
				}
			}
			if biases != c.biases {
				t.Errorf("%d biases are int32, not %d; warnings %q", biases, c.biases, r.Warnings)
			}
			if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
				t.Errorf("verify: %+v, %v", v, err)
			}
			naive := cfg
			naive.Out, naive.Scan, naive.Export = filepath.Join(t.TempDir(), "run"), "naive", nil
			if got, want := decisions(t, r), decisions(t, mustSearch(t, naive)); got != want {
				t.Errorf("fast: %s\nnaive: %s", got, want)
			}
		})
	}
}

// TestBiasMistakes refuses int32 biases where there are others already.
func TestBiasMistakes(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		text   string
	}{
		{"another kind", func(c *config.Config) { c.Bias = "int16" }, "choose float or int32"},
		{"a pair", func(c *config.Config) { c.Model, c.Calib, c.Low, c.High = "", "", "a.onnx", "b.onnx" }, "a pair brings its own biases"},
		{"encodings", func(c *config.Config) {
			c.Calib, c.EncodingsLow, c.EncodingsHigh, c.Formula = "", "a.json", "b.json", "qdq"
		}, "encodings bring their own biases"},
	} {
		cfg := tasktest.TinyConfig(t, 8)
		cfg.Bias = "int32"
		c.change(&cfg)
		if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	cfg := tasktest.TinyConfig(t, 8)
	cfg.Bias = "half"
	if _, _, err := Quantize(context.Background(), cfg); ExitCode(err) != ExitMistake {
		t.Errorf("quantize: %v", err)
	}
}
