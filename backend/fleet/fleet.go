package fleet

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"example.org/demote/backend/bounds"
	"example.org/demote/crash"
)

// A Fleet hands leases to members that have blocks of their own. Its methods are for one goroutine.
type Fleet struct {
	members []*booked
	owner   []int // by block: the number of its member
	box     *inbox
	atHand  *bounds.Lease // the newest that was not dropped; nil: there is none
	heard   []bool        // by block: an answer of it has come
	own     uint64        // leases of the fleet itself so far
	err     error         // why it cannot go on
	bare    bool          // because no member is left

	balance balance

	// Reserve is the number of a member that holds blocks only where no other is left; 0: there is none.
	Reserve int
	// Costs says how long a block takes, and how long a pass of a sample of it, which is 1 on average over all samples;
	// nil: all blocks take as long.
	Costs func(block int) (whole, sample float64)
	// Clock tells the time; nil: the system's does.
	Clock func() time.Time
	// Told is called when a member is lost and its blocks have gone to the others; nil: nobody is told.
	Told func(name string, why error)
	// Grow is called when a member answers no block, and may Add some; nil: nobody comes.
	Grow func()
	// Stays is called, once, when a member answers no block and its blocks do not go elsewhere; nil: nobody is told.
	Stays func(name string, why error)
	// Refill is called when no member is left, with what is said of the last one, and Adds some. Its error is that of
	// Next; nil: there are none.
	Refill func(ctx context.Context, why error) error
}

// booked is a member, and what is known of it.
type booked struct {
	Member
	lost  error // nil: it is there
	pace        // since it joined
	seen  pace  // when rebalance looked last
	guess float64
	stays bool  // it was told that it answers no block, and stays
	still error // it has said so, and answered none since: it would not answer to Hold
}

// pace is what a member has run, in passes of one sample, and in which time.
type pace struct{ work, seconds float64 }

var _ bounds.Fleet = (*Fleet)(nil)

// ownLeases is the bit of the IDs of the leases that the fleet itself makes.
const ownLeases = 1 << 63

// New has members join a fleet. None of them holds a block before Deal. Close closes them.
func New(members ...Member) *Fleet {
	f := &Fleet{box: newInbox()}
	for i, m := range members {
		f.members = append(f.members, &booked{Member: m})
		m.Join(i, f.box.post)
	}
	return f
}

// Deal gives the members that are there so many blocks, by the speeds that were measured so far. The error is a
// member's that cannot hold its blocks.
func (f *Fleet) Deal(blocks int) error {
	f.heard = make([]bool, blocks)
	if f.bare {
		f.owner = make([]int, blocks) // for whom the fleet is filled with
		return f.err
	}
	f.owner = make([]int, blocks)
	f.owner = DealCosts(f.costs(), f.speeds())
	return f.hold(nil)
}

