package quant

import (
	"math"
	"slices"

	"example.org/demote/mistake"
)

// bins is the number of bins on each side of zero, as in TensorRT's calibrator: a bin is 1/16 of a step of a symmetric
// 8-bit grid over the same range.
const bins = 2048

// histogram counts the values of one tensor in bins of magnitude over [0, top], negative and positive ones separately.
// Zeros, which every grid represents, have a count of their own. Within a bin, values are taken to be spread evenly.
type histogram struct {
	top    float64            // greatest magnitude; 0: nothing but zeros
	scale  float64            // bins per unit
	counts [2*bins + 1]uint64 // from -top to top, then the zeros

	// Views of counts, made by split: both sides from zero outwards.
	neg, pos []uint64
	zeros    uint64
}

// newHistogram returns an empty histogram for values from low to high, the finite extremes of pass 0. Both sides get
// bins of one width, that of the larger magnitude, so that a bin means the same on either.
func newHistogram(low, high float32) *histogram {
	h := &histogram{top: math.Max(math.Abs(float64(low)), math.Abs(float64(high)))}
	if h.top > 0 {
		h.scale = bins / h.top
	}
	return h
}

// add counts values. A value beyond top, which pass 0 has not seen, counts in the last bin of its side.
func (h *histogram) add(x []float32) {
	for _, v := range x {
		sign := int(int32(math.Float32bits(v)) >> 31) // -1 or 0
		i := bins + sign + int(float64(v)*h.scale)
		i = min(max(i, 0), 2*bins-1)
		if v == 0 {
			i = 2 * bins
		}
		if v-v == 0 {
			h.counts[i]++
		}
	}
}

// split sets neg, pos and zeros. They are valid until the next add.
func (h *histogram) split() {
	h.pos, h.zeros = h.counts[bins:2*bins], h.counts[2*bins]
	h.neg = slices.Clone(h.counts[:bins])
	slices.Reverse(h.neg)
}

// width returns the width of a bin.
func (h *histogram) width() float64 { return h.top / bins }

// quantile returns the magnitude below which the given part of the values lies: the upper edge of the bin where the
// running count of the sides reaches it. rest is the count of the values before the first bin: zeros and values of the
// other side.
func (h *histogram) quantile(rest uint64, part float64, sides ...[]uint64) float64 {
	total := rest
	for _, s := range sides {
		total += sum(s)
	}
	want := part * float64(total)
	have := float64(rest)
	if have >= want {
		return 0
	}
	for i := range bins {
		for _, s := range sides {
			have += float64(s[i])
		}
		if have >= want {
			return float64(i+1) * h.width()
		}
	}
	return h.top
}

// sum is the number of values in bins.
func sum(counts []uint64) uint64 {
	n := uint64(0)
	for _, c := range counts {
		n += c
	}
	return n
}

// percentile is Range for the method Percentile.
func (o *Observer) percentile(kind Kind) (Range, error) {
	if !(o.Percent > 0 && o.Percent <= 100) {
		return Range{}, mistake.Errorf("percentile %g is not in (0, 100]", o.Percent)
	}
	h, keep := o.hist, o.Percent/100
	if kind != Asymmetric {
		return o.around(kind, math.Min(h.quantile(h.zeros, keep, h.neg, h.pos), h.top)), nil
	}
	one := 1 - float64(1-keep)/2
	low := -h.quantile(h.zeros+sum(h.pos), one, h.neg)
	high := h.quantile(h.zeros+sum(h.neg), one, h.pos)
	return Range{max(o.low, float32(low)), min(o.high, float32(high))}, nil
}

// squaredError returns the sum of the squared errors of all values on the grid from lo*step to hi*step.
//
// With u = x/step, the error is u - k steps for k = clamp(rint(u), lo, hi). Its square integrates from 0 to u to
// k/12 + (u-k)^3/3, clipped or not, because each whole step contributes 1/12.
func (h *histogram) squaredError(step float64, lo, hi int32) float64 {
	return h.sideError(h.pos, step, float64(hi)) + h.sideError(h.neg, step, -float64(lo))
}

// sideError is squaredError for one side, whose grid has end steps.
func (h *histogram) sideError(side []uint64, step, end float64) float64 {
	w := h.width() / step
	total, before := 0.0, 0.0
	for i, c := range side {
		u := float64(i+1) * w
		k := math.Min(math.RoundToEven(u), end)
		f := u - k
		integral := float64(k/12) + float64(f*f*f/3)
		if c > 0 {
			total += float64(float64(c) * (integral - before))
		}
		before = integral
	}
	return total / w * step * step
}
