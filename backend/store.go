package backend

import (
	"slices"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// store keeps the activations of the base at cuts, as codes on their own grids, which is lossless.
// A trial starts at the last cut in front of its first changed holder, and what it computes behind
// that holder is drafted: if the trial wins, the drafts become the base's. Where they are missing,
// the next trial that passes there fills them in from the last valid cut, since what lies in front
// of its change is the base's too.
type store struct {
	base    search.Mask
	tensors []*storedTensor   // of all cuts, each once
	cuts    [][]*storedTensor // by part: those alive in front of it; none in front of the first
	blocks  []blockLock
	outputs []gainSlot // what the outputs gain, a block each: the last cut, so to say
	noops   *noops     // what needs no run
	device  device
	trials  bounds.Table[uint64] // ids of the masks tried on this base
	serial  uint64               // of the last id
}

// gainSlot is slot for the metric's gains.
type gainSlot struct {
	base, draft bounds.Gain
	valid       bool
	owner       uint64
}

// blockLock keeps two trials that run the same block from writing its codes at once.
type blockLock struct{ sync.Mutex }

// storedTensor is a tensor that is alive at some of the cuts.
type storedTensor struct {
	StoredTensor
	index int    // among the store's
	part  int    // the first part that it lies in front of
	size  int    // bytes of codes a block
	slots []slot // a block each
	spare spareRooms
}

type slot struct {
	base, draft room   // nil until first used
	valid       bool   // base holds the base's codes
	owner       uint64 // id of the trial that last came by; 0: none
}

// newStore keeps what is alive at the cuts in front of a chain's parts, for so many blocks; there may be no such cut.
func newStore(d device, compares bool, c *chain, cuts [][]StoredTensor, blocks int, base search.Mask) *store {
	s := &store{device: d, base: base.Clone(), cuts: make([][]*storedTensor, len(c.parts)), blocks: make([]blockLock, blocks), outputs: make([]gainSlot, blocks),
		noops: newNoops(c, base.Len(), blocks, compares)}
	known := map[string]*storedTensor{}
	for i, tensors := range cuts {
		for _, t := range tensors {
			own := known[t.Name]
			if own == nil {
				own = &storedTensor{StoredTensor: t, index: len(s.tensors), part: i + 1, size: t.codeBytes(), slots: make([]slot, blocks)}
				known[t.Name] = own
				s.tensors = append(s.tensors, own)
			}
			s.cuts[i+1] = append(s.cuts[i+1], own)
		}
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

// at finds the last cut in front of part changed at which all of the base's codes of the block are there, and returns the
// part behind it; 0: none, and a run begins at the start.
func (s *store) at(block, changed int) int {
	s.blocks[block].Lock()
	defer s.blocks[block].Unlock()
	for part := min(changed, len(s.cuts)-1); part > 0; part-- {
		if !slices.ContainsFunc(s.cuts[part], func(t *storedTensor) bool { return !t.slots[block].valid }) {
			return part
		}
	}
	return 0
}

// restore fills a lane's buffers with the base's codes in front of a part.
func (s *store) restore(l lane, block, part int) error {
	s.blocks[block].Lock()
	defer s.blocks[block].Unlock()
	for _, t := range s.cuts[part] {
		if err := l.decode(&t.StoredTensor, s.base, t.slots[block].base); err != nil {
			return err
		}
	}
	return nil
}

// keep stores what a lane has just computed in front of a part: the base's own codes if nothing in
// front of the part has changed, else the trial's draft.
func (s *store) keep(l lane, j job, part int) error {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	for _, t := range s.cuts[part] {
		sl := &t.slots[j.block]
		base, draft := t.wanted(j)
		switch {
		case t.part != part: // made further in front
		case base && t.has(l, &sl.base):
			if err := l.encode(&t.StoredTensor, s.base, sl.base); err != nil {
				return err
			}
			sl.valid = true
		case draft && t.has(l, &sl.draft):
			sl.owner = 0
			if err := l.encode(&t.StoredTensor, j.mask, sl.draft); err != nil {
				return err
			}
			sl.owner = j.trial
		}
	}
	return nil
}

// know enters what the samples gain on the base. A block's is the judge's, bit by bit.
func (s *store) know(gained []float64, data *resident) {
	for b := range s.outputs {
		var g bounds.Gain
		for _, sample := range data.samplesOf(b) {
			metric.Add(&g, gained[sample])
		}
		s.outputs[b].base, s.outputs[b].valid = g, true
	}
}

// keepGain stores what a trial's outputs gain.
func (s *store) keepGain(j job) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	out := &s.outputs[j.block]
	if j.first == len(s.cuts) {
		out.base, out.valid = *j.gain, true
		return
	}
	if !j.spares(out.owner) {
		out.draft, out.owner = *j.gain, j.trial
	}
}

// noop returns what the base gains on a job's block if the job's mask differs from the base there only in
// no-ops.
func (s *store) noop(j job) (gain bounds.Gain, ok bool) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	out := &s.outputs[j.block]
	if j.first == len(s.cuts) || !out.valid || !s.noops.all(j.block, s.base, j.mask) {
		return gain, false
	}
	return out.base, true
}

// note keeps what a job has found out about no-ops in the parts that it has run.
func (s *store) note(l lane, j job, from int) {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	s.noops.note(l, j, from)
}

// wanted says what a job's codes of the tensor are wanted for: as the base's, where they are missing and nothing in front has
// changed; as a draft behind the change, unless the one that lies there is to be spared.
func (t *storedTensor) wanted(j job) (base, draft bool) {
	sl := &t.slots[j.block]
	return t.part <= j.first && !sl.valid, t.part > j.first && !j.spares(sl.owner)
}

// size is the bytes of a block's codes in front of a part.
func (s *store) size(part int) (bytes int) {
	for _, t := range s.cuts[part] {
		bytes += t.size
	}
	return bytes
}

// has makes the memory of codes on first use; without memory the tensor is simply not kept.
func (t *storedTensor) has(l lane, r *room) bool {
	if *r == nil {
		m, err := l.room(&t.StoredTensor)
		if err != nil {
			return false
		}
		*r = m
	}
	return true
}

// Close gives the codes' memory back. It may be called more than once.
func (s *store) Close() {
	for _, t := range s.tensors {
		for b := range t.slots {
			for _, r := range []room{t.slots[b].base, t.slots[b].draft} {
				if r != nil {
					r.Close()
				}
			}
			t.slots[b] = slot{}
		}
		t.spare.Close()
	}
}
