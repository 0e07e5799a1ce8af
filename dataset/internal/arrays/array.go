package arrays

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"example.org/demote/dataset/internal/number"
	"example.org/demote/mistake"
)

// mostAxes and MostSamples bound what a header may claim: NumPy has 64 axes at most; labels and index take 16 bytes of
// memory a sample.
const (
	mostAxes    = 64
	MostSamples = 1 << 26
)

// Array is an array in C order in a file: its shape and type are known to fit in what the file holds. It owns neither
// the file nor the shape; nothing of its elements is in memory.
type Array struct {
	What      string      // for messages, such as `eval.npz: array "x"`
	Data      io.ReaderAt // the file, or a temporary one where the array had to be unpacked
	Offset    int64       // of the first element in Data, in bytes
	Elem      number.Type
	Text      textType // of Text
	BigEndian bool
	Shape     []int64 // the samples are the first axis
	Alike     bool    // all samples are the first one, and there is no other
	Items     []Array // samples of different shapes, an array each; Shape then has their number and no other axis
}

// Size is the number of bytes of an element.
func (a Array) Size() int {
	if a.Elem == number.Text {
		return a.Text.bytes
	}
	return a.Elem.Size()
}

// layout is what a header claims of an array, not yet compared with what the file holds: see fits.
type layout struct {
	elem    number.Type
	text    textType
	big     bool
	fortran bool
	shape   []int64
	header  int64 // bytes before the data
	data    int64 // bytes of data
}

// newLayout checks a .npy header; the error lacks the array's name.
func newLayout(h npyHeader) (layout, error) {
	l := layout{fortran: h.fortran, shape: h.shape, header: h.size}
	var err error
	if text, big, ok := parseText(h.descr); ok {
		l.elem, l.text, l.big = number.Text, text, big
		l.data, err = Bytes(l.shape, text.bytes)
		return l, err
	}
	if l.elem, l.big, err = parseDescr(h.descr); err != nil {
		return l, err
	}
	l.data, err = Bytes(l.shape, l.elem.Size())
	return l, err
}

// ErrSingle is the error of an array without axes.
var ErrSingle = errors.New("is a single number: give samples along the first axis")

// Bytes is the size of an array with the given shape, whose axes must not be empty.
func Bytes(shape []int64, size int) (int64, error) {
	if len(shape) == 0 {
		return 0, ErrSingle
	}
	if len(shape) > mostAxes {
		return 0, fmt.Errorf("has %d axes, and %d is the most: the file is damaged", len(shape), mostAxes)
	}
	n := uint64(size)
	for i, d := range shape {
		if d == 0 && i == 0 {
			return 0, fmt.Errorf("has shape %s, no sample at all: save at least one", Dims(shape))
		} else if d == 0 {
			return 0, fmt.Errorf("has shape %s with an empty axis: save at least one element a sample", Dims(shape))
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64/2 {
			return 0, fmt.Errorf("has shape %s, more than any file can hold: the file is damaged", Dims(shape))
		}
		n = lo
	}
	return int64(n), nil
}

// parseDescr is the element type and byte order of a NumPy dtype.
func parseDescr(descr string) (t number.Type, big bool, err error) {
	code := strings.TrimLeft(descr, "<>|=")
	if len(descr)-len(code) <= 1 {
		for t, name := range map[number.Type]string{number.Float16: "f2", number.Float32: "f4", number.Float64: "f8", number.Bool: "b1", number.Int8: "i1", number.Uint8: "u1",
			number.Int16: "i2", number.Uint16: "u2", number.Int32: "i4", number.Uint32: "u4", number.Int64: "i8", number.Uint64: "u8"} {
			if code == name {
				return t, descr[0] == '>', nil
			}
		}
	}
	if strings.HasPrefix(code, "O") {
		return 0, false, fmt.Errorf("holds Python objects (dtype %q), which are never loaded: save a plain numeric array", descr)
	}
	return 0, false, fmt.Errorf("has dtype %q: convert it to %s", descr, number.TypeNames)
}

// fits compares the size of an array with what a file holds behind its header.
func (l layout) fits(held int64) error {
	switch {
	case held < l.data:
		return fmt.Errorf("claims %d bytes (%s %s) and holds %d: the file is truncated or damaged; save or copy it again",
			l.data, Dims(l.shape), l.elem, max(held, 0))
	case held > l.data:
		return fmt.Errorf("claims %d bytes (%s %s) and holds %d: save one array a file", l.data, Dims(l.shape), l.elem, held)
	}
	return nil
}

// Elements is the number of elements of a shape that Bytes has accepted.
func Elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// Dims writes a file's shape, such as [2000,1,28,28].
func Dims(shape []int64) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = strconv.FormatInt(d, 10)
	}
	return "[" + strings.Join(s, ",") + "]"
}

// OpenNPY opens a .npy file.
func OpenNPY(f *File) (Array, error) {
	what := f.Path + ": the array"
	h, err := readHeader(io.NewSectionReader(f.Data, 0, f.Size))
	if err != nil {
		return Array{}, mistake.Errorf("%s %w", what, err)
	}
	l, err := newLayout(h)
	if err == nil {
		err = l.fits(f.Size - l.header)
	}
	if err != nil {
		return Array{}, mistake.Errorf("%s %w", what, err)
	}
	a := Array{What: what, Data: f.Data, Offset: l.header, Elem: l.elem, Text: l.text, BigEndian: l.big, Shape: l.shape}
	if l.fortran {
		return reorder(a, f.Temp)
	}
	return a, nil
}
