package quant

import (
	"math"

	"example.org/demote/mistake"
)

// FromThreshold returns the grid of a symmetric or power-of-two quantizer of mct_quantizers, with its attributes
// threshold T, signed and num_bits n: scale = T/2^(n-1) signed or T/2^n unsigned, values from -T or 0 to T-scale, zero
// point 0. Example: T = 4, signed, 8 bits: scale 4/128 = 0.03125, values -4 to 3.96875. The formula decides how values
// are rounded to them. The error is a mistake.Err: a threshold that is not positive and finite, or bits outside 2 to
// 16.
func FromThreshold(f Formula, threshold float32, signed bool, bits int) (Grid, error) {
	if !(threshold > 0) || !finite(threshold) {
		return Grid{}, mistake.Errorf("threshold %g is not a positive number", threshold)
	}
	return linear(f, float64(threshold), signed, bits)
}

// FromMinMax returns the grid of a uniform quantizer of mct_quantizers, with its attributes min_range, max_range and
// num_bits n. The range is first moved so that 0 is on the grid: step = (max-min)/(2^n-1), min' = step*rint(min/step),
// max' = max-min+min'. A range on one side of 0 is extended to 0 instead. Then scale = (max'-min')/(2^n-1). Codes are
// unsigned, and the zero point is -rint(min'/scale). Example: [-1, 3] and 8 bits: step 4/255, min' = -64*4/255 =
// -1.0039, max' = 2.9961, zero point 64. The error is a mistake.Err: ends that are not finite, min not below max, bits
// outside 2 to 16.
func FromMinMax(f Formula, lo, hi float32, bits int) (Grid, error) {
	if !finite(lo) || !finite(hi) {
		return Grid{}, mistake.Errorf("range [%g, %g] is not finite", lo, hi)
	}
	if !(lo < hi) {
		return Grid{}, mistake.Errorf("range [%g, %g] is empty", lo, hi)
	}
	least, most, err := codeRange(bits, false)
	if err != nil {
		return Grid{}, err
	}
	a, b := float64(lo), float64(hi)
	n := float64(most)
	switch {
	case a > 0:
		a = 0
	case b < 0:
		b = 0
	default:
		step := (b - a) / n
		moved := step * math.RoundToEven(a/step)
		a, b = moved, b-a+moved
	}
	s := (b - a) / n
	if s < minScale {
		s = minScale
		a = s * math.RoundToEven(a/s)
		b = a + float64(n*s)
	}
	g := Grid{Formula: f, Bits: bits, Scale: float32(s), Zero: int32(-math.RoundToEven(a / s)), Min: least, Max: most}
	if f == MCTQ {
		g.Lo, g.Hi, g.Offset = float32(a), float32(b), float32(a)
	}
	return g, g.Check()
}

// FromScale returns the grid of a QuantizeLinear/DequantizeLinear pair of one scale and zero point, for the whole
// tensor, with the formula QDQ, or Torch for the same numbers. scale is in the unit of the tensor, zero a code. The
// error is a mistake.Err: the formula MCTQ, a scale that is not a normal positive float32, a zero point outside the
// integer type, or bits outside 2 to 16.
func FromScale(f Formula, scale float32, zero int32, bits int, signed bool) (Grid, error) {
	if f == MCTQ {
		return Grid{}, mistake.Errorf("formula mctq has thresholds or a range, not a scale and a zero point")
	}
	least, most, err := codeRange(bits, signed)
	if err != nil {
		return Grid{}, err
	}
	g := Grid{Formula: f, Bits: bits, Signed: signed, Scale: scale, Zero: zero, Min: least, Max: most}
	return g, g.Check()
}
