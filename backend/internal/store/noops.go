package store

import (
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// noops know on which blocks a holder's bit changes nothing on the base, a bit a holder and a block. What
// is not known counts as a change.
//
// A mask that differs from the base only in no-ops of a block gives the base's very outputs there,
// however many they are: take the first of them in topological order. Nothing in front of it differs, so
// its node is given what the base's is, and both grids make the same bits of that: nothing behind it
// differs on its account, and the same is true of the next. A holder whose bit also chooses constants is
// never a no-op.
//
// What is known of a holder depends on its input alone, not on its own bit. It stays true as long as
// nothing in front of the holder changes: by the same rule as what is stored at cuts.
type noops struct {
	compares bool       // the device finds out; else nothing is ever known
	words    int        // of a mask
	parts    [][]int    // by part: the holders whose node is in it, and whose bit chooses nothing else
	behind   [][]uint64 // by part, and one more: the mask of the holders in it and behind it
	always   []uint64   // by block: the no-ops whatever the base is, see Same
	base     []uint64   // by block: the no-ops on the base
	draft    []uint64   // by block: those on the mask of a trial
	drafts   []uint64   // by block: its id; 0: none
	idle     []uint64   // the holders of no part
}

// newNoops begins with what needs no run: a holder of no part changes nothing.
func newNoops(c *Chain, holders, blocks int, compares bool) *noops {
	parts := c.Parts
	n := &noops{compares: compares, words: len(search.NewMask(holders).Words()), behind: make([][]uint64, len(parts)+1), drafts: make([]uint64, blocks)}
	touched, chooses := search.NewMask(holders), search.NewMask(holders)
	for i, p := range parts {
		for _, h := range c.touched(i) {
			touched.Demote(h)
		}
		for _, f := range p.Followed {
			chooses.Demote(f.Holder)
		}
	}
	seen := chooses.Clone()
	for i := range parts {
		own := slices.DeleteFunc(slices.Clone(c.holders[i]), seen.Low)
		for _, h := range own {
			seen.Demote(h)
		}
		n.parts = append(n.parts, own)
	}
	later := search.NewMask(holders)
	n.behind[len(parts)] = later.Clone().Words()
	for p := len(parts) - 1; p >= 0; p-- {
		for _, h := range n.parts[p] {
			later.Demote(h)
		}
		n.behind[p] = later.Clone().Words()
	}
	n.base, n.draft, n.always = make([]uint64, n.words*blocks), make([]uint64, n.words*blocks), make([]uint64, n.words*blocks)
	n.idle = make([]uint64, n.words)
	for h := range holders {
		n.set(n.idle, 0, h, !touched.Low(h))
	}
	for b := range blocks {
		copy(n.base[b*n.words:], n.idle)
	}
	return n
}

// all says whether two masks differ only in no-ops of a block.
func (n *noops) all(block int, a, b search.Mask) bool {
	x, y, none := a.Words(), b.Words(), n.base[block*n.words:]
	for i := range x {
		if (x[i]^y[i])&^none[i] != 0 {
			return false
		}
	}
	return true
}

// ask has the nodes of all parts from one on compare.
func (n *noops) ask(l device.Lane, from int) {
	if n.compares {
		for _, holders := range n.parts[from:] {
			l.Compare(holders)
		}
	}
}

// note keeps what the nodes of the parts from one on have found under a job's mask: in front of the first changed
// part, of the base; from there on, of the trial.
func (n *noops) note(l device.Lane, j Job, from int) {
	if !n.compares {
		return
	}
	drafting := j.First < len(n.parts) && !j.spares(n.drafts[j.Block])
	if drafting {
		clear(n.draft[j.Block*n.words : (j.Block+1)*n.words])
		n.drafts[j.Block] = j.Trial
	}
	for p := from; p < len(n.parts); p++ {
		to := n.base
		if p >= j.First {
			if to = n.draft; !drafting {
				return
			}
		}
		for _, h := range n.parts[p] {
			n.set(to, j.Block, h, l.Agree(h))
		}
	}
}

// move makes the mask of a trial the base; first is the first part with a changed holder. Of what lies
// behind it only what the trial has found is known. A winner of 0 has found nothing.
func (n *noops) move(block int, winner uint64, first int) {
	mine := winner != 0 && n.drafts[block] == winner
	base, found := n.base[block*n.words:], n.draft[block*n.words:]
	for i, changed := range n.behind[first] {
		base[i] &^= changed &^ n.always[block*n.words+i]
		if mine {
			base[i] |= found[i] & changed
		}
	}
	n.drafts[block] = 0
}

func (n *noops) set(of []uint64, block, holder int, on bool) {
	word, bit := &of[block*n.words+holder/64], uint64(1)<<(holder%64)
	*word &^= bit
	if on {
		*word |= bit
	}
}

// Same enters holders whose bit changes nothing on a block, whatever the mask, unless it also chooses constants.
func (s *Store) Same(block int, holders []int) {
	for _, h := range holders {
		if slices.ContainsFunc(s.noops.parts, func(own []int) bool { return slices.Contains(own, h) }) {
			s.noops.set(s.noops.always, block, h, true)
			s.noops.set(s.noops.base, block, h, true)
		}
	}
}

// NoOps are the holders whose bit is known to change nothing on a block of the base of now, whatever
// other of them change with it.
func (s *Store) NoOps(block int) (holders []int) {
	n := s.noops
	for h := range s.Base.Len() {
		if n.base[block*n.words+h/64]>>(h%64)&1 == 1 {
			holders = append(holders, h)
		}
	}
	return holders
}
