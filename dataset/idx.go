package dataset

import (
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"

	"example.org/demote/mistake"
)

// idxTypes are the element types of MNIST's idx format (http://yann.lecun.com/exdb/mnist/); numbers are big-endian.
var idxTypes = map[byte]Type{0x08: Uint8, 0x09: Int8, 0x0b: Int16, 0x0c: Int32, 0x0d: Float32, 0x0e: Float64}

// openIDX opens an idx file, compressed by gzip or not.
func openIDX(f *file) (array, error) {
	a := array{what: f.path + ": the idx file", big: true}
	bad := func(err error) (array, error) { return array{}, mistake.Errorf("%s %w", a.what, err) }
	var r io.Reader = io.NewSectionReader(f.r, 0, f.size)
	packed := f.kind() == gzipFile
	if packed {
		z, err := gzip.NewReader(r)
		if err != nil {
			return bad(unreadable(err))
		}
		r = z
	}
	l, err := readIDXHeader(r)
	if err != nil {
		return bad(err)
	}
	a.elem, a.shape = l.elem, l.shape
	if !packed {
		a.r, a.off = f.r, l.header
		if err := l.fits(f.size - l.header); err != nil {
			return bad(err)
		}
		return a, nil
	}
	if err := f.temp.reserve(l.data, f.size); err != nil {
		return bad(err)
	}
	if a.r, err = f.temp.unpack(r, l.data); err != nil {
		return bad(err)
	}
	return a, nil
}

func readIDXHeader(r io.Reader) (layout, error) {
	var b [4]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return layout{}, unreadable(err)
	}
	t, ok := idxTypes[b[2]]
	if b[0] != 0 || b[1] != 0 || !ok || b[3] == 0 {
		return layout{}, errors.New("does not begin as one: give MNIST's idx files, or save the samples with numpy.savez")
	}
	l := layout{elem: t, big: true, shape: make([]int64, b[3]), header: 4 + 4*int64(b[3])}
	for i := range l.shape {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return layout{}, unreadable(err)
		}
		l.shape[i] = int64(binary.BigEndian.Uint32(b[:]))
	}
	var err error
	l.data, err = byteCount(l.shape, t.Size())
	return l, err
}
