package dataset

// Affine is what a network is given of a sample's byte v: (float32(v)*Scale - Mean)/Std in float32, one rounding an operation and in
// this order, of which steps without numbers are left out. Each has one number, or one a channel: element i of a sample belongs to
// channel i/Inner modulo their number.
type Affine struct {
	Scale, Mean, Std []float32
	Inner            int
}

// Bytes tells whether the samples of a float32 input are bytes in the file, and what becomes of one. Padded samples are not.
func (s *Set) Bytes(input int) (Affine, bool) {
	c := s.columns[input]
	if c.a.elem != Uint8 || c.in.Type != Float32 || c.items != nil || c.a.alike {
		return Affine{}, false
	}
	a := Affine{Inner: 1}
	if z := c.cast.norm; z != nil {
		a.Inner = z.inner
		if z.asked[0] {
			a.Scale = z.scale
		}
		if z.asked[1] {
			a.Mean = z.mean
		}
		if z.asked[2] {
			a.Std = z.std
		}
	}
	return a, true
}

// ReadBytes writes the bytes of one sample of an input that has them, see Bytes, to dst. It panics if there is no such sample.
// Errors are those of Read.
func (s *Set) ReadBytes(input, sample int, dst []byte) error {
	c := s.columns[input]
	if len(dst) != c.per {
		panic("dataset: wrong length of dst")
	}
	return c.a.readAt(dst, c.a.off+int64(s.index(sample))*int64(c.per))
}
