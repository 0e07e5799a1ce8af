package variants

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
)

// TestNextState finds the output that looks like the next value of a state by its name, type and shape.
func TestNextState(t *testing.T) {
	next := func(input string, width int64, outputs ...string) string {
		g := &onnxpb.GraphProto{}
		for i, name := range outputs {
			dims := []int64{-1, 8}
			if i == 2 {
				dims = []int64{-1, -1}
			}
			g.Output = append(g.Output, ir.NewValue(name, ir.Float, dims))
		}
		return NextState((&ir.Model{Proto: &onnxpb.ModelProto{Graph: g}}), ir.Value{Name: input, Type: ir.Float, Dims: []int64{-1, width}})
	}
	for _, c := range []struct{ input, output string }{
		{"state", "stateN"}, {"h", "hn"}, {"h0", "hn"}, {"c0", "cn"}, {"h_in", "h_out"}, {"conv_cache", "conv_cache_out"}, {"in_cache1", "out_cache1"},
		{"input_2", "output_2"}, {"prev_states", "next_states"}, {"h_n_1", "h_n_1_next"},
	} {
		if got := next(c.input, 8, "y", c.output); got != c.output {
			t.Errorf("%s goes with %q, want %s", c.input, got, c.output)
		}
		if got := next(c.input, 9, "y", c.output); got != "" {
			t.Errorf("%s of another shape goes with %q", c.input, got)
		}
	}
	for _, c := range []struct{ input, output string }{{"x", "y"}, {"input", "output"}, {"mask", "logits"}, {"in_cache1", "out_cache2"}} {
		if got := next(c.input, 8, c.output); got != "" {
			t.Errorf("%s goes with %q", c.input, got)
		}
	}
	if got := next("h", 9, "y", "z", "hn"); got != "hn" {
		t.Errorf("an output of any size: %q", got)
	}
	if got := next("h", 8, "hn", "h_out"); got != "" {
		t.Errorf("one of two: %s", got)
	}
}
