package store

import "example.org/demote/search"

// Move makes another mask the base. first is the first part with a changed holder. What lies behind
// it is taken over from the drafts of the mask's own trial, where they are still there, else unknown.
// Of a block on which only no-ops have changed all is as it was, but for the grids that codes count on.
func (s *Store) Move(base search.Mask, first int) {
	winner, _ := s.trials.Get(base) // 0: it was not tried
	for b := range s.blocks {
		if s.noops.all(b, s.Base, base) {
			s.keepBlock(b, base)
		} else {
			s.moveBlock(b, winner, first)
		}
		for _, t := range s.tensors {
			t.slots[b].owner = 0
		}
		s.outputs[b].owner = 0
	}
	s.Base.CopyFrom(base)
	s.trials.Clear()
}

// keepBlock leaves a block as it is, with its codes on the grids of the new base.
func (s *Store) keepBlock(block int, base search.Mask) {
	for _, t := range s.tensors {
		sl := &t.slots[block]
		if !sl.valid || t.Holder < 0 || s.Base.Low(t.Holder) == base.Low(t.Holder) {
			continue
		}
		sl.valid = s.device.Recode(&t.StoredTensor, s.Base, base, sl.base)
	}
	s.noops.drafts[block] = 0
}

// moveBlock takes over what the winner has computed of a block; a winner of 0 has computed nothing.
func (s *Store) moveBlock(block int, winner uint64, first int) {
	for _, t := range s.tensors {
		if t.part <= first {
			continue
		}
		sl := &t.slots[block]
		if sl.valid = winner != 0 && sl.owner == winner; sl.valid {
			sl.base, sl.draft = sl.draft, sl.base
		}
	}
	out := &s.outputs[block]
	if out.valid = winner != 0 && out.owner == winner; out.valid {
		out.base = out.draft
	}
	s.noops.move(block, winner, first)
}
