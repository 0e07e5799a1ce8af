package arrays

import (
	"errors"
	"io"
	"os"
	"strings"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// File is an open data file, of which nothing is believed.
type File struct {
	Path string
	Data io.ReaderAt
	Size int64        // in bytes
	Temp *files.Spool // where an array is unpacked that cannot be read in place
}

// Open opens a regular file; the caller closes the second result.
func Open(path string, temp *files.Spool) (*File, *os.File, error) {
	f, err := disk.Open(path)
	switch {
	case errors.Is(err, disk.ErrNotRegular):
		return nil, nil, mistake.Errorf("%s: is not a regular file: copy it to one, since samples are read in any order", path)
	case err != nil:
		return nil, nil, files.CannotOpen(path, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = files.CannotOpen(path, err)
	case info.Size() == 0:
		err = mistake.Errorf("%s: is empty: save or copy it again", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return &File{Path: path, Data: f, Size: info.Size(), Temp: temp}, f, nil
}

// Format is the format of a file, told by its first bytes.
type Format int

const (
	unknown Format = iota
	NPY            // a NumPy array
	NPZ            // a zip archive of them
	IDX            // MNIST's own
	Gzip           // an idx file, compressed
	Image          // a single image
)

// Format tells the format of the file by its first bytes.
func (f *File) Format() Format {
	var b [12]byte
	n, _ := f.Data.ReadAt(b[:min(12, f.Size)], 0)
	s := string(b[:n])
	switch {
	case strings.HasPrefix(s, npyMagic):
		return NPY
	case strings.HasPrefix(s, "PK\x03\x04"), strings.HasPrefix(s, "PK\x05\x06"):
		return NPZ
	case strings.HasPrefix(s, "\x1f\x8b"):
		return Gzip
	case n >= 4 && s[0] == 0 && s[1] == 0 && idxTypes[s[2]] != 0 && s[3] > 0:
		return IDX
	case strings.HasPrefix(s, "\x89PNG"), strings.HasPrefix(s, "\xff\xd8\xff"), strings.HasPrefix(s, "GIF8"),
		n == 12 && s[:4] == "RIFF" && s[8:] == "WEBP":
		return Image
	}
	return unknown
}
