package machine

import (
	"context"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
)

// streamRunner runs blocks in turn on the one lane of a device that has a queue. It waits once for all blocks that it
// is asked for together; where they are asked for one by one, each has a mark behind it, and the lane goes on with the
// next ones while the host looks at its gain. It allocates nothing.
type streamRunner struct {
	e        *Single
	ctx      context.Context
	job      store.Job
	io       store.SegmentIO // of the block at hand, where runs enter a network
	from, to int
	gains    []bounds.Gain
	jobs     []store.Job
	reports  []report
	all      func() error // the method runAll, made once

	begun      [device.Marks]flight // in a ring
	first, len int                  // of those under way
	unsaid     bool                 // the last one has not been said to have run
	one, reach func() error         // what puts a block into the queue, and waits for its mark
}

// flight is a block with a mark behind it.
type flight struct {
	job    store.Job
	report report
}

func newStreamRunner(e *Single) *streamRunner {
	t := &streamRunner{e: e}
	t.all, t.one = t.runAll, t.runOne
	t.reach = func() error { return t.e.chain.Lanes()[0].Reach() }
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
		r := t.e.runJob(l, j, &t.io)
		t.jobs, t.reports = append(t.jobs, j), append(t.reports, r)
		if r.err != nil {
			return r.err
		}
	}
	return nil
}

// start puts one block into the queue, with a mark behind it.
func (t *streamRunner) start(j store.Job) {
	f := &t.begun[(t.first+t.len)%len(t.begun)]
	*f = flight{job: j}
	t.len++
	t.unsaid = true
	begun := time.Now()
	if err := t.e.chain.Lanes()[0].Do(t.one); err != nil {
		f.report.err = err
	}
	f.report.busy, f.report.ticket = time.Since(begun), j.Ticket
}

func (t *streamRunner) runOne() error {
	l, f := t.e.chain.Lanes()[0], &t.begun[(t.first+t.len-1)%len(t.begun)]
	if f.report = t.e.runJob(l, f.job, &t.io); f.report.noop && f.report.err == nil {
		return nil
	}
	if f.report.err == nil {
		f.report.err = l.Mark()
	}
	if f.report.err != nil {
		_ = l.Wait() // nothing of it stays in the queue; the first error counts
	}
	return f.report.err
}

// finish says that the block that was begun last has run, and its worker is free, as far as that was not said; else it
// waits for the mark of the one that was begun first. What needs no wait is reported at once.
func (t *streamRunner) finish() (ticket int, work float64, err error) {
	last := &t.begun[(t.first+t.len-1)%len(t.begun)]
	if t.unsaid {
		t.unsaid = false
		if last.report.err == nil && !last.report.noop {
			return last.job.Ticket, 0, bounds.ErrRan
		}
		t.len--
		return t.landed(last)
	}
	f := &t.begun[t.first]
	t.first, t.len = (t.first+1)%len(t.begun), t.len-1
	begun := time.Now()
	f.report.err = t.e.chain.Lanes()[0].Do(t.reach)
	f.report.busy += time.Since(begun)
	return t.landed(f)
}

// landed books a block that has come to its end.
func (t *streamRunner) landed(f *flight) (ticket int, work float64, err error) {
	if f.report.later != nil && f.report.err == nil { // a metric server judges meanwhile
		f.report.err = f.report.later()
	}
	t.e.judged(f.job, f.report)
	t.e.stats.book(f.report)
	return f.job.Ticket, f.report.work, f.report.err
}
