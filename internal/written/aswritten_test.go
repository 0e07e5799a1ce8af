package written

import (
	"context"
	"testing"

	"example.org/demote/engine"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// TestOtherBatchesAreLookedAt holds that batches beside the block run some samples, and all where one of them differs.
// A sum that is not the file's stands for an output that the batch changes.
func TestOtherBatchesAreLookedAt(t *testing.T) {
	ctx := context.Background()
	s := &Checker{Runner: trialtest.Compiled(t, tasktest.TinyConfig(t, 450)), Holds: func(search.Score) bool { return true }}
	mask := task.LowMask(s.Network.Holders)
	twin, done, err := s.Twin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	want, _, err := sums(ctx, twin, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := onnx.QDQ(s.Network, s.Records, engine.Low(mask))
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.asWritten(ctx, file, mask, want)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name            string
		changed         int // sample; -1: none
		batch           int
		samples, differ int
	}{
		{"nothing differs", -1, 7, 225, 0},
		{"a sample that is looked at", 8, 7, 450, 1},
		{"a sample that is not", 9, 7, 225, 0},
		{"the block runs all", -1, s.Block, 450, 0},
		{"the block misses none", 9, s.Block, 450, 1},
	} {
		if c.changed >= 0 {
			open.want[c.changed][0]++
		}
		a, _, err := open.inBatches(ctx, c.batch, false)
		if err != nil {
			t.Fatal(err)
		}
		if a.Samples != c.samples || a.Differ != c.differ {
			t.Errorf("%s: %d of %d samples differ, want %d of %d", c.name, a.Differ, a.Samples, c.differ, c.samples)
		}
		if c.changed >= 0 {
			open.want[c.changed][0]--
		}
	}
}
