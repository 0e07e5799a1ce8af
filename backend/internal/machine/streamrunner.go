package machine

import (
	"context"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
)

// streamRunner runs blocks in turn on the one lane of a device that has a queue, and waits once for all of
// them: the host looks at their gains only then. It allocates nothing.
type streamRunner struct {
	e        *Single
	ctx      context.Context
	job      store.Job
	from, to int
	gains    []bounds.Gain
	jobs     []store.Job
	reports  []report
	all      func() error // the method runAll, made once
}

func newStreamRunner(e *Single) *streamRunner {
	t := &streamRunner{e: e}
	t.all = t.runAll
	return t
}

// run is pool.run without a pool.
func (t *streamRunner) run(ctx context.Context, j store.Job, from, to int, gains []bounds.Gain) error {
	t.ctx, t.job, t.from, t.to, t.gains = ctx, j, from, to, gains
	t.jobs, t.reports = t.jobs[:0], t.reports[:0]
	start := time.Now()
	err := t.e.chain.Lanes()[0].Do(t.all)
	busy := time.Since(start)
	for i, r := range t.reports {
		if r.later != nil && err == nil { // the lane has gone on meanwhile
			err = r.later()
		}
		if r.busy = 0; i == 0 {
			r.busy = busy
		}
		if err == nil {
			t.e.judged(t.jobs[i], r)
		}
		t.e.stats.book(r)
	}
	return err
}

func (t *streamRunner) runAll() error {
	l := t.e.chain.Lanes()[0]
	err := t.runEach(l)
	if werr := l.Wait(); err == nil { // whatever happened: nothing stays in the queue
		err = werr
	}
	return err
}

func (t *streamRunner) runEach(l device.Lane) error {
	for b := t.from; b < t.to; b++ {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		j := t.job
		j.Block, j.Gain = b, &t.gains[b-t.from]
		r := t.e.runJob(l, j, nil)
		t.jobs, t.reports = append(t.jobs, j), append(t.reports, r)
		if r.err != nil {
			return r.err
		}
	}
	return nil
}
