package number

import (
	"encoding/binary"
	"fmt"
	"math"

	"example.org/demote/internal/float16"
)

// Chunk is the number of elements that are converted at a time.
const Chunk = 4096

// Converter turns elements of a file into elements of a network. Integers become floating-point numbers by their value,
// not scaled; numbers round to nearest, half to even. It holds scratch memory and serves one caller at a time.
type Converter struct {
	From, To  Type
	BigEndian bool        // the file's elements are big-endian; To's are little-endian
	Norm      *Normalizer // nil: none

	Raw   [Chunk * 8]byte // scratch for the elements to convert, which callers fill
	ints  [Chunk]int64    // for uint64 the bits
	wide  [Chunk]float64
	limit struct{ lo, hi int64 } // what fits the network's integer type
}

// NewConverter returns a converter of elements of type from, big-endian or not, to little-endian ones of type to. norm
// may be nil.
func NewConverter(from, to Type, big bool, norm *Normalizer) *Converter {
	c := &Converter{From: from, To: to, BigEndian: big, Norm: norm}
	c.limit.lo, c.limit.hi = integerRange(to)
	switch {
	case from == to:
		c.limit.lo, c.limit.hi = math.MinInt64, math.MaxInt64
	case from == Uint64:
		c.limit.lo = 0 // a negative int64 is a number beyond it
	}
	return c
}

// integerRange is the range of an integer type, as far as int64 has it.
func integerRange(t Type) (lo, hi int64) {
	bits := t.Size() * 8
	switch t {
	case Bool:
		return 0, 1
	case Uint8, Uint16, Uint32:
		return 0, 1<<bits - 1
	case Uint64:
		return 0, math.MaxInt64
	}
	return -1 << (bits - 1), 1<<(bits-1) - 1
}

// Direct tells that the file's bytes are the network's, or are so once their order is turned.
func (c *Converter) Direct() bool { return c.From == c.To && c.Norm == nil && c.From != Bool }

// Convert converts the elements of src, at most chunk of them, of which the first is number first in its sample; src is
// changed. It returns -1, or the index in src of the first number that the network's integer type cannot hold.
func (c *Converter) Convert(dst, src []byte, first int) int {
	n := len(src) / c.From.Size()
	if c.From == Uint8 && c.To == Float32 && c.Norm == nil { // images: five times as fast as the general way
		for i, b := range src {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(float32(b)))
		}
		return -1
	}
	if c.BigEndian {
		SwapBytes(src, c.From.Size())
	}
	if c.From.Float() {
		c.loadFloats(src, n)
	} else {
		c.loadInts(src, n)
		if !c.To.Float() {
			return c.storeInts(dst, n)
		}
		c.widen(n)
	}
	if c.Norm != nil {
		c.Norm.Apply(c.wide[:n], first)
	}
	c.storeFloats(dst, n)
	return -1
}

// SwapBytes turns the byte order of elements of size bytes in place.
func SwapBytes(b []byte, size int) {
	switch size {
	case 2:
		for ; len(b) >= 2; b = b[2:] {
			b[0], b[1] = b[1], b[0]
		}
	case 4:
		for ; len(b) >= 4; b = b[4:] {
			binary.BigEndian.PutUint32(b, binary.LittleEndian.Uint32(b))
		}
	case 8:
		for ; len(b) >= 8; b = b[8:] {
			binary.BigEndian.PutUint64(b, binary.LittleEndian.Uint64(b))
		}
	}
}

func (c *Converter) loadFloats(src []byte, n int) {
	le := binary.LittleEndian
	switch c.From {
	case Float16:
		for i := range n {
			c.wide[i] = float64(float16.Value(le.Uint16(src[2*i:])))
		}
	case Float32:
		for i := range n {
			c.wide[i] = float64(math.Float32frombits(le.Uint32(src[4*i:])))
		}
	case Float64:
		for i := range n {
			c.wide[i] = math.Float64frombits(le.Uint64(src[8*i:]))
		}
	}
}

func (c *Converter) loadInts(src []byte, n int) {
	le := binary.LittleEndian
	ints := c.ints[:n]
	switch c.From {
	case Bool:
		for i, b := range src[:n] {
			ints[i] = int64(min(b, 1))
		}
	case Uint8:
		for i, b := range src[:n] {
			ints[i] = int64(b)
		}
	case Int8:
		for i, b := range src[:n] {
			ints[i] = int64(int8(b))
		}
	case Uint16:
		for i := range ints {
			ints[i] = int64(le.Uint16(src[2*i:]))
		}
	case Int16:
		for i := range ints {
			ints[i] = int64(int16(le.Uint16(src[2*i:])))
		}
	case Uint32:
		for i := range ints {
			ints[i] = int64(le.Uint32(src[4*i:]))
		}
	case Int32:
		for i := range ints {
			ints[i] = int64(int32(le.Uint32(src[4*i:])))
		}
	default:
		for i := range ints {
			ints[i] = int64(le.Uint64(src[8*i:]))
		}
	}
}

// widen turns integers into floating-point numbers. Where float32 comes next they are rounded to it at once: by way of
// float64 some would be rounded twice.
func (c *Converter) widen(n int) {
	narrow, unsigned := c.To == Float32 || c.Norm != nil, c.From == Uint64
	wide := c.wide[:n]
	switch {
	case narrow && unsigned:
		for i, v := range c.ints[:n] {
			wide[i] = float64(float32(uint64(v)))
		}
	case narrow:
		for i, v := range c.ints[:n] {
			wide[i] = float64(float32(v))
		}
	case unsigned:
		for i, v := range c.ints[:n] {
			wide[i] = float64(uint64(v))
		}
	default:
		for i, v := range c.ints[:n] {
			wide[i] = float64(v)
		}
	}
}

func (c *Converter) storeFloats(dst []byte, n int) {
	le := binary.LittleEndian
	switch c.To {
	case Float16:
		for i, v := range c.wide[:n] {
			le.PutUint16(dst[2*i:], float16.Bits(v))
		}
	case Float32:
		for i, v := range c.wide[:n] {
			le.PutUint32(dst[4*i:], math.Float32bits(float32(v)))
		}
	default:
		for i, v := range c.wide[:n] {
			le.PutUint64(dst[8*i:], math.Float64bits(v))
		}
	}
}

func (c *Converter) storeInts(dst []byte, n int) int {
	le := binary.LittleEndian
	size := c.To.Size()
	for i, v := range c.ints[:n] {
		if v < c.limit.lo || v > c.limit.hi {
			return i
		}
		switch size {
		case 1:
			dst[i] = byte(v)
		case 2:
			le.PutUint16(dst[2*i:], uint16(v))
		case 4:
			le.PutUint32(dst[4*i:], uint32(v))
		default:
			le.PutUint64(dst[8*i:], uint64(v))
		}
	}
	return -1
}

// Number writes an integer that was just converted.
func (c *Converter) Number(i int) string {
	if c.From == Uint64 {
		return fmt.Sprint(uint64(c.ints[i]))
	}
	return fmt.Sprint(c.ints[i])
}
