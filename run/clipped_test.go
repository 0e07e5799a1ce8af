package run

import (
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestOutputsBeforeAClip has networks with an output that a Relu or Clip inside reads, on the same grid in front of
// it and behind: what is written of them loads in an exact session that gives all outputs.
func TestOutputsBeforeAClip(t *testing.T) {
	positive := func(i int) float32 { return float32(i % 13) }
	one := make([]float32, 64)
	for i := range 8 {
		one[9*i] = 1
	}
	for _, how := range []string{"s = Sqrt q; r = Relu s", "s = Sqrt q; r = Clip s zero _", "s = Sqrt q; r = Tanh s"} {
		g := tasktest.NewGraph(24).In("x", positive, 8).In("h", positive, 8).Weight("v", 0.5, 8, 5).Constant("zero", []float32{0}).Constant("w", one, 8, 8)
		cfg := g.Do("a = MatMul x w; q = Add a h; "+how+"; y = MatMul r v").Out("y", 5).Out("s", 8).Config(t)
		cfg.Output, cfg.State, cfg.Metric = "y", []string{"s:h"}, "sqnr"
		cfg.Target = "50%"
		mustSearch(t, cfg)
	}
}
