package arrays

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"

	"example.org/demote/dataset/internal/files"
	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// idxTypes are the element types of MNIST's idx format (http://yann.lecun.com/exdb/mnist/); numbers are big-endian.
var idxTypes = map[byte]number.Type{0x08: number.Uint8, 0x09: number.Int8, 0x0b: number.Int16, 0x0c: number.Int32, 0x0d: number.Float32, 0x0e: number.Float64}

// OpenIDX opens an idx file, compressed by gzip or not.
func OpenIDX(f *File) (Array, error) {
	a := Array{What: f.Path + ": the idx file", BigEndian: true}
	bad := func(err error) (Array, error) { return Array{}, mistake.Errorf("%s %w", a.What, err) }
	var r io.Reader = io.NewSectionReader(f.Data, 0, f.Size)
	packed := f.Format() == Gzip
	if packed {
		z, err := gzip.NewReader(r)
		if err != nil {
			return bad(files.Unreadable(err))
		}
		r = z
	}
	l, err := readIDXHeader(r)
	if err != nil {
		return bad(err)
	}
	a.Elem, a.Shape = l.elem, l.shape
	if !packed {
		a.Data, a.Offset = f.Data, l.header
		if err := l.fits(f.Size - l.header); err != nil {
			return bad(err)
		}
		return a, nil
	}
	if err := f.Temp.Reserve(l.data, f.Size); err != nil {
		return bad(err)
	}
	if a.Data, err = f.Temp.Unpack(r, l.data); err != nil {
		return bad(err)
	}
	return a, nil
}

func readIDXHeader(r io.Reader) (layout, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return layout{}, files.Unreadable(err)
	}
	t, ok := idxTypes[b[2]]
	if b[0] != 0 || b[1] != 0 || !ok || b[3] == 0 {
		return layout{}, errors.New("does not begin as one: give MNIST's idx files, or save the samples with numpy.savez")
	}
	l := layout{elem: t, big: true, shape: make([]int64, b[3]), header: 4 + 4*int64(b[3])}
	for i := range l.shape {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return layout{}, files.Unreadable(err)
		}
		l.shape[i] = int64(binary.BigEndian.Uint32(b[:]))
	}
	var err error
	l.data, err = Bytes(l.shape, t.Size())
	return l, err
}
