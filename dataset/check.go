package dataset

import (
	"encoding/binary"
	"math"
	"slices"

	"example.org/demote/dataset/internal/number"
	"example.org/demote/internal/float16"
	"example.org/demote/mistake"
)

// CheckLabels compares the labels with the number of classes that the network tells apart. The error is mistake.Err and
// names the first sample whose label is out of range; nil without labels.
func (s *Set) CheckLabels(classes int) error {
	for i, l := range s.labels {
		if l >= int64(classes) {
			return mistake.Errorf("%s: %s has label %d, but the network has %d classes, 0 to %d: correct the label or use the network's own classes",
				s.path, s.Name(i), l, classes, classes-1)
		}
	}
	return nil
}

// CheckFinite reads the set once, in little memory, and returns a mistake.Err error that names the first sample with a
// NaN or an infinity, as the network would get it: after the cast and the normalization. Data that cannot have one are
// not read.
//
// Inputs of the names given may hold infinities.
func (s *Set) CheckFinite(infinite ...string) error {
	buf := make([]byte, number.Chunk*8)
	for sample := range s.samples {
		for input := range s.columns {
			c := s.column(input, sample)
			if c.finite() {
				continue
			}
			if err := s.checkSample(c, sample, slices.Contains(infinite, c.in.Name), buf); err != nil {
				return err
			}
		}
	}
	return nil
}

// finite tells that no number of the column can be NaN or infinite: integers are not, unless they are scaled or become
// float16, which ends at 65504.
func (c *column) finite() bool {
	return !c.in.Type.Float() || !c.a.Elem.Float() && c.cast.Norm == nil && c.in.Type != Float16
}

func (s *Set) checkSample(c *column, sample int, infinite bool, buf []byte) error {
	size := c.in.Type.Size()
	for first := 0; first < c.per; first += number.Chunk {
		n := min(number.Chunk, c.per-first)
		if err := c.read(s.Number(sample), first, n, buf[:n*size]); err != nil {
			return err
		}
		if i := notFinite(buf[:n*size], c.in.Type, infinite); i >= 0 {
			return mistake.Errorf("%s gives %v (%s) in %s at element %d of input %q: correct or leave out this sample",
				c.a.What, float(buf[i*size:], c.in.Type), c.in.Type, s.Name(sample), first+i, c.in.Name)
		}
	}
	return nil
}

// notFinite is the index of the first NaN or, unless they are allowed, infinity, or -1.
func notFinite(b []byte, t Type, infinite bool) int {
	size := t.Size()
	if t == Float32 { // the usual: many times as fast
		return notFinite32(b, infinite)
	}
	for i := range len(b) / size {
		if v := float(b[i*size:], t); v-v != 0 && !(infinite && v == v) { // NaN - NaN and Inf - Inf are NaN
			return i
		}
	}
	return -1
}

// notFinite32 is notFinite of float32.
func notFinite32(b []byte, infinite bool) int {
	const exponent, fraction = 0xff << 23, 1<<23 - 1
	for i := 0; i+4 <= len(b); i += 4 {
		if v := binary.LittleEndian.Uint32(b[i:]); v&exponent == exponent && !(infinite && v&fraction == 0) {
			return i / 4
		}
	}
	return -1
}

// float is the first number of b.
func float(b []byte, t Type) float64 {
	switch t {
	case Float16:
		return float64(float16.Value(binary.LittleEndian.Uint16(b)))
	case Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}
