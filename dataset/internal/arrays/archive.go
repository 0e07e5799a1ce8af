package arrays

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/mistake"
)

// Archive is the directory of a .npz file.
type Archive struct {
	f       *File
	entries map[string]*zip.File
}

// OpenArchive reads the directory of a .npz file. Errors are mistake.Err.
func OpenArchive(f *File) (*Archive, error) {
	r, err := zip.NewReader(f.Data, f.Size)
	if err != nil {
		return nil, mistake.Errorf("%s: is a truncated or damaged archive (%w): save or copy it again", f.Path, err)
	}
	z := &Archive{f: f, entries: map[string]*zip.File{}}
	for _, e := range r.File {
		key, ok := strings.CutSuffix(e.Name, ".npy")
		if !ok {
			continue
		}
		if z.Has(key) {
			return nil, mistake.Errorf("%s: has the array %q twice: save it again", f.Path, key)
		}
		z.entries[key] = e
	}
	if len(z.entries) == 0 {
		return nil, mistake.Errorf("%s: has no array: save it with numpy.savez", f.Path)
	}
	return z, nil
}

// Has tells whether there is an array with a name.
func (z *Archive) Has(key string) bool { return z.entries[key] != nil }

// Keys are the names of the arrays, sorted.
func (z *Archive) Keys() []string {
	var keys []string
	for k := range z.entries {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Open finds an array in place if it is stored, else unpacks it to a temporary file. Either way its checksum is
// compared. Errors are mistake.Err and name the array. It panics if the archive lacks it.
func (z *Archive) Open(key string) (Array, error) {
	e := z.entries[key]
	a := Array{What: fmt.Sprintf("%s: array %q", z.f.Path, key)}
	bad := func(err error) (Array, error) { return Array{}, mistake.Errorf("%s %w", a.What, err) }
	switch {
	case e.Flags&1 != 0:
		return bad(errors.New("is encrypted: save it without a password"))
	case e.Method != zip.Store && e.Method != zip.Deflate:
		return bad(fmt.Errorf("is compressed by method %d: save it with numpy.savez or savez_compressed", e.Method))
	}
	start, err := e.DataOffset()
	if err != nil {
		return bad(files.Unreadable(err))
	}
	// In uint64, so that no size is negative.
	if e.CompressedSize64 > uint64(z.f.Size-start) || e.UncompressedSize64 > 1<<62 ||
		e.Method == zip.Store && e.CompressedSize64 != e.UncompressedSize64 {
		return bad(errors.New("claims more bytes than the archive has: it is truncated or damaged; save or copy it again"))
	}
	packed, size := int64(e.CompressedSize64), int64(e.UncompressedSize64)
	if e.Method == zip.Deflate {
		if err := z.f.Temp.Reserve(size, packed); err != nil {
			return bad(err)
		}
	}
	r, err := e.Open()
	if err != nil {
		return bad(files.Unreadable(err))
	}
	defer r.Close()
	h, err := readHeader(r)
	if err != nil {
		return bad(err)
	}
	l, err := newLayout(h)
	if err == nil {
		err = l.fits(size - l.header)
	}
	if err != nil {
		return bad(err)
	}
	a.Elem, a.Text, a.BigEndian, a.Shape = l.elem, l.text, l.big, l.shape
	if e.Method == zip.Store {
		a.Data, a.Offset = z.f.Data, start+l.header
		if _, err := io.Copy(io.Discard, r); err != nil {
			return bad(files.Unreadable(err))
		}
	} else {
		if a.Data, err = z.f.Temp.Unpack(r, l.data); err != nil {
			return bad(err)
		}
	}
	if l.fortran {
		return reorder(a, z.f.Temp)
	}
	return a, nil
}

// Quoted writes names for a message, eight of them at most.
func Quoted(keys []string) string {
	const most = 8
	var b strings.Builder
	for i, k := range keys[:min(len(keys), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(k))
	}
	if len(keys) > most {
		fmt.Fprintf(&b, " and %d more", len(keys)-most)
	}
	return b.String()
}
