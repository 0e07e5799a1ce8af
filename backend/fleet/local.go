package fleet

import (
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/crash"
)

// An Engine runs the blocks of a member of this process. Its methods are called by one goroutine at a time: that of
// its Local. Blocks are numbered as in the layout of all members.
type Engine interface {
	// Hold makes these blocks resident, in place of those before. Nothing is under way.
	Hold(blocks []int) error
	// Workers is how many blocks run at once, and Behind how many more may be under way that are judged, as of a
	// bounds.Behind.
	Workers() int
	Behind() int
	// Begin begins a block of a lease on a free worker. Nothing is under way of a lease with another base, or of one
	// that wants other answers. The gain and the lease are lent until Finish returns the ticket.
	Begin(l *bounds.Lease, block, ticket int, gain *bounds.Gain)
	// Finish is that of bounds.Workers.
	Finish() (ticket int, work float64, err error)
	// Rows are the output rows of a block that has just ended, of a lease that wants them. They are the caller's.
	Rows(block int) []float32
	// Loss is what a block has lost of a score that counts; 0 of others.
	Loss(block int, g bounds.Gain) int
	// Gone says whether an error is that the device does not answer any more.
	Gone(err error) bool
}

// A Local is a member of this process: a goroutine that runs its engine.
type Local struct {
	name   string
	number int
	engine Engine
	post   func(bounds.Answer)
	ended  sync.WaitGroup

	mu     sync.Mutex
	news   *sync.Cond
	told   *bounds.Lease // the newest; nil: there is none
	calls  []func()
	closed bool

	// of its goroutine
	blocks  []int         // its own
	lease   *bounds.Lease // that it is at
	next    int           // into blocks
	lost    int           // by the blocks of the lease
	flights []flight
	landed  []int // tickets that are free
	running int   // blocks on a worker; the others under way are judged
	since   time.Time
	gone    bool // the device is lost
}

// flight is a block under way.
type flight struct {
	lease *bounds.Lease
	block int
	gain  bounds.Gain
	ran   bool
	begun time.Time
}

// NewLocal returns a member over an engine, which stays the caller's.
func NewLocal(name string, e Engine) *Local {
	m := &Local{name: name, engine: e}
	m.news = sync.NewCond(&m.mu)
	return m
}

// Name implements Member.
func (m *Local) Name() string { return m.name }

// Join implements Member. It starts the goroutine.
func (m *Local) Join(number int, post func(bounds.Answer)) {
	m.number, m.post = number, post
	m.ended.Go(func() {
		debug.SetPanicOnFault(true) // weights may lie in a file that is mapped
		for m.caught() {
		}
	})
}

// caught is step; a panic of the engine is the end of the member.
func (m *Local) caught() (more bool) {
	var err error
	defer func() {
		if err != nil {
			m.flights, m.landed, m.running, more = nil, nil, 0, true
			m.leave(err)
		}
	}()
	defer crash.Catch(&err)
	return m.step()
}

// leave says that the member is lost, once.
func (m *Local) leave(err error) {
	if !m.gone {
		m.gone = true
		m.post(bounds.Answer{Member: m.number, Block: Lost, Err: err})
	}
}

// Hold implements Member.
func (m *Local) Hold(blocks []int) error { return m.HoldBehind(func() {}, blocks) }

// HoldBehind is Hold behind a call, with no block under way and none begun between them.
func (m *Local) HoldBehind(first func(), blocks []int) (err error) {
	m.Do(func() {
		defer crash.Catch(&err)
		m.tell(func() { m.told = nil })
		m.blocks, m.lease, m.next = nil, nil, 0
		first()
		if err = m.engine.Hold(blocks); err == nil {
			m.blocks = blocks
		}
	})
	return err
}

// Lease implements Member.
func (m *Local) Lease(l *bounds.Lease) { m.tell(func() { m.told = l }) }

// Drop implements Member.
func (m *Local) Drop(id uint64) {
	m.tell(func() {
		if m.told != nil && m.told.ID == id {
			m.told = nil
		}
	})
}

// tell changes what the goroutine is told.
func (m *Local) tell(change func()) {
	m.mu.Lock()
	change()
	m.mu.Unlock()
	m.news.Signal()
}

