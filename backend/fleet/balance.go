package fleet

import (
	"slices"
	"time"
)

// Blocks move where the others have waited for one member more than so much of the time of so many leases that ran to
// their end, and no sooner after the last move than that: members read the samples of their new blocks, and lose what
// they have stored of those that go.
const (
	waited     = 0.25
	overLeases = 20
	atMostOnce = time.Minute
)

// balance watches how long members wait for the slowest one.
type balance struct {
	begun   time.Time // of the lease at hand
	left    []int     // by member: blocks of the lease that have not been answered; nil: it is not watched
	last    time.Time // when the members that are through with it were
	leases  int       // that ran to their end
	seconds float64   // of these
	waits   []float64 // by member: seconds of these in which only it ran
	moved   time.Time // when blocks moved last
	stay    bool      // they do not fit elsewhere

	// seconds and waits since the fleet was made
	all      float64
	allWaits []float64
}

// now is the time.
func (f *Fleet) now() time.Time {
	if f.Clock != nil {
		return f.Clock()
	}
	return time.Now()
}

// watch begins to watch the lease at hand.
func (f *Fleet) watch() {
	b := &f.balance
	b.begun, b.left = f.now(), make([]int, len(f.members))
	b.last = b.begun
	for _, owner := range f.owner[min(f.atHand.From, len(f.owner)):] {
		b.left[owner]++
	}
	if slices.Max(b.left) == len(f.owner)-f.atHand.From {
		b.left = nil // of one member
	}
}

// answered books the first answer of a block of the lease at hand.
func (f *Fleet) answered(member int) {
	b := &f.balance
	if b.left == nil {
		return
	}
	if b.left[member]--; b.left[member] > 0 {
		return
	}
	now := f.now()
	if slices.Max(b.left) > 0 {
		b.last = now
		return
	}
	if b.waits == nil {
		b.waits = make([]float64, len(f.members))
	}
	if b.allWaits == nil {
		b.allWaits = make([]float64, len(f.members))
	}
	b.leases++
	took, wait := now.Sub(b.begun).Seconds(), now.Sub(b.last).Seconds()
	b.seconds, b.all = b.seconds+took, b.all+took
	b.waits[member] += wait
	b.allWaits[member] += wait
	b.left = nil
}

// rebalance deals the blocks anew between two leases, by the speeds since the last look, if the others wait too long
// for one member and would not then. Where blocks do not fit that way, all stay where they are for good.
func (f *Fleet) rebalance() {
	b := &f.balance
	if b.leases < overLeases || b.stay {
		return
	}
	slow := slices.Max(b.waits) > waited*b.seconds && (b.moved.IsZero() || f.now().Sub(b.moved) >= atMostOnce)
	b.leases, b.seconds, b.waits = 0, 0, nil
	speeds := make([]float64, len(f.members))
	for i, m := range f.members {
		if m.lost == nil && m.seconds > m.seen.seconds {
			speeds[i] = (m.work - m.seen.work) / (m.seconds - m.seen.seconds)
		}
		slow = slow && (m.lost != nil || speeds[i] > 0)
		m.seen = m.pace
	}
	if !slow {
		return
	}
	costs := f.costs()
	before, after := f.owner, DealCosts(costs, speeds)
	if lasts(after, costs, speeds) > near*lasts(before, costs, speeds) {
		return
	}
	f.owner, b.moved = after, f.now()
	if f.hold(before) == nil {
		return
	}
	f.owner, b.stay = before, true
	if err := f.hold(after); err != nil {
		f.err = err
	}
}

// lasts is how long a trial takes where blocks have these owners, of these speeds, in the unit of the blocks' costs at
// speed 1.
func lasts(owners []int, costs, speeds []float64) (longest float64) {
	for i, n := range share(owners, costs, len(speeds)) {
		if n > 0 {
			longest = max(longest, n/speeds[i])
		}
	}
	return longest
}
