package backend

import (
	"context"

	"demote/backend/bounds"
	"demote/search"
)

// Run implements bounds.Machine: blocks of one mask, shared by all workers.
func (e *Evaluator) Run(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	if !b.Base.Equal(b.Mask) {
		e.stand(b.Base)
	}
	j := job{mask: b.Mask}
	j.first, j.last = e.span(b.Mask)
	if e.store != nil {
		j.trial = e.store.trial(b.Mask)
	}
	if e.opts.Metric.IsWhole() && b.To-b.From == e.data.len() && !e.alone {
		return e.runWhole(ctx, j, gains)
	}
	return e.runBlocks(ctx, j, b.From, b.To, gains)
}

// runBlocks runs blocks on whatever the device has.
func (e *Evaluator) runBlocks(ctx context.Context, j job, from, to int, gains []bounds.Gain) error {
	if e.turns != nil {
		return e.turns.run(ctx, j, from, to, gains)
	}
	return e.pool.run(ctx, j, from, to, gains, e.booked)
}

// book counts what a job has cost.
func (e *Evaluator) book(r report) {
	e.stats.Busy += r.busy.Seconds()
	if r.noop {
		e.stats.NoOps++
		return
	}
	e.stats.Samples += r.work
	e.stats.Blocks++
	e.stats.Parts += r.parts
	e.stats.Moved += int64(r.moved)
	if r.restored {
		e.stats.Restored++
	}
	if r.equal {
		e.stats.Equal++
	}
}

// runner is what a goroutine of the pool does with a job: runJob where the lane's work is done, to its
// end. It is made once, so that a job allocates nothing.
func (e *Evaluator) runner(l lane) func(job) report {
	var j job
	var r report
	run := func() error {
		if r = e.runJob(l, j); r.err == nil {
			r.err = l.wait()
		}
		e.judged(j, r)
		return nil
	}
	return func(next job) report {
		j, r = next, report{}
		if err := l.do(run); err != nil {
			r.err = err
		}
		return r
	}
}

// judged keeps what a block has gained.
func (e *Evaluator) judged(j job, r report) {
	if r.err == nil && !r.equal && !r.noop && e.store != nil {
		e.store.keepGain(j)
	}
}

// runJob is what a lane does with a block: nothing where only no-ops have changed, else restore the
// base's activations at the last cut in front of the change, run the parts from there, and judge the
// outputs.
func (e *Evaluator) runJob(l lane, j job) (r report) {
	if e.store != nil && e.watch == nil {
		if *j.gain, r.noop = e.store.noop(j); r.noop {
			return r
		}
	}
	if r.err = l.setMask(j.mask); r.err != nil {
		return r
	}
	from, data := 0, e.data.blocks[j.block]
	if e.store != nil {
		if from, r.err = e.store.restore(l, j.block, j.first); r.err != nil {
			return r
		}
		e.store.noops.ask(l, from)
	}
	if r.restored = from > 0; r.restored {
		r.moved = e.store.size(from)
	}
	for p := from; p < len(e.chain.parts); p++ {
		if r.err = l.runPart(data, p); r.err != nil {
			return r
		}
		r.parts++
		r.work += e.chain.share[p] * float64(len(data.samples()))
		if e.store == nil || p+1 == len(e.chain.parts) {
			continue
		}
		r.moved += e.store.size(p + 1)
		var gain bounds.Gain
		var equal bool
		if gain, equal, r.err = e.store.keep(l, j, p+1); r.err != nil {
			return r
		}
		if equal && e.watch == nil {
			e.store.note(l, j, from, p+1)
			*j.gain, r.equal = gain, true
			return r
		}
	}
	if e.store != nil {
		e.store.note(l, j, from, len(e.chain.parts))
	}
	if e.watch != nil {
		var rows []float32
		if rows, r.err = l.rows(e.judge.output); r.err != nil {
			return r
		}
		e.watch(data.samples(), rows)
	}
	r.err = l.judge(&e.judge, data, j.gain)
	return r
}

// span finds the first and the last part that a holder touches in which a mask differs from the base: the
// number of parts and -1 if none does.
func (e *Evaluator) span(mask search.Mask) (first, last int) {
	if e.store == nil {
		return 0, len(e.chain.parts) - 1
	}
	first, last = len(e.chain.parts), -1
	base, words := e.store.base.Words(), mask.Words()
	for i := range words {
		if base[i] == words[i] {
			continue
		}
		for h := i * 64; h < min((i+1)*64, mask.Len()); h++ {
			if mask.Low(h) != e.store.base.Low(h) {
				first, last = min(first, e.chain.first[h]), max(last, e.chain.last[h])
			}
		}
	}
	return first, last
}

// stand makes a mask the base of the stored activations.
func (e *Evaluator) stand(base search.Mask) {
	if e.store == nil || e.store.base.Equal(base) {
		return
	}
	first, _ := e.span(base)
	e.store.move(base, first)
}
