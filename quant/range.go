package quant

import (
	"math"

	"example.org/demote/mistake"
)

// minScale is the smallest scale of a grid: the smallest normal float32. Below it 1/scale overflows, and arithmetic on
// subnormal numbers depends on the mode of the processor.
const minScale = 0x1p-126

// Range is a closed interval of values of a tensor, in the tensor's own unit. What lies outside is clipped to its ends.
type Range struct{ Min, Max float32 }

// Kind is the quantization scheme: how a range becomes a grid. ONNX Runtime and AIMET call the first asymmetric and the
// second symmetric too; the third, the default of Sony's Model Compression Toolkit, is for hardware that shifts instead
// of multiplying.
type Kind string

// The quantization schemes, for n bits:
//
//   - Asymmetric: the range is extended to contain 0. Codes are unsigned; scale = (max-min)/(2^n-1), zero point
//     rint(-min/scale).
//   - Symmetric: threshold T = max(|min|, |max|). Codes are signed, zero point 0, scale = T/2^(n-1).
//   - Pow2: T is the smallest power of two that is not below max(|min|, |max|). Codes are signed only if the range has
//     negative values; zero point 0, scale = T/2^(n-1) signed or T/2^n unsigned.
const (
	Asymmetric Kind = "asymmetric"
	Symmetric  Kind = "symmetric"
	Pow2       Kind = "pow2"
)

// ParseKind returns the scheme of that name. The error is a mistake.Err and lists the names.
func ParseKind(name string) (Kind, error) {
	switch k := Kind(name); k {
	case Asymmetric, Symmetric, Pow2:
		return k, nil
	}
	return "", mistake.Errorf("unknown grid %q: use asymmetric, symmetric or pow2", name)
}

// GridFor is GridOf with the formula QDQ.
func GridFor(kind Kind, bits int, r Range) (Grid, error) { return GridOf(QDQ, kind, bits, r) }

// GridOf returns the grid of a range with a formula, a scheme and a bit-width. It computes the parameters in float64
// and rounds them once to float32.
//
// The range [0, 0] of a tensor that was 0 in all calibration data gets the grid of [0, 1]: any scale represents these
// data, and this one covers values that calibration did not see. The range of another constant reaches from 0 to it. A
// scale below 2^-126, which would be subnormal, becomes 2^-126.
//
// Examples with 8 bits: [-1, 3] has the scale 4/255 and the zero point 64 asymmetric, 3/128 and 0 symmetric, and 4/128
// and 0 as a power of two; [0, 3] has 3/255, 3/128 and, unsigned, 4/256.
//
// The error is a mistake.Err: unknown scheme or bits, an end that is not finite, Min above Max.
func GridOf(f Formula, kind Kind, bits int, r Range) (Grid, error) {
	if !finite(r.Min) || !finite(r.Max) {
		return Grid{}, mistake.Errorf("range [%g, %g] is not finite", r.Min, r.Max)
	}
	if r.Min > r.Max {
		return Grid{}, mistake.Errorf("range [%g, %g] is empty", r.Min, r.Max)
	}
	lo, hi := math.Min(float64(r.Min), 0), math.Max(float64(r.Max), 0)
	if lo == 0 && hi == 0 {
		hi = 1
	}
	top := math.Max(-lo, hi)
	switch kind {
	case Asymmetric:
		return affine(f, lo, hi, bits)
	case Symmetric:
		return linear(f, top, true, bits)
	case Pow2:
		return linear(f, nextPow2(top), lo < 0, bits)
	}
	return Grid{}, mistake.Errorf("unknown grid %q: use asymmetric, symmetric or pow2", kind)
}

// affine returns the asymmetric grid of [lo, hi], which contains 0 and more.
func affine(f Formula, lo, hi float64, bits int) (Grid, error) {
	if f == MCTQ {
		return FromMinMax(f, float32(lo), float32(hi), bits)
	}
	least, most, err := codeRange(bits, false)
	if err != nil {
		return Grid{}, err
	}
	s := math.Max((hi-lo)/float64(most), minScale)
	g := Grid{Formula: f, Bits: bits, Scale: float32(s), Zero: int32(math.RoundToEven(-lo / s)), Min: least, Max: most}
	return g, g.Check()
}

// linear returns the grid with zero point 0 for a positive threshold, whose values end one step below it on the
// positive side: T itself has no code. (Weights are quantized to -127 to 127 instead, see QuantizeWeights.)
func linear(f Formula, threshold float64, signed bool, bits int) (Grid, error) {
	least, most, err := codeRange(bits, signed)
	if err != nil {
		return Grid{}, err
	}
	steps := float64(most) + 1
	s := math.Max(threshold/steps, minScale)
	g := Grid{Formula: f, Bits: bits, Signed: signed, Scale: float32(s), Min: least, Max: most}
	if f == MCTQ {
		g.Lo, g.Hi = float32(float64(least)*s), float32(float64(most)*s)
	}
	return g, g.Check()
}

// nextPow2 returns the smallest power of two that is not below v > 0.
func nextPow2(v float64) float64 {
	frac, exp := math.Frexp(v)
	if frac == 0.5 {
		exp--
	}
	return math.Ldexp(1, exp)
}
