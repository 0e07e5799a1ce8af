package arrays

import (
	"encoding/binary"
	"errors"
	"example.org/demote/dataset/internal/files"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// npyMagic begins every .npy file.
const npyMagic = "\x93NUMPY"

// longestHeader bounds the header of a .npy file. NumPy writes 118 bytes for numeric arrays and refuses to read more
// than 10,000 unless told to.
const longestHeader = 1 << 16

// npyHeader is what a .npy file says of itself.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
type npyHeader struct {
	descr   string // the dtype, such as "<f4"; a structured one as it stands
	fortran bool
	shape   []int64
	size    int64 // bytes before the data
}

// readHeader reads the header of a .npy file of version 1, 2 or 3. The header readers of npyio are no help here: they
// panic on a damaged header and allocate what its length field says.
func readHeader(r io.Reader) (npyHeader, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:8]); err != nil {
		return npyHeader{}, files.Unreadable(err)
	}
	if string(head[:6]) != npyMagic {
		return npyHeader{}, errors.New("is not in .npy format: save it with numpy.save")
	}
	var size, length int64
	switch head[6] {
	case 1:
		if _, err := io.ReadFull(r, head[8:10]); err != nil {
			return npyHeader{}, files.Unreadable(err)
		}
		size, length = 10, int64(binary.LittleEndian.Uint16(head[8:]))
	case 2, 3:
		if _, err := io.ReadFull(r, head[8:12]); err != nil {
			return npyHeader{}, files.Unreadable(err)
		}
		size, length = 12, int64(binary.LittleEndian.Uint32(head[8:]))
	default:
		return npyHeader{}, fmt.Errorf("has .npy version %d.%d, and 1 to 3 are known: save it with numpy.save", head[6], head[7])
	}
	if length > longestHeader {
		return npyHeader{}, fmt.Errorf("claims a header of %d bytes, and %d is the most for a numeric array: the file is damaged", length, longestHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return npyHeader{}, files.Unreadable(err)
	}
	h := npyHeader{size: size + length}
	p := &literal{rest: string(text)}
	p.header(&h)
	if p.err != nil {
		return npyHeader{}, fmt.Errorf("has a damaged header (%w): save it again with numpy.save", p.err)
	}
	return h, nil
}

// literal reads the Python dictionary of a header: string keys, and values that are a string, True or False, or a tuple
// of integers. The first error stays.
type literal struct {
	rest string
	err  error
}

func (p *literal) header(h *npyHeader) {
	seen := map[string]bool{}
	p.expect("{")
	for p.err == nil && !p.accept("}") {
		key := p.text()
		p.expect(":")
		if p.err == nil && seen[key] {
			p.fail("%q twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			h.descr = p.dtype()
		case "fortran_order":
			h.fortran = p.boolean()
		case "shape":
			h.shape = p.tuple()
		default:
			p.fail("unknown key %q", key)
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("descr, fortran_order and shape expected")
	}
	if p.err == nil && strings.TrimSpace(p.rest) != "" {
		p.fail("text after the dictionary")
	}
}

func (p *literal) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *literal) accept(s string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	var ok bool
	p.rest, ok = strings.CutPrefix(p.rest, s)
	return ok
}

func (p *literal) expect(s string) {
	if p.err == nil && !p.accept(s) {
		p.fail("%q expected", s)
	}
}

func (p *literal) text() string {
	for _, quote := range []string{"'", `"`} {
		if p.accept(quote) {
			s, rest, ok := strings.Cut(p.rest, quote)
			if !ok {
				p.fail("a string does not end")
			}
			p.rest = rest
			return s
		}
	}
	p.fail("a string expected")
	return ""
}

// dtype is a string, or the list that describes a structured dtype, which nobody here looks into.
func (p *literal) dtype() string {
	if !p.accept("[") {
		return p.text()
	}
	depth, end := 1, 0
	for ; end < len(p.rest) && depth > 0; end++ {
		switch p.rest[end] {
		case '[':
			depth++
		case ']':
			depth--
		}
	}
	if depth > 0 {
		p.fail("a list does not end")
		return ""
	}
	s := "[" + p.rest[:end]
	p.rest = p.rest[end:]
	return s
}

func (p *literal) boolean() bool {
	if p.accept("True") {
		return true
	}
	p.expect("False")
	return false
}

func (p *literal) tuple() []int64 {
	shape := []int64{}
	p.expect("(")
	for p.err == nil && !p.accept(")") {
		end := strings.IndexAny(p.rest, ",)L")
		if end < 0 {
			p.fail("a tuple does not end")
			return nil
		}
		n, err := strconv.ParseInt(strings.TrimSpace(p.rest[:end]), 10, 64)
		if err != nil || n < 0 {
			p.fail("%q is no dimension", p.rest[:end])
			return nil
		}
		shape = append(shape, n)
		p.rest = p.rest[end:]
		p.accept("L") // Python 2 wrote long integers so
		if !p.accept(",") {
			p.expect(")")
			break
		}
	}
	return shape
}
