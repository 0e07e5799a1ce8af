package machine

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/link"
)

// lookEvery is how often the search looks after a worker that is there: it counts looks, so that it does not take a
// time in which it was stopped itself for the worker's.
const lookEvery = time.Second

// stuckAfter is stuckAfter, or what was chosen.
func (f *Members) stuckAfter() time.Duration {
	if f.opts.Stuck > 0 {
		return f.opts.Stuck
	}
	return stuckAfter
}

// watch looks after the worker until it is gone. That nothing is heard of one is for its link to find.
func (e *elsewhere) watch() {
	every := min(lookEvery, max(e.of.stuckAfter()/10, time.Millisecond))
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-e.left:
			return
		case <-tick.C:
		}
		e.mu.Lock()
		blocks, post, number := e.stuck(), e.post, e.number
		text, calls := e.pulse.look(e.of.stuckAfter(), every)
		e.mu.Unlock()
		if blocks != nil && post != nil {
			post(bounds.Answer{Member: number, Block: fleet.Stuck, Err: blocks})
		}
		if calls != nil {
			e.dismiss(calls)
		}
		if tell := e.of.opts.Tell; text != "" && tell != nil {
			tell(fmt.Sprintf("%s: %s", e.Name(), text))
		}
	}
}

// dismiss takes the worker for gone, which is there and hangs, and sends it away.
func (e *elsewhere) dismiss(why error) {
	_ = e.lose(why)
	if l, is := e.link.(link.Dismissing); is {
		l.Dismiss(why)
	}
}

// A pulse is whether a worker goes on with what it was asked beside leases. A call may take long: a worker that hangs
// is one that has done nothing for long, by the steps that its beats tell.
type pulse struct {
	calls   map[int]calling // under way
	newest  int
	steps   uint64 // that it had done by its last beat
	still   int    // looks in a row, with a call under way, between which it has done nothing
	longest int    // the most of these behind which it has gone on
}

// calling is a call under way.
type calling struct {
	name string
	end  context.CancelFunc
}

// stepped takes how many steps a worker has done so far.
func (p *pulse) stepped(steps uint64) {
	if steps != p.steps {
		p.steps, p.longest, p.still = steps, max(p.longest, p.still), 0
	}
}

// look says what a person is told of a worker that does nothing, once, and why it is taken for gone at last: behind ten
// times what a block has, and twenty times the longest in which it has done nothing before and has gone on then.
func (p *pulse) look(most, every time.Duration) (text string, gone error) {
	if len(p.calls) == 0 {
		p.still = 0
		return "", nil
	}
	p.still++
	limit := max(int(stuckUnknown*most/every), stuckBlocks*p.longest)
	what := ""
	for _, c := range p.calls {
		what = c.name
	}
	switch p.still {
	case tellAfter(limit):
		return fmt.Sprintf("it is there, and has done nothing of call %s for %v; the search goes on without it in %v, or as soon as it ends", what,
			rounded(time.Duration(p.still)*every), rounded(time.Duration(limit-p.still)*every)), nil
	case limit:
		return "", fmt.Errorf("it is there, and has done nothing of call %s for %v", what, rounded(time.Duration(limit)*every))
	}
	return "", nil
}

// tellAfter is behind how many looks of those that end a call a person is told: a fifth.
func tellAfter(limit int) int { return max(1, limit/5) }

// asking begins a call. Its context ends with the worker; done ends the call.
func (e *elsewhere) asking(ctx context.Context, name string) (own context.Context, done func()) {
	own, end := context.WithCancel(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	p := &e.pulse
	if p.calls == nil {
		p.calls = map[int]calling{}
	}
	p.newest++
	number := p.newest
	p.calls[number] = calling{name, end}
	if e.gone != nil {
		end()
	}
	return own, func() {
		end()
		e.mu.Lock()
		defer e.mu.Unlock()
		if delete(p.calls, number); len(p.calls) > 0 { // others wait for it: an answer is news
			p.still = 0
		}
	}
}

// A worker that beats, and sends no news of blocks that it has at hand, is stuck after so long, and so many times as
// long as its longest block has taken, the whole network counted too. One of which no block is known yet has ten times
// as long.
const stuckAfter, stuckBlocks, stuckUnknown = time.Minute, 20, 10

// stuck is an error where a worker is, each time that so long has passed. A search that was stopped does not take its
// own time for the worker's: it looks once a second. mu is held.
func (e *elsewhere) stuck() error {
	if !e.atWork() {
		e.still = 0
		return nil
	}
	if e.still++; e.still == 1 {
		e.silent = time.Now()
	}
	most := e.of.stuckAfter()
	longest := time.Duration(max(e.longest, e.whole) * float64(time.Second))
	if longest == 0 {
		most *= stuckUnknown
	} else if longest < math.MaxInt64/stuckBlocks {
		most = max(most, stuckBlocks*longest)
	}
	if time.Since(e.silent) < most || e.still < int(most/time.Second) {
		return nil
	}
	e.still = 0
	if longest == 0 {
		return fmt.Errorf("it is there, and has answered no block for %v", rounded(most))
	}
	return fmt.Errorf("it is there, and has answered no block for %v, where its longest has taken %v", rounded(most), rounded(longest))
}

// atWork says whether the worker has a block of the lease at hand to answer: not once its own have lost so much that it
// has ended the lease. mu is held.
func (e *elsewhere) atWork() bool {
	if e.hand == nil || e.over || e.of.judgesThere && e.lost > e.hand.Spare {
		return false
	}
	for _, b := range e.blocks {
		if b >= e.hand.From && !e.heard[b] && (e.hand.Only == nil || slices.Contains(e.hand.Only, b)) {
			return true
		}
	}
	return false
}

// Abandon implements fleet.Abandoned.
func (e *elsewhere) Abandon(why error) {
	e.mu.Lock()
	e.hand = nil
	number := e.newest
	e.mu.Unlock()
	e.send(link.Drop(number))
	e.dismiss(why)
}
