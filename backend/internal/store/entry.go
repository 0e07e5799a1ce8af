package store

import (
	"sync"

	"example.org/demote/backend/device"
)

// spareRooms are rooms of a tensor that no block has at the time. A run takes the rooms that it writes to from here,
// and what they replace comes back here: so no run writes where another one reads or writes.
type spareRooms struct {
	lock sync.Mutex
	free []device.Room
}

// take returns a room; nil: there is no memory for another one.
func (s *spareRooms) take(l device.Lane, t *storedTensor) device.Room {
	s.lock.Lock()
	defer s.lock.Unlock()
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r
	}
	r, err := l.Room(&t.StoredTensor)
	if err != nil {
		return nil
	}
	return r
}

func (s *spareRooms) give(r device.Room) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.free = append(s.free, r)
}

// Close gives the memory back.
func (s *spareRooms) Close() {
	for _, r := range s.free {
		r.Close()
	}
	s.free = nil
}

// A SegmentIO is what one run of a lane reads and writes of the store; one that is used again takes no new memory.
type SegmentIO struct {
	rooms []device.Room // by stored tensor: where it writes its codes; nil: it does not, as none does between runs
	Moved int           // bytes of codes read and written
}

// Enter points a lane to the base's codes in front of a part, from which a job is to be run, and to rooms for what
// the store wants of the run: the base's codes where they are missing, behind the change the trial's.
func (s *Store) Enter(l device.Lane, j Job, part int, p *SegmentIO) error {
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	if p.Moved = 0; len(p.rooms) != len(s.tensors) {
		p.rooms = make([]device.Room, len(s.tensors))
	}
	for _, t := range s.cuts[part] {
		p.Moved += t.size
		if err := l.Enter(part, &t.StoredTensor, t.slots[j.Block].base); err != nil {
			return err
		}
	}
	for i, t := range s.tensors {
		base, draft := t.wanted(j)
		if t.part <= part || !base && !draft {
			continue
		}
		if p.rooms[i] = t.spare.take(l, t); p.rooms[i] == nil {
			continue
		}
		if err := l.Leave(part, &t.StoredTensor, p.rooms[i]); err != nil {
			return err
		}
	}
	return nil
}

// Left takes over what a run has written; ran: to its end.
func (s *Store) Left(l device.Lane, j Job, p *SegmentIO, ran bool) {
	l.Drop()
	s.blocks[j.Block].Lock()
	defer s.blocks[j.Block].Unlock()
	for i, r := range p.rooms {
		if r == nil {
			continue
		}
		t := s.tensors[i]
		sl := &t.slots[j.Block]
		base, draft := t.wanted(j) // another run may have come first
		switch {
		case !ran:
		case base:
			sl.base, r, sl.valid = r, sl.base, true
			p.Moved += t.size
		case draft:
			sl.draft, r, sl.owner = r, sl.draft, j.Trial
			p.Moved += t.size
		}
		if p.rooms[i] = nil; r != nil {
			t.spare.give(r)
		}
	}
}

// Agrees says whether the codes of a block that a trial has drafted are those of the base.
func (s *Store) Agrees(l device.Lane, block int, trial uint64) bool {
	for _, t := range s.tensors {
		if sl := &t.slots[block]; sl.valid && sl.owner == trial && !l.Same(sl.base, sl.draft) {
			return false
		}
	}
	return true
}
