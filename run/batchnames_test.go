package run

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
)

// TestAxisCures says of samples that lie on an axis which no name tells what to do, where their network is refused
// for it.
func TestAxisCures(t *testing.T) {
	free := newGraph(21).in("x", nil, 6, 8).weight("w", 0.4, 1, 32, 8).weight("r", 0.4, 1, 32, 8).weight("b", 0.3, 1, 64).weight("v", 0.6, 8, 5).numbers("one", 1).
		do("all,h,c = LSTM x w r b hidden_size=8; s = Squeeze all one; t = Relu s; y = MatMul t v").out("y", 6, 5)
	free.g.Output[0].Type.GetTensorType().Shape = nil
	free.g.Input[0] = declared("x", ir.Float, "a", "b2", 8)
	cfg := free.config(t)
	cfg.Metric, cfg.Target, cfg.Block = "agreement", "16bit-0.1", 0
	_, err := Search(context.Background(), cfg)
	if err == nil || ExitCode(err) != ExitMistake || !strings.HasSuffix(err.Error(), `dynamic_axes={"x": {0: "time", 1: "batch"}}`) {
		t.Errorf("axes of any size: %v", err)
	}
	if got := (blocks.Batching{Cure: "x"}).WithCure(errors.New("another")); got.Error() != "another" {
		t.Error("an error that is no mistake gets a cure")
	}
}
