package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// mostAxes and mostSamples bound what a header may claim: NumPy has 64 axes at most; labels and index take 16 bytes of
// memory a sample.
const (
	mostAxes    = 64
	mostSamples = 1 << 26
)

// array is an array in C order in a file: its shape and type are known to fit in what the file holds.
type array struct {
	what  string // for messages, such as `eval.npz: array "x"`
	r     io.ReaderAt
	off   int64 // of the first element
	elem  Type
	text  textType // of Text
	big   bool     // big-endian
	shape []int64
	alike bool    // all samples are the first one, and there is no other
	items []array // of samples of different shapes: those, of which shape has the number only
}

// size is the number of bytes of an element.
func (a array) size() int {
	if a.elem == Text {
		return a.text.bytes
	}
	return a.elem.Size()
}

// layout is what a header says of an array, before anybody has looked whether it is there.
type layout struct {
	elem    Type
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
		l.elem, l.text, l.big = Text, text, big
		l.data, err = byteCount(l.shape, text.bytes)
		return l, err
	}
	if l.elem, l.big, err = parseDescr(h.descr); err != nil {
		return l, err
	}
	l.data, err = byteCount(l.shape, l.elem.Size())
	return l, err
}

// errSingle is of an array without axes.
var errSingle = errors.New("is a single number: give samples along the first axis")

// byteCount is the size of an array with the given shape, whose axes must not be empty.
func byteCount(shape []int64, size int) (int64, error) {
	if len(shape) == 0 {
		return 0, errSingle
	}
	if len(shape) > mostAxes {
		return 0, fmt.Errorf("has %d axes, and %d is the most: the file is damaged", len(shape), mostAxes)
	}
	n := uint64(size)
	for i, d := range shape {
		if d == 0 && i == 0 {
			return 0, fmt.Errorf("has shape %s, no sample at all: save at least one", dims(shape))
		} else if d == 0 {
			return 0, fmt.Errorf("has shape %s with an empty axis: save at least one element a sample", dims(shape))
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64/2 {
			return 0, fmt.Errorf("has shape %s, more than any file can hold: the file is damaged", dims(shape))
		}
		n = lo
	}
	return int64(n), nil
}

// parseDescr is the element type and byte order of a NumPy dtype.
func parseDescr(descr string) (t Type, big bool, err error) {
	code := strings.TrimLeft(descr, "<>|=")
	if len(descr)-len(code) <= 1 {
		for t, name := range map[Type]string{Float16: "f2", Float32: "f4", Float64: "f8", Bool: "b1", Int8: "i1", Uint8: "u1",
			Int16: "i2", Uint16: "u2", Int32: "i4", Uint32: "u4", Int64: "i8", Uint64: "u8"} {
			if code == name {
				return t, descr[0] == '>', nil
			}
		}
	}
	if strings.HasPrefix(code, "O") {
		return 0, false, fmt.Errorf("holds Python objects (dtype %q), which are never loaded: save a plain numeric array", descr)
	}
	return 0, false, fmt.Errorf("has dtype %q: convert it to %s", descr, typeNames)
}

// fits compares the size of an array with what a file holds behind its header.
func (l layout) fits(held int64) error {
	switch {
	case held < l.data:
		return fmt.Errorf("claims %d bytes (%s %s) and holds %d: the file is truncated or damaged; save or copy it again",
			l.data, dims(l.shape), l.elem, max(held, 0))
	case held > l.data:
		return fmt.Errorf("claims %d bytes (%s %s) and holds %d: save one array a file", l.data, dims(l.shape), l.elem, held)
	}
	return nil
}

// product is the number of elements of a shape that byteCount has accepted.
func product(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// dims writes a file's shape, such as [2000,1,28,28].
func dims(shape []int64) string {
	s := make([]string, len(shape))
	for i, d := range shape {
		s[i] = strconv.FormatInt(d, 10)
	}
	return "[" + strings.Join(s, ",") + "]"
}

// openNPY opens a .npy file.
func openNPY(f *file) (array, error) {
	what := f.path + ": the array"
	h, err := readHeader(io.NewSectionReader(f.r, 0, f.size))
	if err != nil {
		return array{}, mistake.Errorf("%s %w", what, err)
	}
	l, err := newLayout(h)
	if err == nil {
		err = l.fits(f.size - l.header)
	}
	if err != nil {
		return array{}, mistake.Errorf("%s %w", what, err)
	}
	a := array{what: what, r: f.r, off: l.header, elem: l.elem, text: l.text, big: l.big, shape: l.shape}
	if l.fortran {
		return f.temp.reorder(a)
	}
	return a, nil
}
