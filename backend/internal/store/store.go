package store

import (
	"slices"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Store keeps the activations of the base at cuts, as codes on their own grids, which is lossless.
// A trial starts at the last cut in front of its first changed holder, and what it computes behind
// that holder is drafted: if the trial wins, the drafts become the base's. Where they are missing,
// the next trial that passes there fills them in from the last valid cut, since what lies in front
// of its change is the base's too.
type Store struct {
	Base    search.Mask
	tensors []*storedTensor   // of all cuts, each once
	cuts    [][]*storedTensor // by part: those alive in front of it; none in front of the first
	blocks  []blockLock
	outputs []gainSlot // what the outputs gain, a block each: the last cut, so to say
	noops   *noops     // what needs no run
	device  device.Device
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
	device.StoredTensor
	index int    // among the store's
	part  int    // the first part that it lies in front of
	size  int    // bytes of codes a block
	slots []slot // a block each
	spare spareRooms
}

type slot struct {
	base, draft device.Room // nil until first used
	valid       bool        // base holds the base's codes
	owner       uint64      // id of the trial that last came by; 0: none
}

// New keeps what is alive at the cuts in front of a chain's parts, for so many blocks; there may be no such cut.
func New(d device.Device, compares bool, c *Chain, cuts [][]device.StoredTensor, blocks int, base search.Mask) *Store {
	s := &Store{device: d, Base: base.Clone(), cuts: make([][]*storedTensor, len(c.Parts)), blocks: make([]blockLock, blocks), outputs: make([]gainSlot, blocks),
		noops: newNoops(c, base.Len(), blocks, compares)}
	known := map[string]*storedTensor{}
	for i, tensors := range cuts {
		for _, t := range tensors {
			own := known[t.Name]
			if own == nil {
				own = &storedTensor{StoredTensor: t, index: len(s.tensors), part: i + 1, size: t.CodeBytes(), slots: make([]slot, blocks)}
				known[t.Name] = own
				s.tensors = append(s.tensors, own)
			}
			s.cuts[i+1] = append(s.cuts[i+1], own)
		}
	}
	return s
}

// Trial returns the id of a mask on the base of now.
func (s *Store) Trial(m search.Mask) uint64 {
	id, ok := s.trials.Get(m)
	if !ok {
		s.serial++
		id = s.serial
		s.trials.Put(m, id)
	}
	return id
}

// At finds the last cut in front of part changed at which all of the base's codes of the block are there, and returns
// the part behind it; 0: none, and a run begins at the start.
func (s *Store) At(block, changed int) int {
	s.blocks[block].Lock()
	defer s.blocks[block].Unlock()
	for part := min(changed, len(s.cuts)-1); part > 0; part-- {
		if !slices.ContainsFunc(s.cuts[part], func(t *storedTensor) bool { return !t.slots[block].valid }) {
			return part
		}
	}
	return 0
}

// Restore fills a lane's buffers with the base's codes in front of a part.
func (s *Store) Restore(l device.Lane, block, part int) error {
	s.blocks[block].Lock()
	defer s.blocks[block].Unlock()
	for _, t := range s.cuts[part] {
		if err := l.Decode(&t.StoredTensor, s.Base, t.slots[block].base); err != nil {
			return err
		}
	}
	return nil
}

// Keep stores what a lane has just computed in front of a part: the base's own codes if nothing in
// front of the part has changed, else the trial's draft.
func (s *Store) Keep(l device.Lane, j Job, part int) error {
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	for _, t := range s.cuts[part] {
		sl := &t.slots[j.Block]
		base, draft := t.wanted(j)
		switch {
		case t.part != part: // made further in front
		case base && t.has(l, &sl.base):
			if err := l.Encode(&t.StoredTensor, s.Base, sl.base); err != nil {
				return err
			}
			sl.valid = true
		case draft && t.has(l, &sl.draft):
			sl.owner = 0
			if err := l.Encode(&t.StoredTensor, j.Mask, sl.draft); err != nil {
				return err
			}
			sl.owner = j.Trial
		}
	}
	return nil
}

// Know enters what the samples gain on the base. A block's is the scorer's, bit by bit.
func (s *Store) Know(gained []metric.Verdict, data *Resident) {
	for b := range s.outputs {
		var g bounds.Gain
		for slot, sample := range data.SamplesOf(b) {
			metric.Add(&g, slot, gained[sample])
		}
		s.outputs[b].base, s.outputs[b].valid = g, true
	}
}

// KeepGain stores what a trial's outputs gain.
func (s *Store) KeepGain(j Job) {
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	out := &s.outputs[j.Block]
	if j.First == len(s.cuts) {
		out.base, out.valid = *j.Gain, true
		return
	}
	if !j.spares(out.owner) {
		out.draft, out.owner = *j.Gain, j.Trial
	}
}

// Noop returns what the base gains on a job's block if the job's mask differs from the base there only in
// no-ops.
func (s *Store) Noop(j Job) (gain bounds.Gain, ok bool) {
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	out := &s.outputs[j.Block]
	if j.First == len(s.cuts) || !out.valid || !s.noops.all(j.Block, s.Base, j.Mask) {
		return gain, false
	}
	return out.base, true
}

// Ask has the nodes of all parts from one on find out about no-ops.
func (s *Store) Ask(l device.Lane, from int) { s.noops.ask(l, from) }

// Note keeps what a job has found out about no-ops in the parts that it has run.
func (s *Store) Note(l device.Lane, j Job, from int) {
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	s.noops.note(l, j, from)
}

// wanted says what a job's codes of the tensor are wanted for: as the base's, where they are missing and nothing in
// front has changed; as a draft behind the change, unless the one that lies there is to be spared.
func (t *storedTensor) wanted(j Job) (base, draft bool) {
	sl := &t.slots[j.Block]
	if !j.Keeps(t.part) {
		return false, false
	}
	return t.part <= j.First && !sl.valid, t.part > j.First && !j.spares(sl.owner)
}

// Size is the bytes of a block's codes in front of a part.
func (s *Store) Size(part int) (bytes int) {
	for _, t := range s.cuts[part] {
		bytes += t.size
	}
	return bytes
}

// has makes the memory of codes on first use; without memory the tensor is simply not kept.
func (t *storedTensor) has(l device.Lane, r *device.Room) bool {
	if *r == nil {
		m, err := l.Room(&t.StoredTensor)
		if err != nil {
			return false
		}
		*r = m
	}
	return true
}

// Close gives the codes' memory back. It may be called more than once.
func (s *Store) Close() {
	for _, t := range s.tensors {
		for b := range t.slots {
			t.slots[b].close()
			t.slots[b] = slot{}
		}
		t.spare.Close()
	}
}
