package metric

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"unsafe"
)

// A Mark is what is known of a sample's output row, for those who do not need the row.
type Mark struct {
	Margin float64 // see Scorer.Margin
	Right  bool    // the metric counts the sample, with all its steps
	NaN    bool    // among the row's values
	Class  int     // the largest of the values, see Top1
	Sum    [sha256.Size]byte
	// nothing where the row is on another machine, which has judged it
	Verdict Verdict
}

// Seen is the part of a mark that needs no truth.
func Seen(row []float32, sums bool) (m Mark) {
	for _, v := range row {
		m.NaN = m.NaN || v != v
	}
	if len(row) > 0 {
		m.Class = Top1(row)
		if sums {
			m.Sum = sha256.Sum256(unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), 4*len(row)))
		}
	}
	return m
}

// Mark is the mark of a sample's row; with sums: and its sum.
func (j *Scorer) Mark(row []float32, sample int, sums bool) Mark {
	m := Seen(row, sums)
	m.Verdict = j.Verdict(row, sample)
	m.Margin, m.Right = j.Margin(row, sample, m.Verdict), m.Verdict.Gain == float64(j.Judged())
	return m
}

// MarkWords is how many words of 32 bits a mark has on its way.
func MarkWords(sums bool) int {
	if sums {
		return 3 + sha256.Size/4
	}
	return 3
}

// Append appends the words of a mark, which travel as rows do.
func (m Mark) Append(words []float32, sums bool) []float32 {
	bits := math.Float64bits(m.Margin)
	flags := uint32(m.Class) << 2
	if m.Right {
		flags |= 1
	}
	if m.NaN {
		flags |= 2
	}
	for _, w := range []uint32{uint32(bits), uint32(bits >> 32), flags} {
		words = append(words, math.Float32frombits(w))
	}
	if sums {
		for at := 0; at < len(m.Sum); at += 4 {
			words = append(words, math.Float32frombits(binary.LittleEndian.Uint32(m.Sum[at:])))
		}
	}
	return words
}

// ReadMark is the mark of such words.
func ReadMark(words []float32) (m Mark) {
	word := func(at int) uint32 { return math.Float32bits(words[at]) }
	m.Margin = math.Float64frombits(uint64(word(0)) | uint64(word(1))<<32)
	m.Right, m.NaN, m.Class = word(2)&1 == 1, word(2)&2 == 2, int(word(2)>>2)
	for at := 0; len(words) > 3 && at < len(m.Sum); at += 4 {
		binary.LittleEndian.PutUint32(m.Sum[at:], word(3+at/4))
	}
	return m
}
