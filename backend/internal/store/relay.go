package store

// Relay goes over to other blocks: at says of each which one of before it is; -1: none, and nothing is known of it.
// The others of before are forgotten, and their memory is given back. The base stays, and so do the trials on it.
func (s *Store) Relay(at []int) {
	kept := make([]bool, len(s.blocks))
	for _, from := range at {
		if from >= 0 {
			kept[from] = true
		}
	}
	for _, t := range s.tensors {
		for b := range t.slots {
			if !kept[b] {
				t.slots[b].close()
			}
		}
		t.slots = moved(t.slots, at)
	}
	s.outputs, s.blocks = moved(s.outputs, at), make([]blockLock, len(at))
	s.noops.relay(at)
}

// moved are the values of other blocks, those of new ones zero.
func moved[T any](list []T, at []int) []T {
	out := make([]T, len(at))
	for b, from := range at {
		if from >= 0 {
			out[b] = list[from]
		}
	}
	return out
}

// close gives the memory of a block's codes back.
func (s *slot) close() {
	if s.base != nil {
		s.base.Close()
	}
	if s.draft != nil {
		s.draft.Close()
	}
}

// relay is Relay of no-ops.
func (n *noops) relay(at []int) {
	words := func(list []uint64, unknown []uint64) []uint64 {
		out := make([]uint64, 0, n.words*len(at))
		for _, from := range at {
			if from < 0 {
				out = append(out, unknown...)
				continue
			}
			out = append(out, list[from*n.words:(from+1)*n.words]...)
		}
		return out
	}
	zero := make([]uint64, n.words)
	n.base, n.draft, n.always = words(n.base, n.idle), words(n.draft, zero), words(n.always, zero)
	n.drafts = moved(n.drafts, at)
}
