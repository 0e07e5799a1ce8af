package backend

import "demote/search"

// A recoder is a device that can bring the codes of a cut from the grids that one mask chooses to those
// that another one does, for values that lie on both.
type recoder interface {
	recode(c *storedCut, from, to search.Mask, codes room)
}

// move makes another mask the base. first is the first part with a changed holder. What lies behind
// it is taken over from the drafts of the mask's own trial, where they are still there, else unknown.
// Of a block on which only no-ops have changed all is as it was, but for the grids that codes count on.
func (s *store) move(base search.Mask, first int) {
	winner, _ := s.trials.Get(base) // 0: it was not tried
	for b := range s.blocks {
		if s.noops.all(b, s.base, base) {
			s.keepBlock(b, base)
		} else {
			s.moveBlock(b, winner, first)
		}
		for i := range s.cuts {
			s.cuts[i].slots[b].owner = 0
		}
		s.outputs[b].owner = 0
	}
	s.base.CopyFrom(base)
	s.trials.Clear()
}

// keepBlock leaves a block as it is, with its codes on the grids of the new base.
func (s *store) keepBlock(block int, base search.Mask) {
	for i := range s.cuts {
		c := &s.cuts[i]
		sl := &c.slots[block]
		if !sl.valid || s.sameGrids(c, base) {
			continue
		}
		if sl.valid = s.recoder != nil; sl.valid {
			s.recoder.recode(c, s.base, base, sl.base)
		}
	}
	s.noops.drafts[block] = draft{}
}

// moveBlock takes over what the winner has computed of a block; a winner of 0 has computed nothing.
func (s *store) moveBlock(block int, winner uint64, first int) {
	for i := range s.cuts {
		c := &s.cuts[i]
		if c.part <= first {
			continue
		}
		sl := &c.slots[block]
		switch {
		case winner == 0 || sl.owner != winner:
			sl.valid = false
		case !sl.same:
			sl.base, sl.draft, sl.valid = sl.draft, sl.base, true
		}
	}
	out := &s.outputs[block]
	switch {
	case winner == 0 || out.owner != winner:
		out.valid = false
	case !out.same:
		out.base, out.valid = out.draft, true
	}
	s.noops.move(block, winner, first)
}