// hold gives members their blocks, where those are others than by the owners before; nil: all members. Those that are
// gone are lost.
func (f *Fleet) hold(before []int, but ...int) error {
	var all errgroup.Group
	gone := make([]error, len(f.members))
	for i, m := range f.members {
		blocks := blocksOf(f.owner, i)
		if m.lost == nil && !slices.Contains(but, i) && (before == nil || !slices.Equal(blocks, blocksOf(before, i))) {
			all.Go(func() (err error) {
				defer crash.Catch(&err)
				if err = m.Hold(blocks); errors.Is(err, ErrGone) {
					gone[i], err = err, nil
				}
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i, why := range gone {
		if why != nil {
			f.lose(i, why)
		}
	}
	return f.err
}

// Bare says whether no member is left, so that the fleet cannot go on before some have come.
func (f *Fleet) Bare() bool { return f.bare }

// Owner is the number of the member that a block lies on.
func (f *Fleet) Owner(block int) int { return f.owner[block] }

// Lost is why a member is lost; nil: it is there.
func (f *Fleet) Lost(member int) error { return f.members[member].lost }

// BlocksOf are the blocks of a member.
func (f *Fleet) BlocksOf(member int) []int { return blocksOf(f.owner, member) }

func blocksOf(owners []int, member int) (blocks []int) {
	for b, owner := range owners {
		if owner == member {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// speeds are the passes of a sample a second of the members; 0 of lost ones. They are equal as long as one is not
// known.
func (f *Fleet) speeds() []float64 { return speedsOf(f.members, f.Reserve) }

// speedsOf are those of some members, of which one may be the reserve.
func speedsOf(members []*booked, reserve int) []float64 {
	speeds, known, there := make([]float64, len(members)), true, 0
	reserved := func(i int) bool { return reserve > 0 && i == reserve }
	for i, m := range members {
		if m.lost == nil && !reserved(i) {
			there++
			speeds[i] = m.speed()
			known = known && speeds[i] > 0
		}
	}
	for i, m := range members {
		if m.lost == nil && !reserved(i) && !known {
			speeds[i] = 1
		}
	}
	if there == 0 && reserve > 0 && members[reserve].lost == nil {
		speeds[reserve] = 1
	}
	return speeds
}

// speed is that of a member as it was measured, or else guessed; 0: it is not known.
func (m *booked) speed() float64 {
	if m.work > 0 && m.seconds > 0 {
		return m.work / m.seconds
	}
	return m.guess
}

// PassSeconds is what the pass of a sample through the whole network takes on a member, the mean of those that are
// there; 0: not known.
func (f *Fleet) PassSeconds() float64 {
	work, seconds := 0.0, 0.0
	for _, m := range f.members {
		if m.lost == nil {
			work, seconds = work+m.work, seconds+m.seconds
		}
	}
	if work == 0 {
		return 0
	}
	return seconds / work
}

// Lease implements bounds.Fleet. It ends the lease before.
func (f *Fleet) Lease(l bounds.Lease) {
	l.Base, l.Mask = l.Base.Clone(), l.Mask.Clone()
	f.balance.left = nil
	if l.ID&ownLeases == 0 {
		f.rebalance()
	}
	f.atHand = &l
	clear(f.heard)
	if l.ID&ownLeases == 0 {
		f.watch()
	}
	for i := range f.members {
		f.hand(i)
	}
}

// hand hands the lease at hand to a member that has a block of it.
func (f *Fleet) hand(member int) {
	m, l := f.members[member], f.atHand
	if m.lost != nil || l == nil {
		return
	}
	for b := l.From; b < len(f.owner); b++ {
		if f.owner[b] == member && (l.Only == nil || slices.Contains(l.Only, b)) {
			m.Lease(l)
			return
		}
	}
}

// Drop implements bounds.Fleet.
func (f *Fleet) Drop(id uint64) {
	if f.atHand == nil || f.atHand.ID != id {
		return
	}
	f.atHand = nil
	for _, m := range f.members {
		if m.lost == nil {
			m.Drop(id)
		}
	}
}

// Next implements bounds.Fleet.
func (f *Fleet) Next(ctx context.Context) (bounds.Answer, error) {
	for {
		if f.err != nil {
			if err := f.Fill(ctx); err != nil {
				return bounds.Answer{}, err
			}
		}
		a, err := f.box.take(ctx)
		if err != nil {
			return a, err
		}
		switch a.Block {
		case Lost:
			f.lose(a.Member, a.Err)
			continue
		case Stuck:
			f.members[a.Member].still = a.Err
			if f.Grow != nil {
				f.Grow()
			}
			f.stuck(a.Member, a.Err)
			continue
		}
		m := f.members[a.Member]
		if m.still = nil; a.Err == nil {
			m.work, m.seconds = m.work+a.Work*f.passCost(a.Block), m.seconds+a.Seconds
		}
		if f.atHand != nil && f.atHand.ID == a.Lease && !f.heard[a.Block] {
			f.heard[a.Block] = true
			f.answered(a.Member)
		}
		return a, nil
	}
}

// Leave has a member leave, as if it were lost. The error says that no member is left, or that its blocks fit nowhere.
func (f *Fleet) Leave(member int, why error) error {
	f.lose(member, why)
	return f.err
}

// Run implements bounds.Machine, by a lease of the fleet's own.
func (f *Fleet) Run(ctx context.Context, job bounds.Job, gains []bounds.Gain) error {
	return f.Each(ctx, bounds.Lease{Base: job.Base, Mask: job.Mask, From: job.From}, job.To, func(a bounds.Answer) error {
		gains[a.Block-job.From] = a.Gain
		return nil
	})
}

// Each runs a lease of the fleet's own, up to a block, and hands the first answer of each block to f, in any order. It
// returns the first error, of an answer or of f.
func (f *Fleet) Each(ctx context.Context, l bounds.Lease, to int, got func(bounds.Answer) error) error {
	f.own++
	l.ID, l.Spare = ownLeases|f.own, bounds.Endless
	if l.Only == nil && to < len(f.owner) {
		for b := l.From; b < to; b++ {
			l.Only = append(l.Only, b)
		}
	}
	left := to - l.From
	if l.Only != nil {
		left = len(l.Only)
	}
	if left == 0 {
		return nil
	}
	seen := make(map[int]bool, left)
	f.Lease(l)
	defer f.Drop(l.ID)
	for left > 0 {
		a, err := f.Next(ctx)
		if err != nil {
			return err
		}
		if a.Lease != l.ID || seen[a.Block] {
			continue
		}
		if a.Err != nil {
			return a.Err
		}
		seen[a.Block] = true
		left--
		if err := got(a); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the members.
func (f *Fleet) Close() {
	for _, m := range f.members {
		m.Close()
	}
}
