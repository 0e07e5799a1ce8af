package bounds

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"example.org/demote/search"
)

// looseFleet is a tableMachine whose blocks lie on members that are far away: leases reach them late, answers come
// late, double and in any order, and members die, all at random. It holds that its contract is kept.
type looseFleet struct {
	*tableMachine
	rng     *rand.Rand
	members []*looseMember
	under   []Answer         // on their way
	leases  map[uint64]Lease // that were handed out
	dropped map[uint64]bool
	deaths  int                                     // members that may still die
	fail    func(mask search.Mask, block int) error // of a block; nil: none fails
	wrong   string                                  // what of the contract was broken
	ran     int                                     // blocks
}

// looseMember is a member: its blocks, what it has been told and has not heard yet, and the lease that it is at.
type looseMember struct {
	at     int
	dead   bool
	blocks []int
	told   []func()
	lease  *Lease
	next   int // into blocks
	lost   int
	holes  bool // an answer of the lease was lost underway
}

func newLooseFleet(m *tableMachine, rng *rand.Rand, members int) *looseFleet {
	f := &looseFleet{tableMachine: m, rng: rng, leases: map[uint64]Lease{}, dropped: map[uint64]bool{}, deaths: rng.IntN(members)}
	for i := range members {
		f.members = append(f.members, &looseMember{at: i})
	}
	for b := range m.rule.Sizes {
		owner := f.members[rng.IntN(members)]
		owner.blocks = append(owner.blocks, b)
	}
	return f
}

// broke notes that the contract was broken.
func (f *looseFleet) broke(format string, args ...any) {
	if f.wrong == "" {
		f.wrong = fmt.Sprintf(format, args...)
	}
}

// Run is for whole scores, on whoever has the blocks.
func (f *looseFleet) Run(ctx context.Context, job Job, gains []Gain) error {
	return f.tableMachine.Run(ctx, job, gains)
}

func (f *looseFleet) Lease(l Lease) {
	if _, twice := f.leases[l.ID]; twice {
		f.broke("lease %d twice", l.ID)
	}
	if l.From < 0 || l.From >= f.rule.Blocks() || l.Spare < 0 {
		f.broke("lease %+v", l)
	}
	l.Base, l.Mask = l.Base.Clone(), l.Mask.Clone()
	f.leases[l.ID] = l
	for _, m := range f.members {
		f.tell(m, l)
	}
}

// tell sends a lease to a member.
func (f *looseFleet) tell(m *looseMember, l Lease) {
	m.told = append(m.told, func() {
		m.lease, m.lost, m.holes = &l, 0, false
		m.next, _ = slices.BinarySearch(m.blocks, l.From)
	})
}

func (f *looseFleet) Drop(id uint64) {
	if _, known := f.leases[id]; !known || f.dropped[id] {
		f.broke("lease %d is dropped: known %v", id, known)
	}
	f.dropped[id] = true
	for _, m := range f.members {
		m.told = append(m.told, func() {
			if m.lease != nil && m.lease.ID == id {
				m.lease = nil
			}
		})
	}
}

func (f *looseFleet) Next(ctx context.Context) (Answer, error) {
	for idle := 0; ; idle++ {
		if err := ctx.Err(); err != nil {
			return Answer{}, err
		}
		if idle > 10000 {
			panic("the scan waits for what nobody runs")
		}
		f.step(f.members[f.rng.IntN(len(f.members))])
		if f.deaths > 0 && f.rng.IntN(20) == 0 {
			f.kill()
		}
		if len(f.under) == 0 || f.rng.IntN(3) == 0 {
			continue
		}
		i := f.rng.IntN(len(f.under))
		a := f.under[i]
		if f.rng.IntN(5) > 0 { // else it comes once more
			f.under = slices.Delete(f.under, i, i+1)
		}
		return a, nil
	}
}

// step has a member hear what it was told, or run a block.
func (f *looseFleet) step(m *looseMember) {
	switch {
	case m.dead:
	case len(m.told) > 0 && f.rng.IntN(2) == 0:
		m.told[0]()
		m.told = m.told[1:]
	case m.lease != nil && m.next < len(m.blocks):
		b := m.blocks[m.next]
		m.next++
		if f.rng.IntN(10) == 0 {
			m.holes = true
			return
		}
		a := Answer{Lease: m.lease.ID, Member: m.at, Block: b, Gain: f.gain(m.lease.Mask, b), Work: float64(f.rule.Sizes[b])}
		f.ran++
		if f.fail != nil {
			a.Err = f.fail(m.lease.Mask, b)
		}
		f.under = append(f.under, a)
		m.lost += f.rule.Sizes[b] - a.Gain.Count
		if a.Err != nil || f.rule.Kind == Counted && m.lost > m.lease.Spare || m.next == len(m.blocks) {
			f.ended(m)
		}
	case m.lease != nil:
		f.ended(m)
	}
}

// ended has a member end its lease. One of which an answer was lost is sent again.
func (f *looseFleet) ended(m *looseMember) {
	if m.holes && !f.dropped[m.lease.ID] {
		f.tell(m, *m.lease)
	}
	m.lease = nil
}

// kill has a member die. Its blocks go to the others, to whom the leases at hand are sent again.
func (f *looseFleet) kill() {
	dead, heir := f.members[f.rng.IntN(len(f.members))], f.members[f.rng.IntN(len(f.members))]
	if dead == heir || dead.dead || heir.dead {
		return
	}
	f.deaths--
	dead.dead = true
	heir.blocks = append(heir.blocks, dead.blocks...)
	slices.Sort(heir.blocks)
	heir.lease, heir.told = nil, nil
	for id, l := range f.leases {
		if !f.dropped[id] {
			f.tell(heir, l)
		}
	}
}
