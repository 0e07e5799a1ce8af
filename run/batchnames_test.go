package run

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/onnxtest"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
)

// TestAxisCures says of samples that lie on an axis which no name tells what to do, where their network is refused
// for it.
func TestAxisCures(t *testing.T) {
	free := tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w", 0.4, 1, 32, 8).Weight("r", 0.4, 1, 32, 8).Weight("b", 0.3, 1, 64).Weight("v", 0.6, 8, 5).Numbers("one", 1).
		Do("all,h,c = LSTM x w r b hidden_size=8; s = Squeeze all one; t = Relu s; y = MatMul t v").Out("y", 6, 5)
	free.G.Output[0].Type.GetTensorType().Shape = nil
	free.G.Input[0] = onnxtest.Declared("x", ir.Float, "a", "b2", 8)
	cfg := free.Config(t)
	cfg.Metric, cfg.Target, cfg.Block = "agreement", "16bit-0.1", 0
	_, err := Search(context.Background(), cfg)
	if err == nil || ExitCode(err) != ExitMistake || !strings.HasSuffix(err.Error(), `dynamic_axes={"x": {0: "time", 1: "batch"}}`) {
		t.Errorf("axes of any size: %v", err)
	}
	if got := (blocks.Batching{Cure: "x"}).WithCure(errors.New("another")); got.Error() != "another" {
		t.Error("an error that is no mistake gets a cure")
	}
}
