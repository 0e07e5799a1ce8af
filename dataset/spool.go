package dataset

import (
	"errors"
	"fmt"
	"io"
	"os"

	"example.org/demote/mistake"
)

// mostInflation is what deflate can make of a byte at most (https://zlib.net/zlib_tech.html).
const mostInflation = 1032

// spool holds the temporary files of a set: what cannot be read in place is unpacked there once. The files have no name
// (where the system allows it), so nothing stays behind whatever happens.
type spool struct {
	dir   string // empty: the system's own, TMPDIR
	files []*os.File
	// space is the free space in bytes of the folder of temporary files, if known.
	space func() (int64, bool)
}

func newSpool(dir string) *spool {
	s := &spool{dir: dir}
	s.space = func() (int64, bool) { return freeSpace(s.folder()) }
	return s
}

// folder is where the files lie.
func (s *spool) folder() string {
	if s.dir != "" {
		return s.dir
	}
	return os.TempDir()
}

// elsewhere says how another folder is named.
func (s *spool) elsewhere(kind string) string {
	if s.dir != "" {
		return "give --spool " + kind
	}
	return "set TMPDIR to " + kind
}

// check refuses a folder that there is not.
func (s *spool) check() error {
	if s.dir == "" {
		return nil
	}
	if info, err := os.Stat(s.dir); err != nil || !info.IsDir() {
		return mistake.Errorf("--spool %s: is no folder: name one that there is, with room for the samples", s.dir)
	}
	return nil
}

// reserve checks that n bytes, unpacked from packed bytes, can be true and have room. The error lacks the array's name.
func (s *spool) reserve(n, packed int64) error {
	if n/mostInflation > packed+1024 {
		return fmt.Errorf("claims %d bytes in %d compressed ones, which no compression reaches: the file is damaged", n, packed)
	}
	return s.checkSpace(n)
}

func (s *spool) checkSpace(n int64) error {
	if free, ok := s.space(); ok && n > free {
		return fmt.Errorf("needs %d bytes to unpack, and %s has %d free: %s", n, s.folder(), free, s.elsewhere("a folder with more room"))
	}
	return nil
}

// create makes a temporary file without a name.
func (s *spool) create() (*os.File, error) {
	f, err := os.CreateTemp(s.dir, "demote-*")
	if err != nil {
		return nil, fmt.Errorf("needs a temporary file (%w): %s", err, s.elsewhere("a folder that can be written"))
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
	return f, s.fill(f, r, n)
}

// fill copies exactly n bytes of r to a temporary file.
func (s *spool) fill(f io.Writer, r io.Reader, n int64) error {
	source := &watched{r: io.LimitReader(r, n+1)} // one more byte than wanted: r must be at its end
	got, err := io.Copy(f, source)
	switch {
	case source.err != nil:
		return unreadable(source.err)
	case err != nil:
		return s.unwritable(err)
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

func (s *spool) unwritable(err error) error {
	return fmt.Errorf("cannot be unpacked to %s (%w): %s", s.folder(), bare(err), s.elsewhere("a folder with more room"))
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
