package run

import (
	"context"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestNaNScore: a metric that is NaN for every mix is the worst score. No mix meets the target, and the file is not
// said to score otherwise than the search.
func TestNaNScore(t *testing.T) {
	value := func(i int) float32 { return float32(i%7) - 3 }
	b := tasktest.NewGraph(21).In("x", value, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4).
		Do("a = MatMul x w1; r = Relu a; o = MatMul r w2; y = Sqrt o").Out("y", 4)
	cfg := b.Config(t)
	cfg.Metric, cfg.Target, cfg.AllowNaN = "cosine", "0.9", true
	if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitUnreachable {
		t.Error(err)
	}
}

// TestNaNIsFoundInside finds a NaN that a Where makes a number of: of samples in front and inside, in blocks of
// several and of one, and where it is dropped with the values that a Slice leaves out.
func TestNaNIsFoundInside(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		time bool
	}{
		"time first": {"l = Log x; n = IsNaN l; w = Where n zero l; a = MatMul w w1; r = Relu a; y = MatMul r w2", true},
		"in front":   {"l = Log x; n = IsNaN l; w = Where n zero l; a = MatMul w w1; r = Relu a; y = MatMul r w2", false},
		"left out":   {"l = Log x; m = Max l l; s = Slice m from to at; a = MatMul s w1; r = Relu a; y = MatMul r w2", false},
	} {
		for _, block := range []int{1, 4} {
			value := func(i int) float32 {
				if i == 13*6*8 {
					return -1 // whose logarithm is NaN
				}
				return 1 + float32(i%7)
			}
			b := tasktest.NewGraph(21).In("x", value, 6, 8).Weight("w1", 0.5, 8, 8).Weight("w2", 0.5, 8, 4).Constant("zero", []float32{0}).
				Numbers("from", 1).Numbers("to", 6).Numbers("at", 1).Do(c.text).Out("y", 6, 4)
			b.G.Output[0].Type.GetTensorType().Shape = nil
			if c.time {
				axisNamed(b.G.Input[0], 0, "time")
				axisNamed(b.G.Input[0], 1, "batch")
			}
			cfg := b.Config(t)
			cfg.Metric, cfg.Target, cfg.Block = "sqnr", "50%", block
			if _, err := Search(context.Background(), cfg); err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "NaN") || !strings.Contains(err.Error(), "sample 13") {
				t.Errorf("%s, blocks of %d: %v", name, block, err)
			}
		}
	}
}
