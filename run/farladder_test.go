package run

import (
	"context"
	"testing"
	"time"

	"example.org/demote/internal/tasktest"
)

// TestPromiseOfALadderElsewhere has a ladder promise on a hold-out, alone and on two workers behind links.
func TestPromiseOfALadderElsewhere(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Labels = labelsFor(t, cfg)
	cfg.Metric, cfg.Target, cfg.Block, cfg.Holdout, cfg.Confidence, cfg.Ladder = "top1", "16bit-0.9", 8, "40%", "0.5", "4,8,16"
	one := mustSearch(t, cfg)
	cfg.Links, _ = elsewhereOf(t, 2, nil)
	cfg.Out += "-elsewhere"
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	got, err := Search(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	asAlone(t, got, one)
}
