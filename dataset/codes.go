package dataset

import (
	"slices"

	"example.org/demote/dataset/internal/number"
)

// Affine is what a byte v of a file becomes in a sample: (float32(v)*Scale - Mean)/Std in float32, one rounding an
// operation and in this order; steps without numbers are left out. Each has one number, or one a channel: element i of
// a sample belongs to channel i/Inner modulo their number. A device that keeps samples as bytes, a quarter of their
// float32, applies it itself.
type Affine struct {
	Scale, Mean, Std []float32
	Inner            int
}

// Table is what every byte becomes: element 256*c+v is that of byte v in channel c. The slice is new.
func (a Affine) Table() []float32 {
	z := number.Normalizer{Inner: 256}
	channels := max(1, len(a.Scale), len(a.Mean), len(a.Std))
	for _, step := range []struct {
		values []float32
		none   float32
		to     *[]float32
	}{{a.Scale, 1, &z.Scale}, {a.Mean, 0, &z.Mean}, {a.Std, 1, &z.Std}} {
		if *step.to = step.values; step.values == nil {
			*step.to = slices.Repeat([]float32{step.none}, channels)
		}
	}
	table, all := make([]float32, 256*channels), make([]float64, 256*channels)
	for i := range all {
		all[i] = float64(i % 256)
	}
	z.Apply(all, 0)
	for i, v := range all {
		table[i] = float32(v)
	}
	return table
}

// Bytes tells whether the samples of a float32 input are bytes in the file, and what a byte becomes. Padded samples are
// not. The caller does not change the slices.
func (s *Set) Bytes(input int) (Affine, bool) {
	c := s.columns[input]
	if c.a.Elem != Uint8 || c.in.Type != Float32 || c.items != nil || c.a.Alike {
		return Affine{}, false
	}
	a := Affine{Inner: 1}
	if z := c.cast.Norm; z != nil {
		a.Inner = z.Inner
		if z.Asked[0] {
			a.Scale = z.Scale
		}
		if z.Asked[1] {
			a.Mean = z.Mean
		}
		if z.Asked[2] {
			a.Std = z.Std
		}
	}
	return a, true
}

// ReadBytes writes the bytes of one sample of an input that has them, see Bytes, to dst. It panics if there is no such
// sample. Errors are those of Read.
func (s *Set) ReadBytes(input, sample int, dst []byte) error {
	c := s.columns[input]
	if len(dst) != c.per {
		panic("dataset: wrong length of dst")
	}
	return c.a.ReadAt(dst, c.a.Offset+int64(s.Number(sample))*int64(c.per))
}
