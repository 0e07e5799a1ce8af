package machine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/search"
)

// elsewhere is a part on another machine. Leases go to it under numbers of its own, which only rise: so messages that
// come twice, late or not at all change nothing. A lease to which nothing comes is sent again under a new number.
type elsewhere struct {
	link   link.Link
	root   link.Link // the worker's first link; link itself, but for a branch
	branch bool      // the link is this part's own
	of     *Members
	hello  link.Hello
	test   Test
	whole  float64 // seconds of a block of the whole network, as its plan has measured it; 0: not known
	number int
	reads  bool // samples, from a file of its own

	mu     sync.Mutex
	ctx    context.Context // ends calls
	post   func(bounds.Answer)
	gone   error // nil: it is there
	blocks []int
	files  map[int]link.Block // that were put, by block of the layout
	laid   int                // the layout that they are of
	last   State              // as it was told last

	hand    *bounds.Lease // the newest lease that was not dropped; nil: there is none
	since   uint64        // number under which it was sent first
	newest  uint64        // number under which a lease was sent last
	answers map[int]bool  // blocks to which an answer to that number came
	beats   int           // in a row by which something is missing
	heard   map[int]bool  // by block: an answer is posted, or about to be
	coming  map[int]*coming
	lost    int       // by the blocks of the lease at hand that are known
	over    bool      // a block of it has failed: there are no more
	still   int       // beats in a row in which it had blocks at hand, and no news of them came
	silent  time.Time // when the first of these came
	longest float64   // seconds of the block that took longest; 0: not known
	pulse   pulse     // of the calls under way

	left chan struct{} // closed: it is gone
}

// lostBeats is after how many beats in a row by which answers are missing a lease is sent again.
const lostBeats = 5

// closeTime is how long the end of a part may take.
const closeTime = 5 * time.Second

var _ part = (*elsewhere)(nil)

// newElsewhere is a part behind a link.
func newElsewhere(ctx context.Context, l link.Link, of *Members) *elsewhere {
	e := &elsewhere{link: l, root: l, of: of, ctx: ctx, number: len(of.list), heard: map[int]bool{}, answers: map[int]bool{}, coming: map[int]*coming{}, left: make(chan struct{})}
	l.Receive(e.hear, func(why error) { _ = e.lose(why) })
	go func() {
		var err error
		defer crash.Catch(&err) // who is lost is found by its link still
		e.watch()
	}()
	return e
}

// Name implements fleet.Member.
func (e *elsewhere) Name() string { return e.link.Name() }

// Join implements fleet.Member.
func (e *elsewhere) Join(number int, post func(bounds.Answer)) {
	e.mu.Lock()
	e.number, e.post = number, post
	gone := e.gone
	e.mu.Unlock()
	if gone != nil {
		post(bounds.Answer{Member: number, Block: fleet.Lost, Err: gone})
	}
}

// lose books that the worker is gone, once, and returns the error that says so. What is not the worker's fault is
// returned as it is.
func (e *elsewhere) lose(why error) error {
	if errors.Is(why, link.ErrStore) {
		return why
	}
	e.mu.Lock()
	first := e.gone == nil
	if first {
		e.gone = fmt.Errorf("%w: %w", fleet.ErrGone, why)
		close(e.left)
		for _, c := range e.pulse.calls {
			c.end()
		}
	}
	gone, post, number := e.gone, e.post, e.number
	e.mu.Unlock()
	if first && post != nil {
		post(bounds.Answer{Member: number, Block: fleet.Lost, Err: gone})
	}
	return gone
}

// ask calls the worker. An error of the link is that it is gone.
func (e *elsewhere) ask(call string, args, result any) error {
	ctx, gone := e.there()
	if gone != nil {
		return gone
	}
	return e.askUnder(ctx, call, args, result)
}

// there is what ends calls, and why there can be none any more.
func (e *elsewhere) there() (ctx context.Context, gone error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ctx, e.gone
}

// askUnder is ask under a context. It ends as soon as the worker is gone, also where it is there and hangs, see watch.
func (e *elsewhere) askUnder(ctx context.Context, call string, args, result any) error {
	own, done := e.asking(ctx, call)
	defer done()
	broken, said, lost := link.Ask(own, e.link, call, args, result)
	switch {
	case broken != nil && ctx.Err() != nil:
		return ctx.Err()
	case broken != nil && own.Err() != nil: // it is gone: lose says why
		return e.lose(own.Err())
	case broken != nil:
		return e.lose(broken)
	case lost, said != nil && e.failing():
		return e.lose(said)
	case said != nil:
		return fmt.Errorf("%s: %w", e.Name(), said)
	}
	return nil
}

