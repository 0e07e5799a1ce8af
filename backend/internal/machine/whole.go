package machine

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
)

// runWhole runs all blocks of a mask for a metric of the whole set. The score is the gain of the last block, all
// others have none, so that the sum over the blocks is the score.
func (e *Single) runWhole(ctx context.Context, j store.Job, gains []bounds.Gain) error {
	t, watched := e.judge.NewAccumulator(), e.watch
	e.watch = func(samples []int, rows []float32) {
		if watched != nil {
			watched(samples, rows)
		}
		t.Add(samples, rows)
	}
	defer func() { e.watch = watched }()
	if err := e.runBlocks(ctx, j, 0, len(gains), gains); err != nil {
		return err
	}
	v, err := t.Score(ctx)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = e.opts.Metric.Signed(v)
	return nil
}
