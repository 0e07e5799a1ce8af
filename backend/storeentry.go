package backend

import "sync"

// spareRooms are rooms of a tensor that no block has at the time. A run takes the rooms that it writes to from here, and
// what they replace comes back here: so no run writes where another one reads or writes.
type spareRooms struct {
	lock sync.Mutex
	free []room
}

// take returns a room; nil: there is no memory for another one.
func (s *spareRooms) take(l lane, t *storedTensor) room {
	s.lock.Lock()
	defer s.lock.Unlock()
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r
	}
	r, err := l.room(&t.StoredTensor)
	if err != nil {
		return nil
	}
	return r
}

func (s *spareRooms) give(r room) {
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

// passage is what one run of a lane reads and writes of the store.
type passage struct {
	rooms []room // by stored tensor: where it writes its codes; nil: it does not, as none does between runs
	moved int    // bytes of codes read and written
}

// enter points a lane to the base's codes in front of a part, from which a job is to be run, and to rooms for what the
// store wants of the run: the base's codes where they are missing, behind the change the trial's.
func (s *store) enter(l lane, j job, part int, p *passage) error {
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	p.moved = 0
	for _, t := range s.cuts[part] {
		p.moved += t.size
		if err := l.enter(part, &t.StoredTensor, t.slots[j.block].base); err != nil {
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
		if err := l.leave(part, &t.StoredTensor, p.rooms[i]); err != nil {
			return err
		}
	}
	return nil
}

// left takes over what a run has written; ran: to its end.
func (s *store) left(l lane, j job, p *passage, ran bool) {
	l.drop()
	s.blocks[j.block].Lock()
	defer s.blocks[j.block].Unlock()
	for i, r := range p.rooms {
		if r == nil {
			continue
		}
		t := s.tensors[i]
		sl := &t.slots[j.block]
		base, draft := t.wanted(j) // another run may have come first
		switch {
		case !ran:
		case base:
			sl.base, r, sl.valid = r, sl.base, true
			p.moved += t.size
		case draft:
			sl.draft, r, sl.owner = r, sl.draft, j.trial
			p.moved += t.size
		}
		if p.rooms[i] = nil; r != nil {
			t.spare.give(r)
		}
	}
}
