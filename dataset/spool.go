package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// mostInflation is what deflate can make of a byte at most (https://zlib.net/zlib_tech.html).
const mostInflation = 1032

// spool holds the temporary files of a set: what cannot be read in place is unpacked there once. The files have no name
// (where the system allows it), so nothing stays behind whatever happens.
type spool struct {
	files []*os.File
	// space is the free space in bytes of the folder of temporary files, if known.
	space func() (int64, bool)
}

func newSpool() *spool {
	return &spool{space: func() (int64, bool) { return freeSpace(os.TempDir()) }}
}

// reserve checks that n bytes, unpacked from packed bytes, can be true and have room. The error lacks the array's name.
func (s *spool) reserve(n, packed int64) error {
	if n/mostInflation > packed+1024 {
		return fmt.Errorf("claims %d bytes in %d compressed ones, which no compression reaches: the file is damaged", n, packed)
	}
	return s.room(n)
}

func (s *spool) room(n int64) error {
	if free, ok := s.space(); ok && n > free {
		return fmt.Errorf("needs %d bytes to unpack, and %s has %d free: set TMPDIR to a folder with more room", n, os.TempDir(), free)
	}
	return nil
}

// create makes a temporary file without a name.
func (s *spool) create() (*os.File, error) {
	f, err := os.CreateTemp("", "demote-*")
	if err != nil {
		return nil, fmt.Errorf("needs a temporary file (%w): set TMPDIR to a folder that can be written", err)
	}
	s.files = append(s.files, f)
	_ = os.Remove(f.Name()) // where an open file cannot be removed, close does it
	return f, nil
}

// unpack copies exactly n bytes of r, which must end there, to a temporary file. The error lacks the array's name.
func (s *spool) unpack(r io.Reader, n int64) (*os.File, error) {
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	return f, fill(f, r, n)
}

// fill copies exactly n bytes of r to a temporary file.
func fill(f io.Writer, r io.Reader, n int64) error {
	source := &watched{r: io.LimitReader(r, n+1)} // one more byte than wanted: r must be at its end
	got, err := io.Copy(f, source)
	switch {
	case source.err != nil:
		return unreadable(source.err)
	case err != nil:
		return unwritable(err)
	case got < n:
		return unreadable(io.ErrUnexpectedEOF)
	case got > n:
		return fmt.Errorf("holds more than the %d bytes that it claims: the file is damaged", n)
	}
	return nil
}

// watched remembers the error of its reader, to tell it from the writer's.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func unwritable(err error) error {
	return fmt.Errorf("cannot be unpacked to %s (%w): set TMPDIR to a folder with more room", os.TempDir(), bare(err))
}

func (s *spool) close() error { return s.giveBack(0) }

// giveBack closes the files from one on.
func (s *spool) giveBack(first int) error {
	var errs []error
	for _, f := range s.files[first:] {
		errs = append(errs, f.Close())
		if err := os.Remove(f.Name()); err != nil && !os.IsNotExist(err) {
			errs = append(errs, err)
		}
	}
	s.files = s.files[:first]
	return errors.Join(errs...)
}
