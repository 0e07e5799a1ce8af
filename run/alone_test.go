package run

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
)

// TestSamplesAlone searches networks some input of which has no batch in front, and holds the result against the same
// network with one, in blocks of one.
func TestSamplesAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	dim := func(dims ...any) []any { return dims }
	side := func(dims ...any) *onnxpb.ValueInfoProto { return onnxtest.Declared("s", ir.Float, dims...) }
	batched := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), side("N", 25), -1, "N", 4)
	steps := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 5, 6), nil, 1, "N", 1, 4)
	for _, c := range []struct {
		name  string
		g     *onnxpb.GraphProto
		data  map[string][]int
		fixed []string
		same  *onnxpb.GraphProto
		as    map[string][]int
	}{
		{"a state without a batch", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), side(25), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 25}}, nil, batched, nil},
		{"a batch inside, fixed to one", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, 1, 6), side(5, 1, 5), -1, dim(1, 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 1, 5}}, nil, batched, nil},
		{"a batch inside, left out of the data", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, 1, 6), side(5, 1, 5), -1, dim(1, 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 5}}, nil, batched, nil},
		{"a batch inside, free", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), side(5, "N", 5), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}, "s": {12, 5, 5}}, nil, batched, nil},
		{"a batch inside, of a given value", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), side(5, "N", 5), -1, dim("N", 4)...),
			map[string][]int{"x": {12, 6}}, []string{"s=0.5"}, nil, nil},
		{"steps in front, of any number", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "time", 6), nil, 0, dim(1, 4)...),
			map[string][]int{"x": {12, 5, 6}}, nil, steps, map[string][]int{"x": {12, 5, 6}}},
		{"steps in front, so many", tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, 5, 6), nil, 0, dim(1, 4)...),
			map[string][]int{"x": {12, 5, 6}}, nil, steps, map[string][]int{"x": {12, 5, 6}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			cfg := tasktest.AloneConfig(t, c.g, c.data)
			cfg.Fixed = c.fixed
			got, err := Search(ctx, cfg)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Verified.Identical {
				t.Errorf("%+v", got.Verified)
			}
			if c.same == nil {
				if v, err := Verify(ctx, cfg.Out, config.Config{}); err != nil || !v.Identical {
					t.Errorf("verify: %+v, %v", v, err)
				}
				cfg.Scan, cfg.Out = "naive", cfg.Out+"2"
				slow, err := Search(ctx, cfg)
				if err != nil || fmt.Sprint(slow.Promotion) != fmt.Sprint(got.Promotion) || *slow.Score.Mixed.Value != *got.Score.Mixed.Value {
					t.Errorf("naive: %v %v, fast: %v %v, %v", slow.Promotion, *slow.Score.Mixed.Value, got.Promotion, *got.Score.Mixed.Value, err)
				}
				return
			}
			if c.as == nil {
				c.as = map[string][]int{"x": {12, 6}, "s": {12, 25}}
			}
			other := tasktest.AloneConfig(t, c.same, c.as)
			other.Block = 1
			want, err := Search(ctx, other)
			if err != nil {
				t.Fatal(err)
			}
			tell := func(r *config.Result) string {
				return fmt.Sprint(r.Promotion, *r.Score.Mixed.Value, *r.Score.Low.Value, *r.Score.High.Value)
			}
			if tell(want) != tell(got) {
				t.Errorf("%s, with a batch in front %s", tell(got), tell(want))
			}
		})
	}
}

// TestSamplesAloneAreRefused says what cannot be fed.
func TestSamplesAloneAreRefused(t *testing.T) {
	state := onnxtest.Declared("s", ir.Float, 25)
	for _, c := range []struct {
		name  string
		x     *onnxpb.ValueInfoProto
		data  map[string][]int
		block int
		want  string
	}{
		{"blocks", onnxtest.Declared("x", ir.Float, "N", 6), map[string][]int{"x": {12, 6}, "s": {12, 25}}, 4, "samples run one by one: leave it out"},
		{"a batch of more", onnxtest.Declared("x", ir.Float, 3, 6), map[string][]int{"x": {12, 6}, "s": {12, 25}}, 0, "input x takes 3 samples at once"},
		{"no array", onnxtest.Declared("x", ir.Float, "N", 6), map[string][]int{"x": {12, 6}}, 0, `no array named "s": it has "x"; save it under the input's name, or give it one value for all samples, --input s=0 for one`},
		{"a batch by its name", onnxtest.Declared("x", ir.Float, "batch", 6), map[string][]int{"x": {12, 5, 6}, "s": {12, 25}}, 0, "has shape [12,5,6]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.AloneConfig(t, tasktest.AloneNetwork(c.x, state, -1, "N", 4), c.data)
			cfg.Block = c.block
			if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), c.want) || ExitCode(err) != ExitMistake {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
