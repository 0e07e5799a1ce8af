package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.org/demote/crash"
	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/disk"
)

// hashed is a file that takes part in a set's hash.
type hashed struct {
	name string // "data", "labels" or, in a folder, the path relative to it
	path string
	f    *arrays.File // nil: opened when its turn comes
}

// hasher computes a set's hash once, by whoever asks first; it identifies the data of a run.
type hasher struct {
	files []hashed
	once  sync.Once
	sum   string
	sums  []FileHash // of each file, in the order of their names
	err   error

	background sync.WaitGroup // see HashAside
	ended      atomic.Bool    // nobody wants it any more
}

func (h *hasher) add(name string, f *arrays.File) {
	h.files = append(h.files, hashed{name: name, path: f.Path, f: f})
}

// sum is the sha256 of the data, in hexadecimal: of the file, if the data are one file; else of a list with a line
// "sha256 name" for each file, sorted by name, where the name is "data" or "labels" or, in a folder, the path relative
// to it. The files are read once, in little memory. Scale, mean, std and limit are not part of it.
func (s *Set) sum() (string, error) {
	s.hash.once.Do(func() { s.hash.err = s.hash.compute() })
	return s.hash.sum, s.hash.err
}

// HashAside begins to compute the hashes in the background, while the samples are read for other ends: each file is so
// read from disk once, and found in the system's cache the second time. Files waits for it, and Close ends it.
func (s *Set) HashAside() { s.hash.background.Go(func() { _, _ = s.sum() }) }

// end ends what is computed in the background, and waits for that.
func (h *hasher) end() {
	h.ended.Store(true)
	h.background.Wait()
}

func (h *hasher) compute() (err error) {
	defer crash.Catch(&err)
	slices.SortFunc(h.files, func(a, b hashed) int { return strings.Compare(a.name, b.name) })
	buf := make([]byte, 1<<16)
	h.sums = h.sums[:0]
	for _, e := range h.files {
		sum, size, err := e.sum(h, buf)
		if err != nil {
			return err
		}
		h.sums = append(h.sums, FileHash{Name: e.name, Path: e.path, SHA256: sum, Bytes: size})
	}
	if h.sum = sumOfList(h.sums); len(h.sums) == 1 && h.sums[0].Name == "data" {
		h.sum = h.sums[0].SHA256
	}
	return nil
}

// sumOfList is the sha256 of a list of files, a line "sha256  name" each.
func sumOfList(list []FileHash) string {
	all := sha256.New()
	for _, f := range list {
		fmt.Fprintf(all, "%s  %s\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// A FileHash is a file that a set was read from, or a folder of them.
type FileHash struct {
	Name   string // "data" or "labels"
	Path   string
	SHA256 string // of the bytes, in hex; of a folder, that of a list with a line "sha256  name" for each file
	Bytes  int64  // of a folder, of all its files
}

// Files lists what the set was read from: the data, and the labels where they lie in a file of their own. It reads the
// files once, in little memory. Scale, mean, std and limit of the options change nothing.
func (s *Set) Files() ([]FileHash, error) {
	if _, err := s.sum(); err != nil {
		return nil, err
	}
	var inFolder, list []FileHash
	for _, f := range s.hash.sums {
		if f.Name == "data" || f.Name == "labels" {
			list = append(list, f)
		} else {
			inFolder = append(inFolder, f)
		}
	}
	if len(inFolder) > 0 {
		all := FileHash{Name: "data", Path: s.path, SHA256: sumOfList(inFolder)}
		for _, f := range inFolder {
			all.Bytes += f.Bytes
		}
		list = append([]FileHash{all}, list...)
	}
	return list, nil
}

// errEnded is the hash of a set that was closed meanwhile.
var errEnded = errors.New("dataset: the set is closed")

// wanted reads until the set is closed, when nobody wants the hash any more.
type wanted struct {
	r io.Reader
	h *hasher
}

func (e wanted) Read(b []byte) (int, error) {
	if e.h.ended.Load() {
		return 0, errEnded
	}
	return e.r.Read(b)
}

func (e hashed) sum(of *hasher, buf []byte) (string, int64, error) {
	var r io.Reader
	if e.f != nil {
		r = io.NewSectionReader(e.f.Data, 0, e.f.Size)
	} else {
		f, err := disk.Open(e.path)
		if err != nil {
			return "", 0, files.CannotOpen(e.path, err)
		}
		defer f.Close()
		r = f
	}
	h := sha256.New()
	size, err := io.CopyBuffer(struct{ io.Writer }{h}, wanted{r, of}, buf)
	if err != nil {
		return "", 0, files.CannotOpen(e.path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}

// SampleHash is the sha256 of a sample as the network gets it: for each input its shape and then its elements. Equal
// samples have equal hashes whatever type or file they were saved in.
func (s *Set) SampleHash(sample int) ([sha256.Size]byte, error) {
	h := sha256.New()
	buf := make([]byte, number.Chunk*8)
	for input := range s.columns {
		c := s.column(input, sample)
		for _, d := range append([]int64{int64(len(c.shape))}, c.shape...) {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(d)))
		}
		size := c.in.Type.Size()
		for first := 0; first < c.per; first += number.Chunk {
			part := buf[:min(number.Chunk, c.per-first)*size]
			if err := c.read(s.Number(sample), first, len(part)/size, part); err != nil {
				return [sha256.Size]byte{}, err
			}
			h.Write(part)
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
