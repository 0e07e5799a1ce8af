package mctq

import (
	"math"

	"example.org/demote/internal/ir"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// maxThreshold keeps thresholds finite.
const maxThreshold = math.MaxFloat32 / 2

// neighbours is how many floats on each side of an end of a range are tried.
const neighbours = 64

// mctqAttributes returns the toolkit's operator and attributes for a grid, and whether it gives exactly the grid's
// values.
func mctqAttributes(g quant.Grid) (op string, attrs []*onnxpb.AttributeProto, exact bool) {
	bits := ir.IntAttr("num_bits", int64(g.Bits))
	version := ir.StringAttr("mctq_version", mctqVersion)
	if t, signed, ok := thresholdOf(g); ok {
		sign := int64(0)
		if signed {
			sign = 1
		}
		op = mctqSymmetric
		if frac, _ := math.Frexp(float64(t)); frac == 0.5 {
			op = mctqPOT
		}
		return op, []*onnxpb.AttributeProto{version, bits, ir.IntAttr("signed", sign), ir.FloatAttr("threshold", t)}, true
	}
	lo, hi, exact := rangeOf(g)
	return mctqUniform, []*onnxpb.AttributeProto{ir.FloatAttr("max_range", hi), version, ir.FloatAttr("min_range", lo), bits}, exact
}

// thresholdOf returns the threshold of a grid whose zero is its lowest code or its middle one.
func thresholdOf(g quant.Grid) (t float32, signed, ok bool) {
	switch g.Zero - g.Min {
	case 0:
		t = float32(math.Ldexp(float64(g.Scale), g.Bits))
	case 1 << (g.Bits - 1):
		t, signed = float32(math.Ldexp(float64(g.Scale), g.Bits-1)), true
	default:
		return 0, false, false
	}
	if !(t <= maxThreshold) {
		return 0, false, false
	}
	back, err := quant.FromThreshold(g.Formula, t, signed, g.Bits)
	return t, signed, err == nil && sameGrid(back, g)
}

// rangeOf returns the ends of a range from which the toolkit computes a grid; the nearest ones where none gives it
// exactly.
func rangeOf(g quant.Grid) (lo, hi float32, exact bool) {
	lo = float32(float64(g.Min-g.Zero) * float64(g.Scale))
	hi = float32(float64(g.Max-g.Zero) * float64(g.Scale))
	if g.Formula == quant.MCTQ {
		lo, hi = g.Lo, g.Hi
	}
	for d := range 2*neighbours + 1 { // lo stays where moving hi is enough
		for e := range 2*neighbours + 1 {
			a, b := neighbour(lo, d), neighbour(hi, e)
			if back, err := quant.FromMinMax(g.Formula, a, b, g.Bits); err == nil && sameGrid(back, g) {
				return a, b, true
			}
		}
	}
	return lo, hi, false
}

// neighbour returns v and then, for rising i, the floats on its two sides in turn.
func neighbour(v float32, i int) float32 {
	to := float32(math.Inf(1))
	if i%2 == 0 {
		to = -to
	}
	for range (i + 1) / 2 {
		v = math.Nextafter32(v, to)
	}
	return v
}

// sameGrid reports whether two grids have the same values, whether their codes are signed or not.
func sameGrid(a, b quant.Grid) bool {
	return a.Formula == b.Formula && a.Scale == b.Scale && a.Zero-a.Min == b.Zero-b.Min && a.Max-a.Min == b.Max-b.Min &&
		a.Lo == b.Lo && a.Hi == b.Hi && a.Offset == b.Offset
}
