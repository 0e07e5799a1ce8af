package run

import (
	"context"
	"slices"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestNoOpsOfSearches counts, over whole searches of the example networks, the blocks of trials that need no run: all
// of them are trials of the image, whose values lie on both grids, and which a GPU knows by the host (docs/gpu.md).
// The CPU's nodes look at every holder on every block.
func TestNoOpsOfSearches(t *testing.T) {
	for _, model := range []string{"../examples/fashion/model.onnx", "../testdata/fashion-dscnn-uneven/model.onnx", "../testdata/fashion-vit/model.onnx"} {
		cfg := tasktest.FashionConfig(t)
		cfg.Model, cfg.Limit, cfg.Block, cfg.Metric = model, 4, 2, "sqnr"
		s := trialtest.Uncut(t, cfg)
		src, _, err := s.SourceFor(t.Context(), true, s.Can())
		if err != nil {
			t.Fatal(err)
		}
		all, err := s.Ev.Score(t.Context(), search.NewMask(len(s.Records)))
		if err != nil {
			t.Fatal(err)
		}
		c := &noOpsOf{Evaluator: s.Ev, inputs: slices.Concat(src.Direct()...)}
		if _, err := search.Demotion(t.Context(), c, search.Options{Holders: len(s.Records), Target: 0.8 * all.Float()}); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: of %d blocks of trials %d need no run, %d more by other holders than the network's inputs", model, c.blocks, c.byInput, c.others)
		if c.blocks < 100 || c.byInput == 0 || c.others > 0 {
			t.Errorf("%s: %+v", model, *c)
		}
	}
}

// noOpsOf counts blocks of candidates that differ from their base in no-ops alone, as far as the evaluator knows once
// they have been scanned.
type noOpsOf struct {
	*backend.Evaluator
	inputs                  []int // holders of the network's inputs
	blocks, byInput, others int
}

func (c *noOpsOf) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	found, err := c.Evaluator.Scan(ctx, base, candidates, b)
	for _, m := range candidates {
		for block := range 2 {
			c.blocks++
			known, no, input := c.NoOps(block), true, true
			for h := range m.Len() {
				if m.Low(h) != base.Low(h) {
					no, input = no && slices.Contains(known, h), input && slices.Contains(c.inputs, h)
				}
			}
			if no && input {
				c.byInput++
			} else if no {
				c.others++
			}
		}
	}
	return found, err
}
