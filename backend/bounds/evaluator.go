package bounds

import (
	"context"
	"fmt"

	"demote/search"
)

// Evaluator is a search.Evaluator that answers scans by bounds over a Machine and never asks for a full score twice. It
// is not safe for use by several goroutines.
type Evaluator struct {
	machine Machine
	rule    *Rule
	scan    *Scan
	memo    Table[search.Score]
	partial Table[Progress] // unfinished trials
	base    search.Mask
	gains   []Gain
	looked  []bool // candidates of the scan at hand that the memo was asked about
	told    []int  // blocks of each that the journal was told of
	ahead   *ahead // nil: nobody runs ahead
	stats   Stats

	// Learnt is called with every full score that was run, before it is used: a journal. An error ends the trial with it.
	Learnt func(mask search.Mask, score search.Score) error
	// Stopped is called with the progress of a trial that is left unfinished for another one, and at the end of its scan,
	// if there is more of it than before.
	Stopped func(mask search.Mask, p Progress) error
}

var _ search.Evaluator = (*Evaluator)(nil)

// NewEvaluator returns an evaluator over a machine whose scores add up by the rule. It panics as NewScan does. A machine
// that is Workers is asked for their number once, here.
func NewEvaluator(machine Machine, rule *Rule) *Evaluator {
	e := &Evaluator{machine: machine, rule: rule, scan: NewScan(rule), gains: make([]Gain, rule.Blocks())}
	e.ahead = newAhead(e)
	return e
}

// Restore enters a full score that is known from before.
func (e *Evaluator) Restore(mask search.Mask, score search.Score) { e.memo.Put(mask, score) }

// RestoreProgress enters how far a trial has come that is known from before.
func (e *Evaluator) RestoreProgress(mask search.Mask, p Progress) { e.stop(mask, p) }

// Known returns a full score if it is known.
func (e *Evaluator) Known(mask search.Mask) (search.Score, bool) { return e.memo.Get(mask) }

// Stats returns what was done so far.
func (e *Evaluator) Stats() Stats { return e.stats }

// Score returns the full score of a mask; of a trial that a scan stopped only the rest is run.
func (e *Evaluator) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	if s, ok := e.memo.Get(mask); ok {
		e.stats.Memo++
		return s, nil
	}
	p, touched := e.partial.Get(mask)
	if touched {
		e.stats.Resumed++
	} else {
		e.stats.Trials++
	}
	p, err := e.run(ctx, Job{Base: mask, Mask: mask, From: p.Blocks, To: e.rule.Blocks()}, p)
	if err != nil {
		e.stop(mask, p)
		return search.Score{}, err
	}
	s := e.rule.score(p)
	return s, e.learn(mask, s)
}

// Again runs a mask from the first block to the last, whatever is known of it, for those who watch
// the machine at work.
func (e *Evaluator) Again(ctx context.Context, mask search.Mask) (search.Score, error) {
	p, err := e.run(ctx, Job{Base: mask, Mask: mask, To: e.rule.Blocks()}, Progress{})
	if err != nil {
		return search.Score{}, err
	}
	s := e.rule.score(p)
	return s, e.learn(mask, s)
}

// Scan answers as search.NaiveScan does.
func (e *Evaluator) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	e.settle(base)
	e.stats.Scans++
	e.scan.Begin(len(candidates), b)
	if len(e.looked) < len(candidates) {
		e.looked = make([]bool, len(candidates))
		e.told = make([]int, len(candidates))
	}
	clear(e.looked[:len(candidates)])
	clear(e.told[:len(candidates)])
	if e.ahead != nil {
		e.ahead.begin(base, candidates)
	}
	err := e.decide(ctx, base, candidates)
	if e.ahead != nil {
		e.ahead.end()
	}
	if lerr := e.leave(candidates); err == nil { // the first error is told
		err = lerr
	}
	if err != nil {
		return search.Found{Index: -1}, err
	}
	found := e.scan.Found()
	if found.Passed {
		e.stats.Accepted++
		e.stats.Candidates += found.Index + 1
	} else {
		e.stats.Candidates += len(candidates)
	}
	return found, nil
}

