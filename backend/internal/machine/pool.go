package machine

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
	"example.org/demote/crash"
)

// report is what a worker says of a job.
type report struct {
	work     float64 // whole-network sample passes: the run parts' share of the time, times samples
	parts    int     // parts run
	moved    int     // bytes of codes between lane and store, at most
	restored bool    // began at a cut
	noop     bool    // needed no run
	busy     time.Duration
	ticket   int // of the job
	err      error
	later    func() error // waits for what a metric server makes of the outputs; nil: the gain is there
}

// pool runs jobs on workers, each on a goroutine of its own that lives as long as the pool. Handing
// out a job allocates nothing.
type pool struct {
	jobs    chan store.Job
	reports chan report
	wait    sync.WaitGroup
	size    int // of jobs that may be under way
}

// newPool starts a goroutine for each runner. So many jobs more may be under way: a runner goes on to the next one
// while the outputs of the one before are judged elsewhere.
func newPool(runners []func(store.Job) report, behind int) *pool {
	size := len(runners) + behind
	p := &pool{jobs: make(chan store.Job, size), reports: make(chan report, 2*size), size: size}
	for _, run := range runners {
		p.wait.Go(func() {
			debug.SetPanicOnFault(true) // weights may lie in a file that is mapped
			for j := range p.jobs {
				start := time.Now()
				r := caught(run, j)
				r.busy, r.ticket = time.Since(start), j.Ticket
				if r.later != nil && r.err == nil {
					p.judgeLater(j, r)
					continue
				}
				p.reports <- r
			}
		})
	}
	return p
}

// judgeLater says that a job has run, and reports it once its outputs are judged. It is a function of its own, so that
// a report which needs no goroutine stays where it is.
func (p *pool) judgeLater(j store.Job, r report) {
	ran := r
	ran.err = bounds.ErrRan
	p.reports <- ran
	p.wait.Go(func() {
		r.err = caught(func(store.Job) report { return report{err: r.later()} }, j).err
		p.reports <- r
	})
}

// caught runs a job; a panic is the job's error.
func caught(run func(store.Job) report, j store.Job) (r report) {
	defer crash.Catch(&r.err)
	return run(j)
}

// run shares the blocks from..to-1 of a job among the workers, hands every report to book, and returns when all are
// done. A cancelled context stops handing out blocks. With places, from..to-1 are places in that list of blocks.
func (p *pool) run(ctx context.Context, j store.Job, from, to int, places []int, gains []bounds.Gain, book func(report)) error {
	var first error
	running := 0
	for next := from; ; {
		for running < p.size && next < to && first == nil {
			if first = ctx.Err(); first != nil {
				break
			}
			j.Block, j.Gain = next, &gains[next-from]
			if places != nil {
				j.Block = places[next]
			}
			p.jobs <- j
			next++
			running++
		}
		if running == 0 {
			return first
		}
		r := <-p.reports
		if errors.Is(r.err, bounds.ErrRan) {
			continue
		}
		running--
		book(r)
		if r.err != nil && first == nil {
			first = r.err
		}
	}
}

// finish waits for a report, and books it unless the job has only run, and is being judged.
func (p *pool) finish(s *Stats) (ticket int, work float64, err error) {
	r := <-p.reports
	if !errors.Is(r.err, bounds.ErrRan) {
		s.book(r)
	}
	return r.ticket, r.work, r.err
}

// Close ends the workers' goroutines. It may be called more than once.
func (p *pool) Close() {
	if p.jobs != nil {
		close(p.jobs)
		p.wait.Wait()
		p.jobs = nil
	}
}
