package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"demote/disk"
)

// hashed is a file that takes part in a set's hash.
type hashed struct {
	name string // "data", "labels" or, in a folder, the path relative to it
	path string
	f    *file // nil: opened when its turn comes
}

// hasher computes a set's hash once.
type hasher struct {
	files []hashed
	once  sync.Once
	sum   string
	err   error
}

func (h *hasher) add(name string, f *file) {
	h.files = append(h.files, hashed{name: name, path: f.path, f: f})
}

// Hash is the sha256 of the data, in hexadecimal: of the file, if the data are one file; else of a list with a line
// "sha256  name" for each file, sorted by name, where the name is "data" or "labels" or, in a folder, the path relative to
// it. The files are read once, in little memory. Scale, mean, std and limit are not part of it.
func (s *Set) Hash() (string, error) {
	s.hash.once.Do(func() { s.hash.sum, s.hash.err = s.hash.compute() })
	return s.hash.sum, s.hash.err
}

func (h *hasher) compute() (string, error) {
	var list []string
	slices.SortFunc(h.files, func(a, b hashed) int { return strings.Compare(a.name, b.name) })
	buf := make([]byte, 1<<16)
	for _, e := range h.files {
		sum, err := e.sum(buf)
		if err != nil {
			return "", err
		}
		if len(h.files) == 1 && e.name == "data" {
			return sum, nil
		}
		list = append(list, fmt.Sprintf("%s  %s\n", sum, e.name))
	}
	all := sha256.New()
	for _, line := range list {
		io.WriteString(all, line)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func (e hashed) sum(buf []byte) (string, error) {
	var r io.Reader
	if e.f != nil {
		r = io.NewSectionReader(e.f.r, 0, e.f.size)
	} else {
		f, err := disk.Open(e.path)
		if err != nil {
			return "", cannotOpen(e.path, err)
		}
		defer f.Close()
		r = struct{ io.Reader }{f}
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{h}, r, buf); err != nil {
		return "", cannotOpen(e.path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// SampleHash is the sha256 of a sample as the network gets it: for each input its shape and then its elements. Equal
// samples have equal hashes whatever type or file they were saved in.
func (s *Set) SampleHash(sample int) ([sha256.Size]byte, error) {
	h := sha256.New()
	buf := make([]byte, chunk*8)
	for _, c := range s.columns {
		for _, d := range append([]int64{int64(len(c.shape))}, c.shape...) {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(d)))
		}
		size := c.in.Type.Size()
		for first := 0; first < c.per; first += chunk {
			part := buf[:min(chunk, c.per-first)*size]
			if err := c.read(s.index(sample), first, len(part)/size, part); err != nil {
				return [sha256.Size]byte{}, err
			}
			h.Write(part)
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