// quit ends the lease at hand.
func (e *elsewhere) quit() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hand = nil
}

// Close implements fleet.Member: the worker is free.
func (e *elsewhere) Close() {
	e.quit()
	if _, gone := e.there(); gone != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var s State
	if e.askUnder(ctx, "state", nil, &s) == nil {
		e.told(s)
	}
	_ = e.askUnder(ctx, "end", nil, nil)
	_ = e.lose(errors.New("it was closed"))
}

// end leaves the link alone where it is the caller's.
func (e *elsewhere) end() {
	if e.branch {
		e.link.Close()
	}
}

// got is ask of what has a result.
func got[T any](e *elsewhere, call string, args any) (v T, err error) {
	err = e.ask(call, args, &v)
	return v, err
}

func (e *elsewhere) block() (int, error)               { return got[int](e, "block", nil) }
func (e *elsewhere) digest() ([]byte, error)           { return got[[]byte](e, "digest", nil) }
func (e *elsewhere) bits() []byte                      { return e.test.Bits }
func (e *elsewhere) rebuild() error                    { return e.ask("rebuild", nil, nil) }
func (e *elsewhere) ping() error                       { return e.ask("ping", nil, nil) }
func (e *elsewhere) fleeting(on bool) error            { return e.ask("fleeting", link.OnArgs{On: on}, nil) }
func (e *elsewhere) give([]metric.Verdict) error       { return nil } // it spares time alone
func (e *elsewhere) storedAt() [][]device.StoredTensor { return nil }

func (e *elsewhere) plan() (p Plan, err error) {
	p, err = got[Plan](e, "cuts", nil)
	e.mu.Lock()
	e.whole = p.Whole
	e.mu.Unlock()
	return p, err
}

func (e *elsewhere) selfTest() (*Dependence, error) {
	err := e.ask("self-test", nil, &e.test)
	return e.test.Dependence, err
}

func (e *elsewhere) look(mask search.Mask) ([]byte, error) {
	return got[[]byte](e, "look", link.MaskArgs{Mask: mask.String()})
}

func (e *elsewhere) timeSwitch(mask search.Mask) error {
	return e.ask("time-switch", link.MaskArgs{Mask: mask.String()}, nil)
}

func (e *elsewhere) watchNaN(on bool) (bool, error) {
	return got[bool](e, "watch-nan", link.OnArgs{On: on})
}

func (e *elsewhere) hiddenNaN(context.Context) (int, error) { return got[int](e, "hidden-nan", nil) }

func (e *elsewhere) firstNaN(sample int) (string, error) {
	return got[string](e, "first-nan", link.NumberArgs{Number: sample})
}

// firstDifference is not known: the other network is not there.
func (e *elsewhere) firstDifference(Machine, search.Mask, int) (string, error) { return "", nil }

func (e *elsewhere) noOps(block int) []int {
	holders, _ := got[[]int](e, "no-ops", link.NumberArgs{Number: block})
	return holders
}

// under has another context end what is waited for.
func (e *elsewhere) under(ctx context.Context) (back func(), err error) {
	put := func(ctx context.Context) (before context.Context) {
		e.mu.Lock()
		defer e.mu.Unlock()
		before, e.ctx = e.ctx, ctx
		return before
	}
	before := put(ctx)
	return func() { put(before) }, nil
}

// state is what the worker says of itself, or has said last.
func (e *elsewhere) state() State {
	if s, err := got[State](e, "state", nil); err == nil {
		e.told(s)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.last
}

func (e *elsewhere) told(s State) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = s
}

func (e *elsewhere) workers() int { return e.state().Workers }

func (e *elsewhere) parts() int { return e.state().Parts }

func (e *elsewhere) count(s *Stats) {
	own := e.state().Stats
	s.Blocks, s.Samples, s.Parts, s.Moved = s.Blocks+own.Blocks, s.Samples+own.Samples, s.Parts+own.Parts, s.Moved+own.Moved
	s.Restored, s.NoOps, s.Busy, s.Runtime = s.Restored+own.Restored, s.NoOps+own.NoOps, s.Busy+own.Busy, s.Runtime+own.Runtime
}

func (e *elsewhere) traffic() device.Traffic { return e.state().Traffic }

func (e *elsewhere) graphs() (captured int, why string) {
	s := e.state()
	return s.Captured, s.Why
}

func (e *elsewhere) remark() string { return e.state().Remark }

// WorkerLost says whether an error is that a worker does not answer any more.
func WorkerLost(err error) bool { return errors.Is(err, fleet.ErrGone) }
