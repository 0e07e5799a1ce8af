package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"example.org/demote/mistake"
)

// mostInflation is what deflate can make of a byte at most (https://zlib.net/zlib_tech.html).
const mostInflation = 1032

// Spool holds the temporary files of a set. Samples are read in any order, so what is compressed, in Fortran order or
// an image is unpacked to one of them once. The files have no name (where the system allows it), so nothing stays
// behind whatever happens.
type Spool struct {
	dir   string // empty: the system's own, TMPDIR
	files []*os.File
	// Space is the free space in bytes of the folder of temporary files, if known.
	Space func() (int64, bool)
}

// NewSpool returns a spool of temporary files in a folder; empty: that of the system.
func NewSpool(dir string) *Spool {
	s := &Spool{dir: dir}
	s.Space = func() (int64, bool) { return freeSpace(s.folder()) }
	return s
}

// folder is where the files lie.
func (s *Spool) folder() string {
	if s.dir != "" {
		return s.dir
	}
	return os.TempDir()
}

// elsewhere says how another folder is named.
func (s *Spool) elsewhere(kind string) string {
	if s.dir != "" {
		return "give --spool " + kind
	}
	return "set TMPDIR to " + kind
}

// Check refuses a folder that does not exist. The error is a mistake.Err.
func (s *Spool) Check() error {
	if s.dir == "" {
		return nil
	}
	if info, err := os.Stat(s.dir); err != nil || !info.IsDir() {
		return mistake.Errorf("--spool %s: is no folder: name one that there is, with room for the samples", s.dir)
	}
	return nil
}

// Reserve checks a claim of n bytes that are to be unpacked from so many packed bytes: that deflate can do it, and that
// the folder has room. The error lacks the array's name.
func (s *Spool) Reserve(n, packed int64) error {
	if n/mostInflation > packed+1024 {
		return fmt.Errorf("claims %d bytes in %d compressed ones, which no compression reaches: the file is damaged", n, packed)
	}
	return s.CheckSpace(n)
}

// CheckSpace refuses n bytes if the folder is known to have less room. The error lacks the array's name.
func (s *Spool) CheckSpace(n int64) error {
	if free, ok := s.Space(); ok && n > free {
		return fmt.Errorf("needs %d bytes to unpack, and %s has %d free: %s", n, s.folder(), free, s.elsewhere("a folder with more room"))
	}
	return nil
}

// Create makes a temporary file without a name.
func (s *Spool) Create() (*os.File, error) {
	f, err := os.CreateTemp(s.dir, "demote-*")
	if err != nil {
		return nil, fmt.Errorf("needs a temporary file (%w): %s", err, s.elsewhere("a folder that can be written"))
	}
	s.files = append(s.files, f)
	_ = os.Remove(f.Name()) // where an open file cannot be removed, close does it
	return f, nil
}

// Opened is the number of files that are open.
func (s *Spool) Opened() int { return len(s.files) }

// Names are the paths that the open files had.
func (s *Spool) Names() []string {
	var list []string
	for _, f := range s.files {
		list = append(list, f.Name())
	}
	return list
}

// CreateAt is create; the file becomes number at of those that are open.
func (s *Spool) CreateAt(at int) (*os.File, error) {
	f, err := s.Create()
	if err == nil {
		last := len(s.files) - 1
		s.files = slices.Insert(s.files[:last], at, f)
	}
	return f, err
}

// Unpack copies exactly n bytes of r, which must end there, to a temporary file. The error lacks the array's name.
func (s *Spool) Unpack(r io.Reader, n int64) (*os.File, error) {
	f, err := s.Create()
	if err != nil {
		return nil, err
	}
	return f, s.fill(f, r, n)
}

// fill copies exactly n bytes of r to a temporary file.
func (s *Spool) fill(f io.Writer, r io.Reader, n int64) error {
	source := &watched{r: io.LimitReader(r, n+1)} // one more byte than wanted: r must be at its end
	got, err := io.Copy(f, source)
	switch {
	case source.err != nil:
		return Unreadable(source.err)
	case err != nil:
		return s.Unwritable(err)
	case got < n:
		return Unreadable(io.ErrUnexpectedEOF)
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

// Unwritable words an error of writing a temporary file; the text lacks the array's name.
func (s *Spool) Unwritable(err error) error {
	return fmt.Errorf("cannot be unpacked to %s (%w): %s", s.folder(), bare(err), s.elsewhere("a folder with more room"))
}

// Close closes and removes the files.
func (s *Spool) Close() error { return s.GiveBack(0) }

// GiveBack closes the files from one on.
func (s *Spool) GiveBack(first int) error {
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