// decide does the work of a scan until it has its answer.
func (e *Evaluator) decide(ctx context.Context, base search.Mask, candidates []search.Mask) error {
	for at := -1; ; {
		w, ok := e.scan.Next()
		if !ok {
			return nil
		}
		if w.Candidate != at && at >= 0 {
			if err := e.tell(at, candidates[at]); err != nil {
				return err
			}
		}
		at = w.Candidate
		if err := e.advance(ctx, base, candidates[at], w); err != nil {
			return err
		}
	}
}

// unfinished is how many unfinished trials are kept beyond the base that they were candidates on. They hardly ever come
// back, so this bounds memory rather than saves work.
const unfinished = 4096

// settle takes note of the base of a scan.
func (e *Evaluator) settle(base search.Mask) {
	switch {
	case e.base.Len() != base.Len():
		e.base = base.Clone()
	case !e.base.Equal(base):
		e.base.CopyFrom(base)
	default:
		return
	}
	if e.partial.Len() > unfinished {
		e.partial.Clear()
	}
}

// advance does a piece of work, or finds that the memo makes it needless.
func (e *Evaluator) advance(ctx context.Context, base, mask search.Mask, w Work) error {
	if !e.looked[w.Candidate] {
		e.looked[w.Candidate] = true
		if s, ok := e.memo.Get(mask); ok {
			e.stats.Memo++
			e.scan.Know(w.Candidate, s)
			return nil
		}
		if p, ok := e.partial.Get(mask); ok {
			e.stats.Resumed++
			if p.Blocks > 0 {
				e.told[w.Candidate] = p.Blocks
				e.scan.Learn(w.Candidate, p)
				return nil
			}
		} else {
			e.stats.Trials++
		}
	}
	p, _, _ := e.scan.Progress(w.Candidate)
	var err error
	if e.ahead != nil {
		p, err = e.ahead.run(ctx, w, p)
	} else {
		p, err = e.run(ctx, Job{Base: base, Mask: mask, From: w.From, To: w.To}, p)
	}
	e.scan.Learn(w.Candidate, p)
	if err != nil {
		return err
	}
	if e.rule.done(p) {
		return e.learn(mask, e.rule.score(p))
	}
	return nil
}

// run runs blocks and adds them to the progress.
func (e *Evaluator) run(ctx context.Context, job Job, p Progress) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	if job.From == job.To {
		return p, nil
	}
	gains := e.gains[:job.To-job.From]
	clear(gains)
	if err := e.machine.Run(ctx, job, gains); err != nil {
		return p, fmt.Errorf("blocks %d to %d: %w", job.From, job.To-1, err)
	}
	for i, g := range gains {
		p = p.add(g)
		e.stats.Samples += e.rule.Sizes[job.From+i]
	}
	e.stats.Blocks += len(gains)
	return p, nil
}

// learn enters a full score that was just run.
func (e *Evaluator) learn(mask search.Mask, s search.Score) error {
	if e.Learnt != nil {
		if err := e.Learnt(mask, s); err != nil {
			return err
		}
	}
	e.memo.Put(mask, s)
	return nil
}

// tell hands the progress of an unfinished trial on, if there is more of it than before.
func (e *Evaluator) tell(candidate int, mask search.Mask) error {
	p, _, done := e.scan.Progress(candidate)
	if e.Stopped == nil || done || p.Blocks <= e.told[candidate] {
		return nil
	}
	e.told[candidate] = p.Blocks
	return e.Stopped(mask, p)
}

// leave keeps the progress of the trials that the scan leaves unfinished, and returns the first error of those who are
// told.
func (e *Evaluator) leave(candidates []search.Mask) (first error) {
	for i, mask := range candidates {
		if p, _, done := e.scan.Progress(i); e.looked[i] && !done {
			e.stop(mask, p)
			if err := e.tell(i, mask); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}

// stop keeps the progress of an unfinished trial.
func (e *Evaluator) stop(mask search.Mask, p Progress) {
	if !e.rule.done(p) {
		e.partial.Put(mask, p)
	}
}
