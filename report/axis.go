package report

import "math"

// An axis maps values to lengths. Values outside of it are drawn at its ends.
type axis struct {
	from, to   float64 // values, as the scale sees them
	start, end float64 // lengths
	// 0: a linear scale; else the size of value around 0 up to which a logarithmic one is nearly linear
	linear float64
}

// newAxis spans values from low to high, with some margin, also where they are equal.
func newAxis(low, high, start, end float64) axis {
	margin := (high - low) * 0.06
	if margin == 0 {
		margin = max(math.Abs(high)*0.01, 1e-9)
	}
	return axis{from: low - margin, to: high + margin, start: start, end: end}
}

// newLogAxis spans values of both signs and many sizes: a value v lies at asinh(v/linear).
func newLogAxis(low, high, linear, start, end float64) axis {
	a := axis{start: start, end: end, linear: linear}
	a.from, a.to = a.scaled(low), a.scaled(high)
	if a.from == a.to {
		a.to = a.from + 1
	}
	return a
}

func (a axis) scaled(v float64) float64 {
	if a.linear == 0 {
		return v
	}
	return math.Asinh(v / a.linear)
}

// at is the place of a value.
func (a axis) at(v float64) float64 {
	share := (a.scaled(v) - a.from) / (a.to - a.from)
	return a.start + min(max(share, 0), 1)*(a.end-a.start)
}

// ticks are round values on a linear axis, about n of them.
func (a axis) ticks(n int) []float64 {
	span := a.to - a.from
	step := math.Pow(10, math.Floor(math.Log10(span/float64(n))))
	for _, f := range []float64{1, 2, 5, 10} {
		if span/(step*f) <= float64(n) {
			step *= f
			break
		}
	}
	var list []float64
	for i := math.Ceil(a.from / step); i*step <= a.to && len(list) <= 2*n; i++ {
		list = append(list, i*step)
	}
	return list
}

// powers are the powers of ten on a logarithmic axis, of both signs, and 0, at most about n.
func (a axis) powers(n int) []float64 {
	top := math.Max(math.Abs(math.Sinh(a.from)), math.Abs(math.Sinh(a.to))) * a.linear
	first, last := math.Ceil(math.Log10(a.linear)), math.Floor(math.Log10(top)+1e-9)
	every := math.Max(1, math.Ceil(2*(last-first+1)/float64(n)))
	list := []float64{0}
	for e := last; e > first; e -= every {
		for _, v := range []float64{math.Pow(10, e), -math.Pow(10, e)} {
			if s := a.scaled(v); s >= a.from && s <= a.to {
				list = append(list, v)
			}
		}
	}
	return list
}

// wholeNumbers are round whole numbers from 0 to n, about count of them.
func wholeNumbers(n, count int) []float64 {
	step := 1
	for _, f := range []int{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000} {
		if step = f; n/f <= count {
			break
		}
	}
	var list []float64
	for v := 0; v <= n && len(list) < 100; v += step {
		list = append(list, float64(v))
	}
	return list
}
