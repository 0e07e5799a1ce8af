package trial

import (
	"fmt"
	"math/bits"
	"strings"

	"example.org/demote/mistake"
)

// Mask has one bit per holder of a network, in the network's order. 1 means demoted: the holder is low, it quantizes
// with its low grid. The zero Mask has no holders.
//
// A Mask is a view, like a slice: copies of the struct share their bits, and Clone makes an independent mask. It is not
// safe to change a mask that another goroutine uses. Bits after the last holder are always zero.
type Mask struct {
	n     int
	words []uint64
}

// wordBits is the number of holders in a word.
const wordBits = 64

// maskWords is the number of words of a mask of n holders.
func maskWords(n int) int { return (n + wordBits - 1) / wordBits }

// NewMask returns a mask of n holders, none demoted. It panics if n is negative.
func NewMask(n int) Mask {
	if n < 0 {
		panic("search: negative number of holders")
	}
	return Mask{n: n, words: make([]uint64, maskWords(n))}
}

// NewMasks returns count masks of n holders, none demoted, in one allocation. It panics if a number is negative.
func NewMasks(n, count int) []Mask {
	if n < 0 || count < 0 {
		panic("search: negative number of holders or masks")
	}
	w := maskWords(n)
	words := make([]uint64, w*count)
	masks := make([]Mask, count)
	for i := range masks {
		masks[i] = Mask{n: n, words: words[i*w : (i+1)*w : (i+1)*w]}
	}
	return masks
}

// ParseMask reads the text form: character i is holder i, '1' is low and '0' is high. Any other character is a
// mistake.Err.
func ParseMask(text string) (Mask, error) {
	m := NewMask(len(text))
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '0':
		case '1':
			m.Demote(i)
		default:
			return Mask{}, mistake.Errorf("mask has %q at character %d: write 0 or 1 for each holder", text[i], i)
		}
	}
	return m, nil
}

// Len returns the number of holders.
func (m Mask) Len() int { return m.n }

// Low reports whether holder i is demoted. It panics if i is out of range, as Demote and Promote do.
func (m Mask) Low(i int) bool {
	m.check(i)
	return m.words[i/wordBits]>>(i%wordBits)&1 == 1
}

// Demote puts holder i on its low grid, whether or not it is there already.
func (m Mask) Demote(i int) {
	m.check(i)
	m.words[i/wordBits] |= 1 << (i % wordBits)
}

// Promote puts holder i back on its high grid.
func (m Mask) Promote(i int) {
	m.check(i)
	m.words[i/wordBits] &^= 1 << (i % wordBits)
}

func (m Mask) check(i int) {
	if uint(i) >= uint(m.n) {
		panic(fmt.Sprintf("search: holder %d of a mask of %d", i, m.n))
	}
}

// DemoteAll demotes each of the listed holders.
func (m Mask) DemoteAll(holders []int) {
	for _, h := range holders {
		m.Demote(h)
	}
}

// PromoteAll promotes each of the listed holders.
func (m Mask) PromoteAll(holders []int) {
	for _, h := range holders {
		m.Promote(h)
	}
}

// Clone returns an independent copy.
func (m Mask) Clone() Mask {
	c := NewMask(m.n)
	copy(c.words, m.words)
	return c
}

// CopyFrom makes m equal to o in place. It panics if the lengths differ.
func (m Mask) CopyFrom(o Mask) {
	if m.n != o.n {
		panic(fmt.Sprintf("search: copy of a mask of %d into one of %d", o.n, m.n))
	}
	copy(m.words, o.words)
}

// Count returns the number of demoted holders.
func (m Mask) Count() int {
	c := 0
	for _, w := range m.words {
		c += bits.OnesCount64(w)
	}
	return c
}

// Equal reports whether both masks have the same length and bits.
func (m Mask) Equal(o Mask) bool {
	if m.n != o.n {
		return false
	}
	for i, w := range m.words {
		if w != o.words[i] {
			return false
		}
	}
	return true
}

// FirstDifference returns the lowest holder whose bit differs, or -1 if the masks are equal. Holders are in the order
// of the network, so that an evaluator that has run one mask may begin there for the other. It panics if the lengths
// differ.
func (m Mask) FirstDifference(o Mask) int {
	if m.n != o.n {
		panic(fmt.Sprintf("search: comparison of a mask of %d with one of %d", m.n, o.n))
	}
	for i, w := range m.words {
		if d := w ^ o.words[i]; d != 0 {
			return i*wordBits + bits.TrailingZeros64(d)
		}
	}
	return -1
}

// Words returns the bits, holder i in bit i%64 of word i/64. The mask owns the slice: read only.
func (m Mask) Words() []uint64 { return m.words }

// Key returns the bits packed into a string, holder i in bit i%8 of byte i/8. It is a map key among masks of one
// length.
func (m Mask) Key() string { return string(m.AppendKey(make([]byte, 0, (m.n+7)/8))) }

// MaskOfKey returns the mask of n holders that has a key, a new one. It panics if the key is of another length.
func MaskOfKey(n int, key string) Mask {
	m := NewMask(n)
	for i := range n {
		if key[i/8]>>(i%8)&1 == 1 {
			m.Demote(i)
		}
	}
	return m
}

// AppendKey appends the bytes of Key to dst and returns the extended slice.
func (m Mask) AppendKey(dst []byte) []byte {
	for i := 0; i < m.n; i += 8 {
		dst = append(dst, byte(m.words[i/wordBits]>>(i%wordBits)))
	}
	return dst
}

// String returns the text form that ParseMask reads.
func (m Mask) String() string {
	var b strings.Builder
	b.Grow(m.n)
	for i := range m.n {
		if m.Low(i) {
			b.WriteByte('1')
		} else {
			b.WriteByte('0')
		}
	}
	return b.String()
}
