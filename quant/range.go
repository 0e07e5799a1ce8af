package quant

import (
	"math"

	"example.org/demote/mistake"
)

// minScale is the least scale of a grid, the smallest normal float32: below it 1/scale overflows and arithmetic on
// subnormal numbers depends on the processor's mode.
const minScale = 0x1p-126

// Range is an interval of real values, both ends included.
type Range struct{ Min, Max float32 }

// Kind says how a range becomes a grid.
type Kind string

// The kinds of grid.
//
//   - Asymmetric: the range is extended to contain 0; unsigned codes; scale = (max-min)/(2^n-1), zero point
//     rint(-min/scale).
//   - Symmetric: threshold T = max(|min|, |max|); signed codes, zero point 0, scale = T/2^(n-1).
//   - Pow2: T = the next power of two at or above max(|min|, |max|); codes are signed only where the range has negative
//     values; zero point 0, scale = T/2^(n-1) signed or T/2^n unsigned.
const (
	Asymmetric Kind = "asymmetric"
	Symmetric  Kind = "symmetric"
	Pow2       Kind = "pow2"
)

// ParseKind returns the kind of that name, or a mistake.Err error that lists the names.
func ParseKind(name string) (Kind, error) {
	switch k := Kind(name); k {
	case Asymmetric, Symmetric, Pow2:
		return k, nil
	}
	return "", mistake.Errorf("unknown grid %q: use asymmetric, symmetric or pow2", name)
}

// GridFor returns the grid of formula QDQ over a range; see GridOf.
func GridFor(kind Kind, bits int, r Range) (Grid, error) { return GridOf(QDQ, kind, bits, r) }

// GridOf returns the grid over a range under a formula. Parameters are computed in float64 and rounded once.
//
// A degenerate range, one without any extent once 0 is in it (the tensor was 0 throughout the calibration data), gets the
// grid of [0, 1]: any scale represents such data, and this one leaves room for what calibration did not see. A constant
// other than 0 is not degenerate: its range reaches from 0 to it. A scale that would be subnormal is raised to 2^-126.
//
// The error is mistake.Err: unknown kind or bits, an end that is not finite, Min above Max.
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

// affine returns the asymmetric grid over [lo, hi], which contains 0 and has an extent.
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

// linear returns the grid with zero point 0 of a positive threshold.
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

// nextPow2 returns the least power of two that is not below v > 0.
func nextPow2(v float64) float64 {
	frac, exp := math.Frexp(v)
	if frac == 0.5 {
		exp--
	}
	return math.Ldexp(1, exp)
}
