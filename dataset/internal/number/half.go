package number

import "math"

// FromHalf is the value of an IEEE 754 binary16 number; it is exact.
func FromHalf(bits uint16) float64 {
	exp, frac := int(bits>>10&0x1f), float64(bits&0x3ff)
	var v float64
	switch {
	case exp == 0x1f && frac != 0:
		return math.NaN()
	case exp == 0x1f:
		v = math.Inf(1)
	case exp == 0:
		v = frac * (1.0 / (1 << 24))
	default:
		v = math.Ldexp(frac+1024, exp-25)
	}
	if bits&0x8000 != 0 {
		return -v
	}
	return v
}

// toHalf rounds to the nearest binary16 number, half to even, in one step; what is too large becomes an infinity.
func toHalf(v float64) uint16 {
	bits := math.Float64bits(v)
	sign := uint16(bits >> 48 & 0x8000)
	abs := bits &^ (1 << 63)
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return sign | 0x7e00
	case a >= 65520: // half way between the largest number and the next power of two
		return sign | 0x7c00
	case a < 1.0/(1<<14): // subnormal: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(a*(1<<24)))
	}
	abs += 1<<41 - 1 + abs>>42&1 // round away 42 of the 52 bits of the fraction
	return sign | uint16(abs>>42-(1023-15)<<10)
}
