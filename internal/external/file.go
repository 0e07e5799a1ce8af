package external

import (
	"io"
	"io/fs"
	"iter"
	"os"

	"example.org/demote/mistake"
)

// A dataFile is the state of a file of external data when it was opened.
type dataFile struct {
	path string
	info fs.FileInfo
}

// changed returns a mistake.Err if the open file has changed: an export has written into it, or it was truncated. A
// new file that took its name does not affect it.
func (s *dataFile) changed() error {
	now, err := os.Stat(s.path)
	if err != nil || !os.SameFile(now, s.info) || now.Size() == s.info.Size() && now.ModTime().Equal(s.info.ModTime()) {
		return nil
	}
	return s.wrong()
}

func (s *dataFile) wrong() error {
	return mistake.Errorf("%s changed while it was read; give the same command again when it is written", s.path)
}

// copy reads the whole file.
func (s *dataFile) copy(f *os.File) ([]byte, error) {
	data := make([]byte, s.info.Size())
	if n, err := io.ReadFull(f, data); err == io.EOF && len(data) > 0 || err == io.ErrUnexpectedEOF {
		return nil, mistake.Errorf("%s changed while it was read: it ends after %d of %d bytes; give the same command again when it is written", s.path, n, len(data))
	} else if err != nil && err != io.EOF {
		return nil, mistake.Errorf("external data: %w", err)
	}
	return data, s.changed()
}

// Mapped reports whether bytes are a piece of a mapped file, not of memory.
func Mapped(piece []byte) bool { return fileOf(piece) != nil }

// Changed returns a mistake.Err if one of the mapped files of these pieces has changed since it was opened, else nil.
// Pieces of copies, of other memory and empty ones never have.
func Changed(pieces iter.Seq[[]byte]) error {
	asked := make(map[*dataFile]bool)
	for piece := range pieces {
		s := fileOf(piece)
		if s == nil || asked[s] {
			continue
		}
		asked[s] = true
		if err := s.changed(); err != nil {
			return err
		}
	}
	return nil
}
