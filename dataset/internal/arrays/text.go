package arrays

import (
	"example.org/demote/dataset/internal/number"
	"strconv"
	"strings"
)

// longestText is the most bytes that an element of fixed-width text may have.
const longestText = 1 << 20

// A textType is fixed-width text as NumPy has it: bytes (S) or code points of four bytes each (U).
type textType struct {
	code  byte // S or U
	chars int
	bytes int // of an element
}

// Unit is the number of bytes of a character, 1 or 4: a byte order concerns those.
func (t textType) Unit() int { return t.bytes / t.chars }

// parseText reads a dtype of fixed-width text; false for any other.
func parseText(descr string) (t textType, big, ok bool) {
	code := strings.TrimLeft(descr, "<>|=")
	if len(descr)-len(code) > 1 || len(code) < 2 || code[0] != 'S' && code[0] != 'U' {
		return t, false, false
	}
	n, err := strconv.ParseUint(code[1:], 10, 32)
	if err != nil || n == 0 || n > longestText {
		return t, false, false
	}
	t = textType{code: code[0], chars: int(n), bytes: int(n)}
	if t.code == 'U' {
		t.bytes *= 4
	}
	return t, descr[0] == '>', true
}

// Descr is NumPy's name of an array's element type, in little-endian order.
func (a Array) Descr() string {
	if a.Elem == number.Text {
		order := "|"
		if a.Text.code == 'U' {
			order = "<"
		}
		return order + string(a.Text.code) + strconv.Itoa(a.Text.chars)
	}
	size := strconv.Itoa(a.Elem.Size())
	order := "<"
	if size == "1" {
		order = "|"
	}
	switch name := a.Elem.String(); {
	case a.Elem.Float():
		return order + "f" + size
	case a.Elem == number.Bool:
		return order + "b" + size
	case name[0] == 'u':
		return order + "u" + size
	}
	return order + "i" + size
}
