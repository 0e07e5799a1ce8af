package bounds

import (
	"context"
	"fmt"
)

// leased runs the trials of scans on a Fleet. The scan asks for blocks as if there were one worker. The trial that it
// is at is leased: its members run ahead on the same trial until the scan turns away from it. Gains wait here until
// the scan asks for their block. So the blocks that it asks for, its decisions, the memo and the journal do not depend
// on the members, their number or who answers first. No scan waits for blocks under way: what comes of a lease of an
// earlier scan is dropped by its ID.
type leased struct {
	e       *Evaluator
	fleet   Fleet
	lease   Lease            // the newest; its masks are those of the scan at hand
	running bool             // it has not been dropped
	sent    bool             // it has been handed out: not all that may be asked for is here
	torn    bool             // a member has ended its part at a block that was known: others of its may be missing
	first   uint64           // ID of the first lease of the scan at hand
	of      []int            // by ID from first on: the candidate
	limit   key              // that the trial at hand must reach
	next    int              // block that the scan asks for
	waiting []map[int]Answer // by candidate: what has come before the scan asks for it, by block
}

// newLeased returns nil for a machine that is no Fleet, or whose scores are made of all outputs at once.
func newLeased(e *Evaluator) *leased {
	f, ok := e.machine.(Fleet)
	if !ok || e.rule.Kind == Whole {
		return nil
	}
	return &leased{e: e, fleet: f, first: 1}
}

// begin starts a scan of so many candidates.
func (l *leased) begin(candidates int) {
	l.first, l.of = l.lease.ID+1, l.of[:0]
	if len(l.waiting) < candidates {
		l.waiting = make([]map[int]Answer, candidates)
	}
}

// end drops what is leased, and counts what has run in vain, as far as it has come.
func (l *leased) end() {
	l.drop()
	for c := range l.waiting {
		l.forget(c)
	}
	l.lease = Lease{ID: l.lease.ID} // its masks were lent
}

// drop ends the newest lease.
func (l *leased) drop() {
	if l.running && l.sent {
		l.fleet.Drop(l.lease.ID)
	}
	l.running = false
}

// hand is the candidate of the newest lease, if it is of the scan at hand; else -1.
func (l *leased) hand() int {
	if len(l.of) == 0 {
		return -1
	}
	return l.of[len(l.of)-1]
}

// forget counts the answers of a candidate that nobody has asked for.
func (l *leased) forget(candidate int) {
	for _, a := range l.waiting[candidate] {
		l.thrown(a)
	}
	clear(l.waiting[candidate])
}

// restart has a candidate begin anew.
func (l *leased) restart(candidate int) {
	if candidate == l.hand() {
		l.drop()
	}
	l.forget(candidate)
}

// thrown counts an answer that ran in vain.
func (l *leased) thrown(a Answer) {
	l.e.stats.Ahead++
	l.e.stats.Thrown++
	l.e.stats.ThrownSamples += l.e.rule.Sizes[a.Block]
	l.e.stats.ThrownWork += a.Work
}

// run does a piece of work that the scan asks for. After an error it returns the progress up to there.
func (l *leased) run(ctx context.Context, job *Job, w work, p Progress) (Progress, error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	if limit := l.e.scan.limit(w.Candidate); w.Candidate != l.hand() || limit != l.limit || !l.running {
		l.turn(job, w.Candidate, limit, p)
	}
	for p.Blocks < w.To {
		a, ok := l.waiting[w.Candidate][p.Blocks]
		if l.next = p.Blocks; !ok {
			switch {
			case l.torn:
				l.turn(job, w.Candidate, l.limit, p)
			case !l.sent:
				l.send(p.Blocks, Endless)
			}
			if err := l.hear(ctx); err != nil {
				return p, err
			}
			continue
		}
		delete(l.waiting[w.Candidate], p.Blocks)
		if a.Err != nil {
			l.restart(w.Candidate) // another try runs the block again
			return p, fmt.Errorf("block %d: %w", p.Blocks, a.Err)
		}
		l.e.stats.Blocks++
		l.e.stats.Samples += l.e.rule.Sizes[p.Blocks]
		p = l.e.rule.add(p, a.Gain)
	}
	return p, nil
}

// turn leases a candidate, from the first block on that is not known. A trial is over once its bound is below the
// limit.
func (l *leased) turn(job *Job, candidate int, limit key, p Progress) {
	l.drop()
	if l.waiting[candidate] == nil {
		l.waiting[candidate] = map[int]Answer{}
	}
	spare := Endless
	if l.e.rule.Kind == Counted && l.e.rule.Width == 1 && limit > 0 {
		spare = int(l.e.rule.upper(p) - limit)
	}
	from := p.Blocks
	for ; from < l.e.rule.Blocks(); from++ {
		a, ok := l.waiting[candidate][from]
		if !ok {
			break
		}
		if spare != Endless {
			spare -= l.e.rule.Sizes[from] - a.Gain.Count
		}
	}
	l.lease = Lease{ID: l.lease.ID + 1, Base: job.Base, Mask: job.Mask}
	l.of, l.limit, l.running, l.sent, l.torn = append(l.of, candidate), limit, true, false, false
	if from < l.e.rule.Blocks() && spare >= 0 { // else what is here decides
		l.send(from, spare)
	}
}

// send hands the newest lease out.
func (l *leased) send(from, spare int) {
	l.lease.From, l.lease.Spare, l.sent = from, spare, true
	l.fleet.Lease(l.lease)
}

// hear waits for an answer and keeps it, if it is of the scan at hand and new.
func (l *leased) hear(ctx context.Context) error {
	a, err := l.fleet.Next(ctx)
	if err != nil {
		return err
	}
	if a.Lease < l.first || a.Lease > l.lease.ID {
		l.thrown(a)
		return nil
	}
	candidate := l.of[a.Lease-l.first]
	progress, _, done := l.e.scan.Progress(candidate)
	_, twice := l.waiting[candidate][a.Block]
	ended := a.Err != nil && a.Lease != l.lease.ID // what went wrong in a lease that was dropped troubles nobody
	known := twice || done || a.Block < progress.Blocks || candidate == l.hand() && a.Block < l.next
	if known || ended || l.waiting[candidate] == nil {
		l.torn = l.torn || a.Err != nil && !ended
		l.thrown(a)
		return nil
	}
	l.waiting[candidate][a.Block] = a
	return nil
}
