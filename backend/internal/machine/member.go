package machine

import (
	"context"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/gpu"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

// A member is a machine that has blocks of its own of a layout, and the first block of each shape beside them, on which
// it is held against the others. It is the engine of a member of a fleet.
type member struct {
	body
	of   layout
	at   map[int]int // by block of all: its own number
	mode mode
	mu   sync.Mutex
	rows map[place][]float32 // by the first sample of a block that has ended, and whose rows are wanted
}

// A body is the machine of a member: a Single, or a Shaped where samples have several shapes.
type body interface {
	Machine
	bounds.Behind
	Finish() (ticket int, work float64, err error)
	// shapes is how many there are, and one the machine of a shape.
	shapes() int
	one(shape int) *Single
	// hold makes blocks resident, in their order, in place of those before. What is stored of a block that was there
	// stays.
	hold(cells []cell) error
	// layAll makes all samples resident, in their own order.
	layAll() error
	// start begins a job of one block.
	start(j store.Job)
	// under has another context end what runs from now on, until back is called.
	under(ctx context.Context) (back func(), err error)
}

// mode is what a lease wants of a block.
type mode struct {
	rows, unjudged bool
	marks          bounds.Marks
}

// Hold implements fleet.Engine.
func (m *member) Hold(blocks []int) error {
	all := withFirsts(blocks, m.of.firsts())
	cells := make([]cell, len(all))
	m.at = make(map[int]int, len(all))
	for i, b := range all {
		m.at[b], cells[i] = i, m.of.cellOf(b)
	}
	return m.hold(cells)
}

// resident is a block that it holds, and the machine of its shape.
func (m *member) resident(block int) (*Single, device.Block) {
	at := m.at[block]
	if s, is := m.body.(*Shaped); is {
		p := s.blocks[at]
		return s.members[p.member], s.members[p.member].data.Blocks[p.at]
	}
	one := m.one(0)
	return one, one.data.Blocks[at]
}

// Behind implements fleet.Engine. A metric server judges some blocks of a queue while it goes on.
func (m *member) Behind() int {
	if first := m.one(0); first.can.Queue && first.judge.Served() {
		return min(servedLooks, device.Marks) - 1
	}
	return m.body.Behind()
}

// Begin implements fleet.Engine.
func (m *member) Begin(l *bounds.Lease, block, ticket int, gain *bounds.Gain) {
	if now := (mode{l.Rows, l.Unjudged, l.Marks}); now != m.mode { // nothing is under way
		m.mode = now
		for shape := range m.shapes() {
			one := m.one(shape)
			if one.alone, one.watch = l.Unjudged, nil; l.Rows {
				one.watch = func(samples []int, rows []float32) { m.keep(shape, samples, rows) }
			}
		}
	}
	j := m.one(m.of.cellOf(block).shape).jobOn(bounds.Job{Base: l.Base, Mask: l.Mask})
	j.Block, j.Gain, j.Ticket, j.Own = m.at[block], gain, ticket, true
	m.start(j)
}

// keep keeps the rows of a block of a shape, or the marks of its samples, until Rows asks for them.
func (m *member) keep(shape int, samples []int, rows []float32) {
	var own []float32
	judge := m.one(shape).judge
	if sums := m.mode.marks == bounds.Digests; m.mode.marks != bounds.NoMarks {
		for slot, sample := range samples {
			own = judge.Mark(judge.RowOf(rows, slot), sample, sums).Append(own, sums)
		}
	} else {
		own = append(own, rows[:len(samples)*judge.Length()]...)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[place][]float32{}
	}
	m.rows[place{shape, samples[0]}] = own
}

// Rows implements fleet.Engine.
func (m *member) Rows(block int) []float32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.of.cellOf(block)
	first := place{c.shape, c.own[0]}
	rows := m.rows[first]
	delete(m.rows, first)
	return rows
}

// Loss implements fleet.Engine.
func (m *member) Loss(block int, g bounds.Gain) int { return m.of.loss(block, g) }

// Gone implements fleet.Engine.
func (m *member) Gone(err error) bool { return gpu.DeviceLost(err) }

// adopt has the networks cut as another member's are, which has measured them.
func (m *member) adopt(first body) error {
	for shape := range m.shapes() {
		if err := m.one(shape).adopt(first.one(shape)); err != nil {
			return err
		}
	}
	return nil
}

// adopt has the network cut as another machine's is, which has measured it.
func (e *Single) adopt(first *Single) error {
	e.entries = first.entries
	if err := e.compile(first.chain.Cuts); err != nil {
		return err
	}
	e.chain.Weigh(secondsOf(first))
	if first.blocked > 0 && e.entries == nil {
		if _, err := e.Block(); err != nil {
			return err
		}
	}
	e.resetStore()
	return nil
}

// secondsOf are what Weigh has made the shares of a chain of, but for a factor.
func secondsOf(e *Single) []float64 {
	seconds := append([]float64(nil), e.chain.Share...)
	if e.chain.Through {
		for p := len(seconds) - 2; p >= 0; p-- {
			seconds[p] += seconds[p+1]
		}
	}
	return seconds
}

// digestMasks are masks under which members are held against each other, drawn alike each time.
func digestMasks(holders int) (masks []search.Mask) {
	state := uint64(0x9e3779b97f4a7c15)
	for range drawnMasks {
		m := search.NewMask(holders)
		for h := range holders {
			state ^= state << 13
			state ^= state >> 7
			state ^= state << 17
			if state&1 == 1 {
				m.Demote(h)
			}
		}
		masks = append(masks, m)
	}
	return masks
}

// drawnMasks is how many masks digestMasks draws.
const drawnMasks = 8
