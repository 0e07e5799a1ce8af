package bounds

import (
	"context"
	"fmt"

	"example.org/demote/search"
)

// Evaluator is a search.Evaluator that answers scans by bounds over a Machine and never asks for a full score twice.
// It keeps the score of every mask that was finished, and how far the others have come. It is not safe for use by
// several goroutines, and owns no resources: the machine is closed by who made it. All masks must have one length.
type Evaluator struct {
	machine Machine
	rule    *Rule
	scan    *scan
	memo    Table[search.Score]
	partial Table[Progress] // unfinished trials
	states  int             // about the bytes of their states
	earlier Table[Progress] // of those, what earlier runs of the program have left: never dropped
	hits    Table[*Hits]    // of memo's masks, as far as they are kept
	packed  Table[[]byte]   // of memo's masks: the states that their outcomes have come to, likewise
	unused  []Hits          // for trials to come, see NewHits
	base    search.Mask
	gains   []Gain  // of a run; zero between runs
	visits  []visit // one for each candidate of the scan at hand
	ahead   *ahead  // nil: the machine does not run ahead
	leased  *leased // nil: its blocks do not lie on members
	// about the most bytes of the states of unfinished trials
	mostStates int
	stats      Stats

	// Learnt is called with every full score that was computed, before it is used, so that a journal can keep it. Its
	// error ends the trial.
	Learnt func(mask search.Mask, score search.Score) error
	// Stopped is called with the progress of an unfinished trial when the scan goes to another one and when it ends, if
	// the trial has made progress since the last call.
	Stopped func(mask search.Mask, p Progress) error
}

var _ search.Evaluator = (*Evaluator)(nil)

// visit is the state of a candidate that the scan does not have.
type visit struct {
	looked   bool // the memo and earlier scans were searched for it
	reported int  // blocks of it that Stopped has had
}

// NewEvaluator returns an evaluator over a machine whose scores add up by the rule. It panics as NewScan does. It asks
// a machine that is Workers for their number once, here. A machine that is a Fleet is handed leases.
func NewEvaluator(machine Machine, rule *Rule) *Evaluator {
	e := &Evaluator{machine: machine, rule: rule, scan: newScan(rule), gains: make([]Gain, rule.Blocks()), mostStates: mostStates}
	if e.leased = newLeased(e); e.leased == nil {
		e.ahead = newAhead(e)
	}
	return e
}

// Restore enters a full score of an earlier run of the program.
func (e *Evaluator) Restore(mask search.Mask, score search.Score) { e.memo.Put(mask, score) }

// Known returns the full score of a mask if the evaluator has it.
func (e *Evaluator) Known(mask search.Mask) (search.Score, bool) { return e.memo.Get(mask) }

// Blocks returns the number of blocks of a whole trial.
func (e *Evaluator) Blocks() int { return e.rule.Blocks() }

// Stats returns the work so far.
func (e *Evaluator) Stats() Stats { return e.stats }

// Score returns the full score of a mask; of a trial that a scan stopped only the rest is run. The mask is lent for the
// call. The error is the machine's, the context's or Learnt's; what was run before it is kept.
func (e *Evaluator) Score(ctx context.Context, mask search.Mask) (search.Score, error) {
	if s, ok := e.memo.Get(mask); ok {
		e.stats.Memo++
		return s, nil
	}
	p, touched := e.unfinished(mask)
	if touched {
		e.stats.Resumed++
	} else {
		e.stats.Trials++
	}
	p, err := e.run(ctx, &Job{Base: mask, Mask: mask, From: p.Blocks, To: e.rule.Blocks()}, e.begun(p))
	if err != nil {
		e.stop(mask, p)
		return search.Score{}, err
	}
	return e.learn(mask, p, e.rule.score(p))
}

// ScoreFirst returns the score of a mask on the samples of the first blocks alone, which it runs anew; a sum stands for
// that of all samples. A Whole score is of all samples.
func (e *Evaluator) ScoreFirst(ctx context.Context, mask search.Mask, blocks int) (search.Score, error) {
	if e.rule.Kind == Whole || blocks >= e.rule.Blocks() {
		return e.Score(ctx, mask)
	}
	p, err := e.run(ctx, &Job{Base: mask, Mask: mask, To: blocks}, Progress{})
	if err != nil {
		return search.Score{}, err
	}
	return e.rule.scoreOf(p), nil
}

// Again runs a mask from the first block to the last, whatever is known of it, for those who watch
// the machine at work. Learnt is called with the score once more.
func (e *Evaluator) Again(ctx context.Context, mask search.Mask) (search.Score, error) {
	p, err := e.run(ctx, &Job{Base: mask, Mask: mask, To: e.rule.Blocks()}, e.begun(Progress{}))
	if err != nil {
		return search.Score{}, err
	}
	return e.learn(mask, p, e.rule.score(p))
}

