package bounds

import (
	"context"
	"errors"
	"fmt"

	"example.org/demote/search"
)

// ahead keeps the workers of a machine busy during a scan, by speculation. The scan asks for work as if there were one
// worker. The blocks that it asks for, their order, its decision, the memo and the journal do not depend on the number
// of workers or on their speed. ahead first runs the blocks that the scan has asked for, then those that it will most
// probably ask for. Their gains wait here until it does. At the end of the scan, gains that it did not ask for are
// discarded and counted.
type ahead struct {
	e          *Evaluator
	workers    Workers
	base       search.Mask
	candidates []search.Mask
	trials     []waiting
	blocks     []early // of all candidates, in lists; reused
	free       int32   // list of unused blocks; -1: none
	flights    []flight
	landed     []int // tickets that are free
	running    int   // blocks on a worker; the others under way are judged
	lanes      int   // workers
	odds       odds
	hand       int                // the candidate that the scan is at
	pick       func() (int, bool) // the method guess, made once
	broken     bool               // a block has failed: no more is begun than what is asked for
}

// waiting has the blocks of a candidate that run or have run before the scan asked for them. They follow the scan's own
// progress without a gap; the first of them is the one that it asks for next.
type waiting struct {
	looked      bool // the memo and earlier scans were searched for it
	known       bool // its full score is in the memo: no block of it is needed
	passes      bool // if known
	first, last int32
	front       int32    // the first that is not done yet
	next        int      // block to be begun next
	seen        Progress // with all blocks before front
}

// early is a block that has begun before the scan asked for it.
type early struct {
	block int
	gain  Gain
	work  float64
	err   error
	done  bool
	next  int32 // of the candidate's blocks, or of the unused ones; none: it is the last
}

// flight is a block under way.
type flight struct {
	candidate int
	block     int32 // into blocks
	gain      Gain
	ran       bool // it is being judged, and its worker is free
}

// none ends a list of blocks.
const none int32 = -1

// newAhead returns nil if the machine has no workers that could run ahead.
func newAhead(e *Evaluator) *ahead {
	w, ok := e.machine.(Workers)
	if !ok || e.rule.Kind == Whole || e.rule.Rarely {
		return nil
	}
	flights := w.Workers()
	if b, is := e.machine.(Behind); is {
		flights += b.Behind()
	}
	if flights < 2 {
		return nil
	}
	a := &ahead{e: e, workers: w, free: none, flights: make([]flight, flights), lanes: w.Workers()}
	a.odds.prepare(e.rule)
	a.pick = a.guess
	for i := range a.flights {
		a.landed = append(a.landed, i)
	}
	return a
}

// begin starts a scan.
func (a *ahead) begin(base search.Mask, candidates []search.Mask) {
	a.base, a.candidates, a.broken = base, candidates, false
	if cap(a.trials) < len(candidates) {
		a.trials = make([]waiting, len(candidates))
	}
	a.trials = a.trials[:len(candidates)]
	clear(a.trials)
	a.odds.begin(a.e.scan)
	a.hand = -1
}

// end waits for all blocks under way, also after an error, and counts those that ran in vain.
func (a *ahead) end() {
	for a.flying() > 0 {
		a.land()
	}
	for c := range a.trials {
		t := &a.trials[c]
		if !t.looked {
			continue
		}
		a.discard(t)
	}
	a.base, a.candidates = search.Mask{}, nil
}

// discard counts the blocks of a candidate that ran in vain. All of them have ended.
func (a *ahead) discard(t *waiting) {
	for t.first != none {
		b := &a.blocks[t.first]
		a.e.stats.Thrown++
		a.e.stats.ThrownSamples += a.e.rule.Sizes[b.block]
		a.e.stats.ThrownWork += b.work
		a.release(t)
	}
}

// restart has a candidate begin anew, without the blocks that run or have run behind those that the scan has forgotten.
func (a *ahead) restart(candidate int) {
	t := &a.trials[candidate]
	if !t.looked {
		return
	}
	for at := t.first; at != none; at = a.blocks[at].next {
		for !a.blocks[at].done {
			a.land()
		}
	}
	a.discard(t)
	t.last, t.front, t.next, t.seen = none, none, 0, Progress{}
}

// flying is the number of blocks under way.
func (a *ahead) flying() int { return len(a.flights) - len(a.landed) }

