package backend

import (
	"slices"
	"sync"

	"demote/backend/bounds"
	"demote/search"
)

// store keeps the activations of the base at cuts, as codes on their own grids, which is lossless.
// A trial starts at the last cut in front of its first changed holder, and what it computes behind
// that holder is drafted: if the trial wins, the drafts become the base's. Where they are missing,
// the next trial that passes there fills them in from the last valid cut, since what lies in front
// of its change is the base's too.
type store struct {
	base    search.Mask
	cuts    []storedCut // in order; the part that begins at cut i is the part's index
	blocks  []blockLock
	outputs []gainSlot           // what the outputs gain, a block each: the last cut, so to say
	noops   *noops               // what needs no run
	recoder recoder              // nil: the device has none
	trials  bounds.Table[uint64] // ids of the masks tried on this base
	serial  uint64               // of the last id
}

// gainSlot is slot for the metric's gains.
type gainSlot struct {
	base, draft bounds.Gain
	valid       bool
	owner       uint64
	same        bool
}

// blockLock keeps two trials that run the same block from writing its codes at once.
type blockLock struct{ sync.Mutex }

// storedCut is the input of a part.
type storedCut struct {
	part    int
	tensors []StoredTensor
	slots   []slot // a block each
	size    int    // bytes of codes a block
}

type slot struct {
	base, draft room   // nil until first used
	valid       bool   // base holds the base's codes
	owner       uint64 // id of the trial that last came by; 0: none
	same        bool   // the owner's codes are the base's; else they are the draft
}

// newStore keeps the given cuts of a network for so many blocks; there may be none.
func newStore(cuts []storedCut, blocks int, base search.Mask, n *noops) *store {
	s := &store{base: base.Clone(), cuts: cuts, blocks: make([]blockLock, blocks), outputs: make([]gainSlot, blocks), noops: n}
	for i := range s.cuts {
		s.cuts[i].slots = make([]slot, blocks)
		s.cuts[i].size = codeBytes(s.cuts[i].tensors)
	}
	return s
}

// trial returns the id of a mask on the base of now.
func (s *store) trial(m search.Mask) uint64 {
	id, ok := s.trials.Get(m)
	if !ok {
		s.serial++
		id = s.serial
		s.trials.Put(m, id)
	}
	return id
}

// codeBytes is what the codes of one block take: two bytes an element on a grid, the element's own
// size elsewhere.
func codeBytes(tensors []StoredTensor) int {
	n := 0
	for _, t := range tensors {
		size := t.Type.Size()
		if t.Holder >= 0 {
			size = 2
		}
		n += (t.elems()*size + 63) &^ 63
	}
	return n
}

// restore fills a lane's buffers from the last cut in front of part changed at which the base's
// codes of the block are valid, and returns the part to go on with; 0: from the start.
func (s *store) restore(l lane, block, changed int) (part int, err error) {
	for i := len(s.cuts) - 1; i >= 0; i-- {
		c := &s.cuts[i]
		if c.part > changed {
			continue
		}
		s.blocks[block].Lock()
		if c.slots[block].valid {
			err := l.decode(c, s.base, c.slots[block].base)
			s.blocks[block].Unlock()
			return c.part, err
		}
		s.blocks[block].Unlock()
	}
	return 0, nil
}

// keep stores what a lane has just computed in front of a part: the base's own codes if nothing in
// front of the part has changed, else the trial's draft. If the trial has come back to the base
// there - no changed holder behind the cut, and equal codes at it - nothing behind it can differ,
// and keep returns what the base gains.
func (s *store) keep(l lane, j job, part int) (gain bounds.Gain, equal bool, err error) {
	i := s.cut(part)
	if i < 0 {
		return gain, false, nil
	}
	c := &s.cuts[i]
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	sl := &c.slots[j.block]
	if part <= j.first {
		if !sl.valid && sl.has(l, &sl.base, c.size) {
			err = l.encode(c, s.base, sl.base)
			sl.valid = err == nil
		}
		return gain, false, err
	}
	if j.spares(sl.owner) || !sl.has(l, &sl.draft, c.size) {
		return gain, false, nil
	}
	sl.owner = 0
	if err := l.encode(c, j.mask, sl.draft); err != nil {
		return gain, false, err
	}
	sl.owner, sl.same = j.trial, false
	out := &s.outputs[j.block]
	if part <= j.last || !sl.valid || !out.valid || !s.sameGrids(c, j.mask) {
		return gain, false, nil
	}
	if equal, err = l.same(sl.draft, sl.base); err != nil || !equal {
		return gain, false, err
	}
	for k := i; k < len(s.cuts); k++ {
		if sl := &s.cuts[k].slots[j.block]; !j.spares(sl.owner) {
			sl.owner, sl.same = j.trial, true
		}
	}
	if !j.spares(out.owner) {
		out.owner, out.same = j.trial, true
	}
	return out.base, true, nil
}

// know enters what the samples gain on the base. A block's is the judge's, bit by bit.
func (s *store) know(gained []float64, data *resident) {
	for b := range s.outputs {
		var g bounds.Gain
		for _, sample := range data.samplesOf(b) {
			add(&g, gained[sample])
		}
		s.outputs[b].base, s.outputs[b].valid = g, true
	}
}

// keepGain stores what a trial's outputs gain.
func (s *store) keepGain(j job) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	out := &s.outputs[j.block]
	if j.last < 0 {
		out.base, out.valid = *j.gain, true
		return
	}
	if !j.spares(out.owner) {
		out.draft, out.owner, out.same = *j.gain, j.trial, false
	}
}

// noop returns what the base gains on a job's block if the job's mask differs from the base there only in
// no-ops.
func (s *store) noop(j job) (gain bounds.Gain, ok bool) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	out := &s.outputs[j.block]
	if j.last < 0 || !out.valid || !s.noops.all(j.block, s.base, j.mask) {
		return gain, false
	}
	return out.base, true
}

// note keeps what a job has found out about no-ops in the parts that it has run.
func (s *store) note(l lane, j job, from, until int) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	s.noops.note(l, j, from, until)
}

// has makes the slot's memory on first use; without memory the cut is simply not kept.
func (sl *slot) has(l lane, r *room, size int) bool {
	if *r == nil {
		m, err := l.room(size)
		if err != nil {
			return false
		}
		*r = m
	}
	return true
}

// cut is the index of the stored cut in front of a part; -1: it is not stored.
func (s *store) cut(part int) int {
	return slices.IndexFunc(s.cuts, func(c storedCut) bool { return c.part == part })
}

// size is the bytes of a block's codes in front of a part.
func (s *store) size(part int) int {
	if i := s.cut(part); i >= 0 {
		return s.cuts[i].size
	}
	return 0
}

func (s *store) sameGrids(c *storedCut, m search.Mask) bool {
	for _, t := range c.tensors {
		if t.Holder >= 0 && m.Low(t.Holder) != s.base.Low(t.Holder) {
			return false
		}
	}
	return true
}

// Close gives the memory back. It may be called more than once.
func (s *store) Close() {
	for i := range s.cuts {
		for b := range s.cuts[i].slots {
			sl := &s.cuts[i].slots[b]
			for _, r := range []room{sl.base, sl.draft} {
				if r != nil {
					r.Close()
				}
			}
			*sl = slot{}
		}
	}
}