// Do has the member's goroutine call f with no block under way, and waits for it.
func (m *Local) Do(f func()) {
	done := make(chan struct{})
	closed := false
	m.tell(func() {
		if closed = m.closed; !closed {
			m.calls = append(m.calls, func() { defer close(done); f() })
		}
	})
	if closed {
		m.ended.Wait()
		f()
		return
	}
	<-done
}

// Close implements Member. It may be called more than once.
func (m *Local) Close() {
	m.tell(func() { m.closed = true })
	m.ended.Wait()
}

// step hears what there is to be heard, begins blocks and waits for one to end. It returns false at the end.
func (m *Local) step() bool {
	m.mu.Lock()
	for len(m.flights) == len(m.landed) && len(m.calls) == 0 && !m.closed && m.told == m.lease && !m.more() {
		m.news.Wait()
	}
	calls, closed, told := m.calls, m.closed, m.told
	m.calls = nil
	m.mu.Unlock()
	if len(calls) > 0 || closed || told != m.lease && m.apart(told) {
		m.drain()
	}
	for _, f := range calls {
		f()
	}
	if closed {
		return false
	}
	if told != m.lease && len(calls) == 0 { // a call may have ended what was told
		m.take(told)
	}
	m.fill()
	if len(m.flights) > len(m.landed) {
		m.land()
		runtime.Gosched() // who hears the answer may end the lease; a worker that computes has its processor otherwise
	}
	return true
}

// apart says whether blocks of a lease must not be under way beside those of the one at hand.
func (m *Local) apart(l *bounds.Lease) bool {
	if l == nil {
		return false
	}
	for i := range m.flights {
		if before := m.flights[i].lease; before != nil && (before.Rows != l.Rows || before.Unjudged != l.Unjudged || before.Marks != l.Marks || !before.Base.Equal(l.Base)) {
			return true
		}
	}
	return false
}

// take begins a lease; nil: none.
func (m *Local) take(l *bounds.Lease) {
	m.lease, m.next, m.lost = l, 0, 0
	m.skip()
}

// skip goes on to the next block that the lease wants.
func (m *Local) skip() {
	for m.more() && (m.blocks[m.next] < m.lease.From || m.lease.Only != nil && !slices.Contains(m.lease.Only, m.blocks[m.next])) {
		m.next++
	}
}

// more says whether the lease has a block that has not begun.
func (m *Local) more() bool { return m.lease != nil && !m.gone && m.next < len(m.blocks) }

// fill begins blocks as long as there are free workers.
func (m *Local) fill() {
	if m.flights == nil {
		m.flights = make([]flight, m.engine.Workers()+m.engine.Behind())
		for i := range m.flights {
			m.landed = append(m.landed, i)
		}
	}
	for m.more() && len(m.landed) > 0 && m.running < m.engine.Workers() {
		ticket := m.landed[len(m.landed)-1]
		m.landed = m.landed[:len(m.landed)-1]
		f := &m.flights[ticket]
		*f = flight{lease: m.lease, block: m.blocks[m.next], begun: time.Now()}
		m.running++
		m.next++
		m.skip()
		m.engine.Begin(f.lease, f.block, ticket, &f.gain)
	}
}

// drain waits for all blocks under way.
func (m *Local) drain() {
	for len(m.flights) > len(m.landed) {
		m.land()
	}
}

// land waits for a block to end, or to have run that is judged elsewhere, and answers it.
func (m *Local) land() {
	ticket, work, err := m.engine.Finish()
	f := &m.flights[ticket]
	if !f.ran {
		m.running--
	}
	if errors.Is(err, bounds.ErrRan) {
		f.ran = true
		return
	}
	m.landed = append(m.landed, ticket)
	now := time.Now()
	if f.begun.After(m.since) {
		m.since = f.begun
	}
	a := bounds.Answer{Lease: f.lease.ID, Member: m.number, Block: f.block, Gain: f.gain, Work: work, Seconds: now.Sub(m.since).Seconds(), Err: err}
	m.since = now
	if err == nil && f.lease.Rows {
		a.Rows = m.engine.Rows(f.block)
	}
	if f.lease == m.lease {
		m.lost += m.engine.Loss(f.block, f.gain)
		if err != nil || m.lost > f.lease.Spare {
			m.next = len(m.blocks)
		}
	}
	*f = flight{}
	switch {
	case err == nil || !m.engine.Gone(err):
		a.More = m.more() || len(m.flights) > len(m.landed)
		m.post(a)
	default:
		m.leave(err)
	}
}