// Scan answers as search.NaiveScan does, bit for bit, and whatever was run before. Masks are lent for the call. After
// an error, the machine's, the context's, or that of Learnt or Stopped, Found has the index -1, and a scan of the same
// candidates goes on from what was run.
func (e *Evaluator) Scan(ctx context.Context, base search.Mask, candidates []search.Mask, b search.Bound) (search.Found, error) {
	e.setBase(base)
	e.stats.Scans++
	e.scan.Begin(len(candidates), b)
	if len(e.visits) < len(candidates) {
		e.visits = make([]visit, len(candidates))
	}
	clear(e.visits[:len(candidates)])
	if e.ahead != nil {
		e.ahead.begin(base, candidates)
	}
	if e.leased != nil {
		e.leased.begin(len(candidates))
	}
	err := e.decide(ctx, base, candidates)
	if e.ahead != nil {
		e.ahead.end()
	}
	if e.leased != nil {
		e.leased.end()
	}
	if lerr := e.leave(candidates); err == nil { // the first error is returned
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
	job := Job{Base: base}
	for at := -1; ; {
		w, ok := e.scan.Next()
		if !ok {
			return nil
		}
		if w.Candidate != at {
			if at >= 0 {
				if err := e.report(at, candidates[at]); err != nil {
					return err
				}
				e.spare(at)
			}
			at = w.Candidate
			job.Mask = candidates[at]
			if e.look(at, job.Mask) {
				continue
			}
		}
		if err := e.advance(ctx, &job, w); err != nil {
			return err
		}
	}
}

// setBase keeps the base of a scan. With a new base it may drop unfinished trials.
func (e *Evaluator) setBase(base search.Mask) {
	switch {
	case e.base.Len() != base.Len():
		e.base = base.Clone()
	case !e.base.Equal(base):
		e.base.CopyFrom(base)
	default:
		return
	}
	if e.partial.Len() > mostPartial || e.states > e.mostStates {
		e.partial.Clear()
		e.states = 0
	}
}

// look searches the memo and earlier scans for a candidate, once, and reports whether they had a result of it.
func (e *Evaluator) look(candidate int, mask search.Mask) bool {
	v := &e.visits[candidate]
	if v.looked {
		return false
	}
	v.looked = true
	if s, ok := e.memo.Get(mask); ok {
		e.stats.Memo++
		e.scan.Know(candidate, s)
		return true
	}
	p, ok := e.unfinished(mask)
	if !ok {
		e.stats.Trials++
		return false
	}
	e.stats.Resumed++
	v.reported = p.Blocks
	e.scan.Learn(candidate, p)
	return p.Blocks > 0
}

// advance does a piece of work; job has the masks. job is a pointer, since a scan calls advance block by block and
// copying a job each time is slow.
func (e *Evaluator) advance(ctx context.Context, job *Job, w work) error {
	p, _, _ := e.scan.Progress(w.Candidate)
	p = e.begun(p)
	var err error
	switch {
	case e.leased != nil:
		p, err = e.leased.run(ctx, job, w, p)
	case e.ahead != nil:
		p, err = e.ahead.run(ctx, w, p)
	default:
		job.From, job.To = w.From, w.To
		p, err = e.run(ctx, job, p)
	}
	e.scan.Learn(w.Candidate, p)
	if err != nil {
		return err
	}
	if _, full, done := e.scan.Progress(w.Candidate); done {
		_, err = e.learn(job.Mask, p, full)
	}
	return err
}

// run runs blocks and adds them to the progress, which it returns unchanged with an error.
func (e *Evaluator) run(ctx context.Context, job *Job, p Progress) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	if job.From == job.To {
		return p, nil
	}
	gains := e.gains[:job.To-job.From]
	if err := e.machine.Run(ctx, *job, gains); err != nil {
		clear(gains)
		return p, fmt.Errorf("blocks %d to %d: %w", job.From, job.To-1, err)
	}
	for i, g := range gains {
		p = e.rule.add(p, g)
		gains[i] = Gain{}
	}
	e.stats.Blocks += len(gains)
	e.stats.Samples += e.rule.left[job.From] - e.rule.left[job.To]
	return p, nil
}

// learn enters the full score of a trial that has just ended, and returns it.
func (e *Evaluator) learn(mask search.Mask, p Progress, s search.Score) (search.Score, error) {
	if p.Hits != nil {
		e.hits.Put(mask, p.Hits)
	}
	if packed := e.PackState(p); packed != nil {
		e.packed.Put(mask, packed)
	}
	if e.Learnt != nil {
		if err := e.Learnt(mask, s); err != nil {
			return s, err
		}
	}
	e.memo.Put(mask, s)
	return s, nil
}

// report calls Stopped for an unfinished trial, if it has made progress since the last call.
func (e *Evaluator) report(candidate int, mask search.Mask) error {
	p, _, done := e.scan.Progress(candidate)
	if e.Stopped == nil || done || p.Blocks <= e.visits[candidate].reported {
		return nil
	}
	e.visits[candidate].reported = p.Blocks
	return e.Stopped(mask, p)
}

// leave keeps the progress of the trials that the scan leaves unfinished, and returns the first error of Stopped.
func (e *Evaluator) leave(candidates []search.Mask) (first error) {
	for i, mask := range candidates {
		if p, _, done := e.scan.Progress(i); e.visits[i].looked && !done {
			e.stop(mask, p)
			if err := e.report(i, mask); err != nil && first == nil {
				first = err
			}
		}
	}
	return first
}
