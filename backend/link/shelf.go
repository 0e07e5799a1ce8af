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
	at map[Place]File
}

// A Place is where the file of samples of a form lies, that was put for a worker.
type Place struct {
	worker  Link
	samples [32]byte
}

// PlaceOf is the place of samples. The form says what their bytes are made of.
func PlaceOf(worker Link, form string, samples []int) Place {
	h := sha256.New()
	h.Write([]byte(form))
	for _, s := range samples {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(s)))
	}
	return Place{worker, [32]byte(h.Sum(nil))}
}

// Find returns the file of a place.
func (s *Shelf) Find(at Place) (f File, is bool) {
	if s == nil {
		return f, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, is = s.at[at]
	return f, is
}

// Keep remembers such a file.
func (s *Shelf) Keep(at Place, f File) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[Place]File{}
	}
	s.at[at] = f
}
