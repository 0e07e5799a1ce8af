package blocks

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// withInputs is a network of these inputs.
func withInputs(inputs ...*onnxpb.ValueInfoProto) *onnx.Model {
	return &onnx.Model{Proto: &onnxpb.ModelProto{Graph: &onnxpb.GraphProto{Input: inputs}}}
}

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
		inputs := []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, c.x...)}
		if c.beside != nil {
			inputs = append(inputs, onnxtest.Declared("beside", ir.Float, c.beside...))
		}
		m := withInputs(inputs...)
		v := m.Inputs()[0]
		if got := inside(m, v); got != c.inside || notFirst(m, v) != (c.inside > 0) {
			t.Errorf("%v beside %v: axis %d, not in front %v; want axis %d", c.x, c.beside, got, notFirst(m, v), c.inside)
		}
	}
}

// TestFixedCure says of a first axis that is fixed which other one may have the samples.
func TestFixedCure(t *testing.T) {
	m := withInputs(onnxtest.Declared("x", ir.Float, 6, "b2", 8))
	if cure := fixedCure(m); cure != `if the samples of input x lie on axis 1 and not on axis 0, export the network with their names, dynamic_axes={"x": {1: "batch"}}; otherwise export it with a batch of 1` {
		t.Errorf("a first axis that is fixed: %q", cure)
	}
}
