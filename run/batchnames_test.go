package run

import (
	"context"
	"errors"
	"strings"
	"testing"

	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// TestBatchNames finds the axis of the samples by the names of axes: of an input, and of another one beside it.
func TestBatchNames(t *testing.T) {
	for _, c := range []struct {
		x, beside []any
		inside    int // of x
	}{
		{[]any{"batch", "time", 8}, nil, 0},
		{[]any{"time", "batch", 8}, nil, 1},
		{[]any{"T", "B", 8}, nil, 1},
		{[]any{"seq", "batch_size", 8}, nil, 1},
		{[]any{"B", "N", 3}, nil, 0}, // points
		{[]any{"bs", "N", 3}, nil, 0},
		{[]any{"N", "C", 3}, nil, 0},
		{[]any{"channels", "num_samples"}, nil, 0}, // of sound
		{[]any{1, "samples", 8}, []any{"samples", "time", 6}, 1},
		{[]any{2, "samples", "any"}, []any{"samples", 6}, 1},
		{[]any{2, "batch", 8}, []any{"batch", 6}, 1},
		{[]any{1, "time"}, []any{"time", 6}, 0},
	} {
		g := &onnxpb.GraphProto{Input: []*onnxpb.ValueInfoProto{tasktest.ValueInfo("x", ir.Float, c.x...)}}
		if c.beside != nil {
			g.Input = append(g.Input, tasktest.ValueInfo("beside", ir.Float, c.beside...))
		}
		m := &onnx.Model{Proto: &onnxpb.ModelProto{Graph: g}}
		v := m.Inputs()[0]
		if got := blocks.Inside(m, v); got != c.inside || blocks.NotFirst(m, v) != (c.inside > 0) {
			t.Errorf("%v beside %v: axis %d, not in front %v; want axis %d", c.x, c.beside, got, blocks.NotFirst(m, v), c.inside)
		}
	}
}

// TestAxisCures says of samples that lie on an axis which no name tells what to do, where their network is refused
// for it.
func TestAxisCures(t *testing.T) {
	free := tasktest.NewGraph(21).In("x", nil, 6, 8).Weight("w", 0.4, 1, 32, 8).Weight("r", 0.4, 1, 32, 8).Weight("b", 0.3, 1, 64).Weight("v", 0.6, 8, 5).Numbers("one", 1).
		Do("all,h,c = LSTM x w r b hidden_size=8; s = Squeeze all one; t = Relu s; y = MatMul t v").Out("y", 6, 5)
	free.G.Output[0].Type.GetTensorType().Shape = nil
	free.G.Input[0] = tasktest.ValueInfo("x", ir.Float, "a", "b2", 8)
	cfg := free.Config(t)
	cfg.Metric, cfg.Target, cfg.Block = "agreement", "16bit-0.1", 0
	_, err := Search(context.Background(), cfg)
	if err == nil || ExitCode(err) != ExitMistake || !strings.HasSuffix(err.Error(), `dynamic_axes={"x": {0: "time", 1: "batch"}}`) {
		t.Errorf("axes of any size: %v", err)
	}
	free.G.Input[0] = tasktest.ValueInfo("x", ir.Float, 6, "b2", 8)
	m := &onnx.Model{Proto: &onnxpb.ModelProto{Graph: free.G}}
	if cure := blocks.FixedCure(m); cure != `if the samples of input x lie on axis 1 and not on axis 0, export the network with their names, dynamic_axes={"x": {1: "batch"}}; otherwise export it with a batch of 1` {
		t.Errorf("a first axis that is fixed: %q", cure)
	}
	if got := (blocks.Batching{Cure: "x"}).WithCure(errors.New("another")); got.Error() != "another" {
		t.Error("an error that is no mistake gets a cure")
	}
}
