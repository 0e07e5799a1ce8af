package blocks

import (
	"errors"
	"slices"
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

func TestEvenBlock(t *testing.T) {
	for _, c := range []struct{ samples, most, want int }{
		{2000, 20, 20}, {200, 20, 20}, {100, 20, 17}, {60, 20, 15}, {61, 20, 16}, {40, 20, 20}, {41, 20, 11},
		{20, 20, 10}, {19, 20, 10}, {2, 20, 1}, {1, 20, 1}, {100, 3, 3}, {5, 1, 1}, {7, 0, 1}, {0, 20, 1},
	} {
		got := even(c.samples, c.most)
		if got != c.want {
			t.Errorf("%d samples, at most %d: blocks of %d, want %d", c.samples, c.most, got, c.want)
		}
		if got > max(1, c.most) {
			t.Errorf("%d samples: a block of %d is larger than %d", c.samples, got, c.most)
		}
	}
}

// TestTwice hands a block out twice, and pads it as a pass does.
func TestTwice(t *testing.T) {
	for _, n := range []int{1, 3, 4, 9} {
		var got []int
		s := Twice{Samples: recorded{n, &got}, Block: 4}
		for i := range s.Len() {
			_ = s.Read(0, i, nil)
		}
		var want []int
		for i := range 4 {
			if want = append(want, i); i >= n {
				want[i] = 0
			}
		}
		for i := range n {
			want = append(want, i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d samples: %v, want %v", n, got, want)
		}
	}
}

// recorded are samples that say which of them were read.
type recorded struct {
	n    int
	read *[]int
}

func (r recorded) Len() int { return r.n }

func (r recorded) Shape(int) []int64 { return nil }

func (r recorded) Whole(int) bool { return false }

func (r recorded) Steps(int) int { return 0 }

func (r recorded) Read(_, sample int, _ []byte) error {
	*r.read = append(*r.read, sample)
	return nil
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
		g := &onnxpb.GraphProto{Input: []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, c.x...)}}
		if c.beside != nil {
			g.Input = append(g.Input, onnxtest.Declared("beside", ir.Float, c.beside...))
		}
		m := &onnx.Model{Proto: &onnxpb.ModelProto{Graph: g}}
		v := m.Inputs()[0]
		if got := inside(m, v); got != c.inside || notFirst(m, v) != (c.inside > 0) {
			t.Errorf("%v beside %v: axis %d, not in front %v; want axis %d", c.x, c.beside, got, notFirst(m, v), c.inside)
		}
	}
}

// TestFixedCure says what to do with a network whose first axis is fixed, and says it of mistakes alone.
func TestFixedCure(t *testing.T) {
	m := &onnx.Model{Proto: &onnxpb.ModelProto{Graph: &onnxpb.GraphProto{Input: []*onnxpb.ValueInfoProto{onnxtest.Declared("x", ir.Float, 6, "b2", 8)}}}}
	if cure := fixedCure(m); cure != `if the samples of input x lie on axis 1 and not on axis 0, export the network with their names, dynamic_axes={"x": {1: "batch"}}; otherwise export it with a batch of 1` {
		t.Errorf("a first axis that is fixed: %q", cure)
	}
	if got := (Batching{Cure: "x"}).WithCure(errors.New("another")); got.Error() != "another" {
		t.Error("an error that is no mistake gets a cure")
	}
}
