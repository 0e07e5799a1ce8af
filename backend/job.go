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
	return e.pool.run(ctx, j, b.From, b.To, gains, e.booked)
}

// book counts what a job has cost.
func (e *Evaluator) book(r report) {
	e.stats.Samples += r.work
	e.stats.Blocks++
	e.stats.Busy += r.busy.Seconds()
	if r.restored {
		e.stats.Restored++
	}
	if r.equal {
		e.stats.Equal++
	}
}

// runJob is what a worker does with a block: restore the base's activations at the last cut in
// front of the change, run the parts from there, and judge the outputs.
func (e *Evaluator) runJob(w *worker, j job) (r report) {
	w.setMask(j.mask)
	from, samples := 0, e.data.samplesOf(j.block)
	if e.store != nil {
		from = e.store.restore(w, j.block, j.first)
	}
	r.restored = from > 0
	for p := from; p < len(w.parts); p++ {
		if r.err = w.runPart(e.data.blocks[j.block], p); r.err != nil {
			return r
		}
		r.work += e.chain.share[p] * float64(len(samples))
		if e.store == nil || p+1 == len(w.parts) {
			continue
		}
		if gain, equal := e.store.keep(w, j, p+1); equal && e.watch == nil {
			*j.gain, r.equal = gain, true
			return r
		}
	}
	rows := w.buffers[e.output].Float32s()
	if e.watch != nil {
		e.watch(samples, rows)
	}
	*j.gain = e.judge.block(rows, samples)
	if e.store != nil {
		e.store.keepGain(j)
	}
	return r
}

// span finds the first and the last part with a holder in which a mask differs from the base: the
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
				first, last = min(first, e.chain.partOf[h]), max(last, e.chain.partOf[h])
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
