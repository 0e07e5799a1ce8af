package machine

import (
	"context"

	"gonum.org/v1/gonum/floats"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// Run implements bounds.Machine: blocks of one mask, shared by all workers.
func (e *Single) Run(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	j := e.jobOn(b)
	if e.opts.Metric.IsWhole() && b.To-b.From == e.data.Len() && !e.alone {
		return e.runWhole(ctx, j, gains)
	}
	return e.runBlocks(ctx, j, b.From, b.To, gains)
}

// jobOn is what the blocks of a job have in common, on its base. One without a base stands on that of before, which its
// own mask will not become from what it drafts.
func (e *Single) jobOn(b bounds.Job) store.Job {
	alone := b.Base.Equal(b.Mask)
	if !alone {
		e.stand(b.Base)
	}
	j := e.jobOf(b.Mask)
	j.Alone = alone
	return j
}

// jobOf is what the blocks of a mask have in common on the base of now.
func (e *Single) jobOf(mask search.Mask) store.Job {
	j := store.Job{Mask: mask, First: e.firstChanged(mask), Alone: e.fleeting, Fleeting: e.fleeting}
	if e.store != nil {
		j.Trial = e.store.Trial(mask)
	}
	return j
}

// runBlocks runs blocks on whatever the device has.
func (e *Single) runBlocks(ctx context.Context, j store.Job, from, to int, gains []bounds.Gain) error {
	if e.stream != nil {
		return e.stream.run(ctx, j, from, to, gains)
	}
	return e.pool.run(ctx, j, from, to, nil, gains, e.booked)
}

// book counts what a job has cost.
func (s *Stats) book(r report) {
	s.Busy += r.busy.Seconds()
	if r.noop {
		s.NoOps++
		return
	}
	s.Samples += r.work
	s.Blocks++
	s.Parts += r.parts
	s.Moved += int64(r.moved)
	if r.restored {
		s.Restored++
	}
}

// runner is what a goroutine of the pool does with a job: runJob where the lane's work is done, to its
// end. It is made once, so that a job allocates nothing.
func (e *Single) runner(l device.Lane) func(store.Job) report {
	var j store.Job
	var r report
	var p store.SegmentIO
	run := func() error {
		if r = e.runJob(l, j, &p); r.err == nil {
			r.err = l.Wait()
		}
		e.judged(j, r)
		return nil
	}
	return func(next store.Job) report {
		j, r = next, report{}
		if err := l.Do(run); err != nil {
			r.err = err
		}
		return r
	}
}

// judged keeps what a block has gained.
func (e *Single) judged(j store.Job, r report) {
	if r.err == nil && !r.noop && r.later == nil && e.store != nil {
		e.store.KeepGain(j)
	}
}

// runJob is what a lane does with a block: nothing where only no-ops have changed, else go on from the base's
// activations at the last cut in front of the change, and judge the outputs.
func (e *Single) runJob(l device.Lane, j store.Job, p *store.SegmentIO) (r report) {
	if e.store != nil && e.watch == nil {
		if *j.Gain, r.noop = e.store.Noop(j); r.noop {
			return r
		}
	}
	if r.err = l.SetMask(j.Mask); r.err != nil {
		return r
	}
	from, data := 0, e.data.Blocks[j.Block]
	if e.store != nil {
		from = e.store.At(j.Block, j.First)
		if !j.Fleeting {
			e.store.Ask(l, from)
		}
	}
	r.restored, r.parts = from > 0, len(e.chain.Parts)-from
	r.work = floats.Sum(e.chain.Share[from:]) * float64(len(data.Samples()))
	if e.chain.Through {
		r.err = e.runEntry(l, j, from, p)
		r.moved = p.Moved
	} else {
		r.moved, r.err = e.runParts(l, j, from)
	}
	if r.err != nil {
		return r
	}
	if e.store != nil && !j.Fleeting {
		e.store.Note(l, j, from)
	}
	if e.judge.Served() && !e.alone {
		r.later, r.err = e.submit(l, j, data.Samples())
		return r
	}
	if e.watch != nil {
		var rows []float32
		if rows, r.err = device.OutputRows(l, e.judge); r.err != nil {
			return r
		}
		e.watch(data.Samples(), rows)
	}
	r.err = l.Judge(e.judge, data, j.Gain)
	return r
}

// runEntry runs all that lies behind a cut at once.
func (e *Single) runEntry(l device.Lane, j store.Job, from int, p *store.SegmentIO) error {
	err := e.store.Enter(l, j, from, p)
	if err == nil {
		err = l.RunPart(e.data.Blocks[j.Block], from)
	}
	e.store.Left(l, j, p, err == nil)
	return err
}

// runParts runs the parts behind a cut one after another, and returns the bytes of codes that were read and written.
func (e *Single) runParts(l device.Lane, j store.Job, from int) (moved int, err error) {
	if from > 0 {
		if err := e.store.Restore(l, j.Block, from); err != nil {
			return 0, err
		}
		moved = e.store.Size(from)
	}
	for p := from; p < len(e.chain.Parts); p++ {
		if err := l.RunPart(e.data.Blocks[j.Block], p); err != nil {
			return moved, err
		}
		if e.store != nil && p+1 < len(e.chain.Parts) && j.Keeps(p+1) {
			moved += e.store.Size(p + 1)
			if err := e.store.Keep(l, j, p+1); err != nil {
				return moved, err
			}
		}
	}
	return moved, nil
}

// firstChanged finds the first part that a holder touches in which a mask differs from the base: the number of parts
// if none does.
func (e *Single) firstChanged(mask search.Mask) int {
	if e.store == nil {
		return 0
	}
	first := len(e.chain.Parts)
	base, words := e.store.Base.Words(), mask.Words()
	for i := range words {
		if base[i] == words[i] {
			continue
		}
		for h := i * 64; h < min((i+1)*64, mask.Len()); h++ {
			if mask.Low(h) != e.store.Base.Low(h) {
				first = min(first, e.chain.First[h])
			}
		}
	}
	return first
}

// stand makes a mask the base of the stored activations.
func (e *Single) stand(base search.Mask) {
	if e.store == nil || e.store.Base.Equal(base) {
		return
	}
	e.store.Move(base, e.firstChanged(base))
}