// run does a piece of work that the scan asks for, and runs ahead on the other workers. After an error, and when the
// context is cancelled, it returns the progress up to there.
func (a *ahead) run(ctx context.Context, w work, p Progress) (Progress, error) {
	t := a.look(w.Candidate)
	if w.Candidate != a.hand {
		a.hand = w.Candidate
		a.odds.sum()
	}
	for p.Blocks < w.To {
		if ctx.Err() == nil {
			a.fill(w)
		}
		if t.first == none && a.flying() == 0 {
			return p, ctx.Err()
		}
		if t.first == none || !a.blocks[t.first].done {
			a.land()
			continue
		}
		b := &a.blocks[t.first]
		if b.err != nil {
			return p, fmt.Errorf("block %d: %w", p.Blocks, b.err)
		}
		a.e.stats.Blocks++
		a.e.stats.Samples += a.e.rule.Sizes[p.Blocks]
		p = a.e.rule.add(p, b.gain)
		a.release(t)
	}
	return p, nil
}

// fill gives every free worker a block: first the blocks that were asked for, in order, then the most probable ones.
func (a *ahead) fill(w work) {
	for len(a.landed) > 0 && a.running < a.lanes {
		if a.trials[w.Candidate].next < w.To {
			a.start(w.Candidate)
			continue
		}
		if a.broken {
			return
		}
		candidate, ok := a.pick()
		if !ok {
			return
		}
		a.e.stats.Ahead++
		a.start(candidate)
	}
}

// look searches the memo and earlier scans for a candidate before a block of it runs.
func (a *ahead) look(candidate int) *waiting {
	t := &a.trials[candidate]
	if t.looked {
		return t
	}
	t.looked, t.first, t.last, t.front = true, none, none, none
	mask := a.candidates[candidate]
	if s, ok := a.e.memo.Get(mask); ok {
		t.known, t.passes = true, a.e.rule.keyOf(s) >= a.e.scan.need
		return t
	}
	t.seen, _ = a.e.unfinished(mask)
	t.seen.Hits = nil // those of the trial have no block that the scan has not asked for
	t.next = t.seen.Blocks
	return t
}

// start begins the next block of a candidate.
func (a *ahead) start(candidate int) {
	t := &a.trials[candidate]
	at := a.take()
	a.blocks[at].block = t.next
	if t.first == none {
		t.first = at
	} else {
		a.blocks[t.last].next = at
	}
	if t.front == none {
		t.front = at
	}
	t.last = at
	ticket := a.landed[len(a.landed)-1]
	a.landed = a.landed[:len(a.landed)-1]
	f := &a.flights[ticket]
	*f = flight{candidate: candidate, block: at}
	a.running++
	a.workers.Start(Job{Base: a.base, Mask: a.candidates[candidate], From: t.next, To: t.next + 1}, a.candidates[a.hand], ticket, &f.gain)
	t.next++
}

// land waits for a block to end and enters its gain, or for one to have run that is judged elsewhere.
func (a *ahead) land() {
	ticket, work, err := a.workers.Finish()
	f := &a.flights[ticket]
	if !f.ran {
		a.running--
	}
	if errors.Is(err, ErrRan) {
		f.ran = true
		return
	}
	a.landed = append(a.landed, ticket)
	b := &a.blocks[f.block]
	b.gain, b.work, b.err, b.done = f.gain, work, err, true
	a.broken = a.broken || err != nil
	t := &a.trials[f.candidate]
	for t.front != none && a.blocks[t.front].done && a.blocks[t.front].err == nil {
		before := t.seen
		t.seen, t.front = a.e.rule.add(t.seen, a.blocks[t.front].gain), a.blocks[t.front].next
		a.odds.note(before, t.seen)
	}
}

// take returns an unused block.
func (a *ahead) take() int32 {
	if a.free == none {
		a.blocks = append(a.blocks, early{next: none})
		return int32(len(a.blocks) - 1)
	}
	at := a.free
	a.free = a.blocks[at].next
	a.blocks[at] = early{next: none}
	return at
}

// release returns the first block of a candidate to the unused ones.
func (a *ahead) release(t *waiting) {
	at := t.first
	t.first = a.blocks[at].next
	a.blocks[at].next, a.free = a.free, at
}
