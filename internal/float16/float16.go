// Package float16 converts the floating-point numbers of 16 bits that networks store: binary16 of IEEE 754-2019 (5
// bits of exponent, 10 of fraction), ONNX's FLOAT16, and bfloat16 (8 and 7), the upper half of a float32.
package float16

import "math"

// Value returns the exact value of a binary16 number, given its bits. A NaN keeps its sign and payload.
func Value(bits uint16) float32 {
	sign := uint32(bits&0x8000) << 16
	exp, frac := uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch {
	case exp == 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp == 0: // zero and subnormal numbers: frac * 2^-24
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// Bits returns the bits of the nearest binary16 number, ties to even, rounded once. Magnitudes of 65520 and more give
// an infinity, a NaN the quiet one of its sign.
func Bits(v float64) uint16 {
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

// BrainValue returns the exact value of a bfloat16 number, given its bits.
func BrainValue(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }
