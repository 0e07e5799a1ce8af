package run

import (
	"context"
	"math"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestBlocksAreNoLargerThanTheData holds that a block of more samples than there are computes no padding, in all
// commands that run blocks, and that the run is the same as one with a block of all samples.
func TestBlocksAreNoLargerThanTheData(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 30)
	cfg.Block = 1000
	s := trialtest.Compiled(t, cfg)
	before := s.Ev.Stats()
	if _, err := s.Ev.Again(context.Background(), search.NewMask(len(s.Records))); err != nil {
		t.Fatal(err)
	}
	if after := s.Ev.Stats(); s.Block != 30 || s.Inputs[0].Dims[0] != 30 || after.Blocks-before.Blocks != 1 || math.Abs(after.Samples-before.Samples-30) > 1e-6 {
		t.Errorf("30 samples in blocks of %d, inputs %v: a trial ran %d blocks, %v samples", s.Block, s.Inputs[0].Dims, after.Blocks-before.Blocks, after.Samples-before.Samples)
	}
	p, err := openPlain(context.Background(), config.Config{Data: cfg.Data, Block: 1000, Metric: "agreement"}.Filled(), cfg.Model, cfg.Model, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := p.Evaluator.Workers(); n != 1 {
		t.Errorf("eval has %d workers for the one block of 30 samples", n)
	}
	p.Close()
	large := newSearch(s).fingerprint()
	cfg.Block = 30
	exact := newSearch(trialtest.Compiled(t, cfg)).fingerprint()
	if text := large.Difference(exact); text != "" {
		t.Errorf("the fingerprints with --block 1000 and --block 30 differ: %s", text)
	}
	if large.Settings["block"] != "30" {
		t.Errorf("the fingerprint has block %s, which is not what was used", large.Settings["block"])
	}
}
