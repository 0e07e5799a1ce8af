package link

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// A Shelf remembers which files were put for which samples, by worker, for evaluators that follow each other over the
// same samples in the same blocks. Its methods may be called from several goroutines; those of nil remember nothing.
type Shelf struct {
	mu sync.Mutex
	at map[place]File
}

type place struct {
	worker  Link
	samples [32]byte
}

// placeOf is where samples of a form lie.
func placeOf(worker Link, form string, samples []int) place {
	h := sha256.New()
	h.Write([]byte(form))
	for _, s := range samples {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(s)))
	}
	return place{worker, [32]byte(h.Sum(nil))}
}

// Find returns the file of samples that was put for a worker, in the form that is told.
func (s *Shelf) Find(worker Link, form string, samples []int) (f File, is bool) {
	if s == nil {
		return f, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, is = s.at[placeOf(worker, form, samples)]
	return f, is
}

// Keep remembers such a file.
func (s *Shelf) Keep(worker Link, form string, samples []int, f File) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[place]File{}
	}
	s.at[placeOf(worker, form, samples)] = f
}
