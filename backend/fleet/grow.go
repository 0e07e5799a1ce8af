package fleet

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Add has a member join a fleet that has dealt its blocks. It runs about so many passes of a sample a second; 0: as
// many as the others on average. Each of the others gives it some of its blocks. A lease
// at hand is handed out again. Where no member is left, the newcomer has all blocks, and one that answers nothing is
// left out. The error is that of a newcomer that does not take its blocks: it is lost then, and all is as it was.
func (f *Fleet) Add(m Member, speed float64) error {
	number, before := len(f.members), f.owner
	after := f.with(speed)
	f.members = append(f.members, &booked{Member: m, guess: f.guess(speed)})
	b := &f.balance
	if b.waits != nil {
		b.waits = append(b.waits, 0)
	}
	if b.allWaits != nil {
		b.allWaits = append(b.allWaits, 0)
	}
	m.Join(number, f.box.post)
	if err := m.Hold(blocksOf(after, number)); err != nil {
		f.members[number].lost = fmt.Errorf("%s: %w", m.Name(), err)
		return err
	}
	f.owner = after
	*b = balance{moved: b.moved, all: b.all, allWaits: b.allWaits} // blocks that fitted nowhere else may now
	if f.bare {
		f.err, f.bare = nil, false
		f.shorten()
		f.hand(number)
		return nil
	}
	for i, m := range f.members {
		if m.lost == nil && m.still != nil {
			f.leaveOut(i, m.still)
		}
	}
	if err := f.hold(before, number); err != nil && f.err == nil {
		f.err = err
	}
	f.shorten()
	for i := range f.members {
		f.hand(i)
	}
	return nil
}

// Share are the blocks that a member of so many passes of a sample a second would have if it came now.
func (f *Fleet) Share(speed float64) []int { return blocksOf(f.with(speed), len(f.members)) }

// guess is the speed of a newcomer of which so much is known; 0: it is not known.
func (f *Fleet) guess(speed float64) float64 {
	if speed > 0 {
		return speed
	}
	all, n := 0.0, 0
	for _, m := range f.members {
		if s := m.speed(); m.lost == nil && s > 0 {
			all, n = all+s, n+1
		}
	}
	return all / float64(max(1, n))
}

// with are the owners of the blocks once a member of a speed has come. Each of the others keeps the blocks that it has,
// but for those that are too many for its speed now: these lie evenly among its blocks, so that every prefix of a trial
// is shared still.
func (f *Fleet) with(speed float64) []int {
	number := len(f.members)
	if slices.Max(f.speeds()) == 0 {
		return slices.Repeat([]int{number}, len(f.owner))
	}
	speeds := speedsOf(append(slices.Clone(f.members), &booked{guess: f.guess(speed)}), f.Reserve)
	f.pass(speeds)
	costs := f.costs()
	wanted, after := share(DealCosts(costs, speeds), costs, number+1), slices.Clone(f.owner)
	for i := range f.members {
		blocks := f.BlocksOf(i)
		for at := range gifts(f.costsOf(blocks), wanted[i], float64(2*i+1)/float64(2*number)) {
			after[blocks[at]] = number
		}
	}
	return after
}

// pass has no blocks go to members that answer nothing, as long as there are others.
func (f *Fleet) pass(speeds []float64) {
	awake := slices.Clone(speeds)
	for i, m := range f.members {
		if m.still != nil {
			awake[i] = 0
		}
	}
	if slices.Max(awake) > 0 {
		copy(speeds, awake)
	}
}

// Fill has members come where none is left. The error says that there are none.
func (f *Fleet) Fill(ctx context.Context) error {
	if !f.bare || f.Refill == nil {
		return f.err
	}
	if err := f.Refill(ctx, f.err); err != nil {
		return err
	}
	return f.err
}

// gifts are the places of the blocks, of these costs, that a member gives of its own so that it keeps as much as is
// wanted: evenly among them, by cost. from, of 0 to 1, says how soon it begins to give: members do so at other places.
func gifts(costs []float64, wanted, from float64) iter.Seq[int] {
	return func(yield func(at int) bool) {
		own := floats.Sum(costs)
		gives, given, passed := own-wanted, 0.0, 0.0
		for at, cost := range costs {
			passed += cost
			// a gift is due where what has passed of the blocks is more than what was given of the gifts, and this one
			if gives < cost/2 || passed*gives <= (given+from*cost)*own*(1+1e-12) {
				continue
			}
			given += cost
			if given > gives+cost/2 || !yield(at) {
				return
			}
		}
	}
}
