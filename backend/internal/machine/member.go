package machine

import (
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/internal/gpu"
	"example.org/demote/search"
)

// A member is a Single that has blocks of its own of a layout, and the first block of all beside them, on which it is
// held against the others. It is the engine of a member of a fleet.
type member struct {
	*Single
	of   layout
	at   map[int]int // by block of all: its own number
	mode mode
	mu   sync.Mutex
	rows map[int][]float32 // by the first sample of a block that has ended, and whose rows are wanted
}

// mode is what a lease wants of a block.
type mode struct {
	rows, unjudged bool
	marks          bounds.Marks
}

var _ fleet.Engine = (*member)(nil)

// Hold implements fleet.Engine.
func (m *member) Hold(blocks []int) error {
	if len(blocks) == 0 || blocks[0] != 0 {
		blocks = append([]int{0}, blocks...)
	}
	var order []int
	m.at = make(map[int]int, len(blocks))
	for i, b := range blocks {
		m.at[b] = i
		order = append(order, m.of.samplesOf(b)...)
	}
	return m.LayOut(order)
}

// Behind implements fleet.Engine. A metric server judges some blocks of a queue while it goes on.
func (m *member) Behind() int {
	if m.can.Queue && m.judge.Served() {
		return min(servedLooks, device.Marks) - 1
	}
	return m.Single.Behind()
}

// Begin implements fleet.Engine.
func (m *member) Begin(l *bounds.Lease, block, ticket int, gain *bounds.Gain) {
	if now := (mode{l.Rows, l.Unjudged, l.Marks}); now != m.mode { // nothing is under way
		m.mode, m.alone, m.watch = now, l.Unjudged, nil
		if l.Rows {
			m.watch = m.keep
		}
	}
	j := m.jobOn(bounds.Job{Base: l.Base, Mask: l.Mask})
	j.Block, j.Gain, j.Ticket, j.Own = m.at[block], gain, ticket, true
	m.start(j)
}

// keep keeps the rows of a block, or the marks of its samples, until Rows asks for them.
func (m *member) keep(samples []int, rows []float32) {
	var own []float32
	if sums := m.mode.marks == bounds.Digests; m.mode.marks != bounds.NoMarks {
		for slot, sample := range samples {
			own = m.judge.Mark(m.judge.RowOf(rows, slot), sample, sums).Append(own, sums)
		}
	} else {
		own = append(own, rows[:len(samples)*m.judge.Length()]...)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[int][]float32{}
	}
	m.rows[samples[0]] = own
}

// Rows implements fleet.Engine.
func (m *member) Rows(block int) []float32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.of.samplesOf(block)[0]
	rows := m.rows[first]
	delete(m.rows, first)
	return rows
}

// Loss implements fleet.Engine.
func (m *member) Loss(block int, g bounds.Gain) int { return m.of.loss(block, g) }

// Gone implements fleet.Engine.
func (m *member) Gone(err error) bool { return gpu.DeviceLost(err) }

// adopt has the network cut as another member's is, which has measured it.
func (m *member) adopt(first *Single, p Plan) error {
	m.entries = first.entries
	if err := m.compile(first.chain.Cuts); err != nil {
		return err
	}
	m.chain.Weigh(secondsOf(first))
	if p.Blocked > 0 && m.entries == nil {
		if _, err := m.Block(); err != nil {
			return err
		}
	}
	m.resetStore()
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
