package ir

import "math"

// FromFloat16 returns the exact value of an IEEE 754 binary16 number, given its bits.
func FromFloat16(bits uint16) float32 {
	sign := uint32(bits&0x8000) << 16
	exp, frac := uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch {
	case exp == 0x1f: // infinity, or NaN with its payload
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp == 0: // zero and subnormal numbers: frac * 2^-24
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(v) | sign)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// FromBFloat16 returns the exact value of a bfloat16 number, given its bits.
func FromBFloat16(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// ToFloat16 returns the bits of the nearest IEEE 754 binary16 number, ties to even. Magnitudes of 65520 and more give
// an infinity.
func ToFloat16(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	abs := bits & 0x7fffffff
	switch {
	case abs > 0x7f800000: // NaN
		return sign | 0x7e00
	case abs >= 0x477ff000: // 65520 and above round to infinity
		return sign | 0x7c00
	case abs < 0x38800000: // below 2^-14: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(abs))*(1<<24)))
	}
	abs += 0xfff + abs>>13&1 // round the 13 bits that go
	return sign | uint16(abs>>13-112<<10)
}
