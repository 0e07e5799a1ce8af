package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// lose books a lost member. Its blocks go to the others, who are handed the lease at hand again: from the first block
// on of which nothing was heard.
func (f *Fleet) lose(member int, why error) {
	m := f.members[member]
	if m.lost != nil {
		return
	}
	m.lost = fmt.Errorf("%s: %w", m.Name(), why)
	f.balance = balance{moved: f.balance.moved, stay: f.balance.stay}
	speeds := f.speeds()
	if slices.Max(speeds) == 0 {
		f.err, f.bare = m.lost, true
		return
	}
	f.pass(speeds)
	heirs := f.bequeath(member, speeds)
	f.shorten()
	for heir := range f.members {
		if !heirs[heir] || f.members[heir].lost != nil {
			continue
		}
		err := f.members[heir].Hold(f.BlocksOf(heir))
		if errors.Is(err, ErrGone) { // its blocks go on, with those that it was to have
			f.lose(heir, err)
			if f.err != nil {
				return
			}
			continue
		}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) { // nobody is to blame
			f.err = err
			return
		}
		if err != nil {
			// in words alone: a full memory, or a lost device, has another cure where it is the only one
			f.err = errors.New(m.Name() + " is lost (" + why.Error() + "), and " + f.members[heir].Name() + " cannot take its blocks: " + err.Error() + "; what was found so far is kept")
			return
		}
		f.hand(heir)
	}
	if f.Told != nil {
		f.Told(m.Name(), why)
	}
}

// bequeath deals the blocks of a member to others, by their speeds, and returns who has some.
func (f *Fleet) bequeath(member int, speeds []float64) (heirs map[int]bool) {
	blocks := f.BlocksOf(member)
	heirs = map[int]bool{}
	for i, heir := range DealCosts(f.costsOf(blocks), speeds) {
		f.owner[blocks[i]] = heir
		heirs[heir] = true
	}
	return heirs
}

// shorten has the lease at hand begin at the first block of which nothing was heard, for those that it is handed again.
func (f *Fleet) shorten() {
	if f.atHand == nil {
		return
	}
	again := *f.atHand
	for again.From < len(f.heard) && f.heard[again.From] {
		again.From++
	}
	f.atHand = &again
}

// stuck leaves out a member that is there and answers nothing, if the others can take its blocks. If not, all stays as
// it is.
func (f *Fleet) stuck(member int, why error) {
	m := f.members[member]
	if m.lost != nil {
		return
	}
	stays := func() {
		if f.Stays != nil && !m.stays {
			m.stays = true
			f.Stays(m.Name(), why)
		}
	}
	speeds := f.speeds()
	if speeds[member] = 0; f.Reserve > 0 && member != f.Reserve && slices.Max(speeds) == 0 {
		speeds[f.Reserve] = 1
	}
	if slices.Max(speeds) == 0 {
		stays()
		return
	}
	before := slices.Clone(f.owner)
	heirs := f.bequeath(member, speeds)
	f.shorten()
	var held []int
	var err error
	for heir := range f.members {
		if heirs[heir] && err == nil {
			held = append(held, heir)
			err = f.members[heir].Hold(f.BlocksOf(heir))
		}
	}
	if err == nil {
		f.leaveOut(member, why)
		for _, heir := range held {
			f.hand(heir)
		}
		return
	}
	f.owner = before
	for _, heir := range held {
		switch err := f.members[heir].Hold(f.BlocksOf(heir)); {
		case errors.Is(err, ErrGone):
			f.lose(heir, err)
		case err != nil:
			f.err = err
			return
		default:
			f.hand(heir)
		}
	}
	stays()
}

// leaveOut books a member that is there as lost, whose blocks others have.
func (f *Fleet) leaveOut(member int, why error) {
	m := f.members[member]
	m.lost = fmt.Errorf("%s: %w", m.Name(), why)
	f.balance = balance{moved: f.balance.moved, stay: f.balance.stay}
	if a, is := m.Member.(Abandoned); is {
		a.Abandon(why)
	}
	if f.Told != nil {
		f.Told(m.Name(), why)
	}
}
