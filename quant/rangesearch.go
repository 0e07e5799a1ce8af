package quant

import "math"

const (
	thresholdCandidates = 10 // powers of two that the threshold search tries, as Model Compression Toolkit does
	coarseSteps         = 64 // of the scan over the whole size of a range
	fineSteps           = 16 // of the scans around the best
)

// powerOfTwo is the threshold search of Model Compression Toolkit, on the histogram instead of the values. It returns
// the threshold among first, first/2, first/4 ... whose grid of codes lo to hi has the smallest squared error; of equal
// ones the greater. first is a power of two.
func (h *histogram) powerOfTwo(first float64, lo, hi int32) float64 {
	best, least := first, math.Inf(1)
	for i := range thresholdCandidates {
		t := math.Ldexp(first, -i)
		if e := h.squaredError(t/(float64(hi)+1), lo, hi); e < least {
			best, least = t, e
		}
	}
	return best
}

// leastError returns the range whose symmetric or asymmetric grid of codes lo to hi has the smallest squared error,
// which need not be the global minimum: the error has several where values lie in clusters. For a symmetric grid it
// scans the threshold, first coarsely over the whole range and then finely around the best. For an asymmetric grid it
// scans a common factor of both ends first, then each end alone, twice.
func (o *Observer) leastError(kind Kind, lo, hi int32) Range {
	h := o.hist
	if kind == Symmetric {
		of := func(t float64) float64 { return h.squaredError(t/(float64(hi)+1), lo, hi) }
		t := finest(h.top, of)
		return o.around(kind, t)
	}
	a, b := math.Min(float64(o.low), 0), math.Max(float64(o.high), 0)
	of := func(a, b float64) float64 {
		step := (b - a) / float64(hi)
		zero := int32(math.RoundToEven(-a / step))
		return h.squaredError(step, -zero, hi-zero)
	}
	part := finest(1, func(part float64) float64 { return of(a*part, b*part) })
	a, b = a*part, b*part
	for range 2 {
		if a < 0 {
			a = around(a, float64(o.low), func(a float64) float64 { return of(a, b) })
		}
		if b > 0 {
			b = around(b, float64(o.high), func(b float64) float64 { return of(a, b) })
		}
	}
	return Range{float32(a), float32(b)}
}

// finest minimizes a function over (0, top]: at top*i/coarseSteps, then finely between the neighbours of the best. Of
// equal values, the greatest argument wins.
func finest(top float64, of func(float64) float64) float64 {
	best, least := top, math.Inf(1)
	try := func(v float64) {
		if e := of(v); e < least || e == least && v > best {
			best, least = v, e
		}
	}
	for i := coarseSteps; i >= 1; i-- {
		try(top * float64(i) / coarseSteps)
	}
	centre := best
	for i := -fineSteps + 1; i < fineSteps; i++ {
		if v := centre + top*float64(i)/(coarseSteps*fineSteps); v > 0 && v <= top {
			try(v)
		}
	}
	return best
}

// around minimizes a function over 1/2 to 2 times v. |limit| bounds the result; it has the sign of v.
func around(v, limit float64, of func(float64) float64) float64 {
	best, least := v, of(v)
	for i := -fineSteps; i <= fineSteps; i++ {
		w := v * math.Exp2(float64(i)/fineSteps)
		if math.Abs(w) > math.Abs(limit) {
			w = limit
		}
		if e := of(w); e < least {
			best, least = w, e
		}
	}
	return best
}
