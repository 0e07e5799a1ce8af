package quant

import (
	"fmt"
	"math"

	"example.org/demote/mistake"
)

// averagingConstant is the weight of a new observation in the moving average, the default of PyTorch's observer and of
// ONNX Runtime's moving_average.
const averagingConstant = 0.01

// Observer calibrates one tensor: it finds ranges in a stream of its values. It takes at most about 50 KB, whatever the
// amount of data, and keeps no slice that it is given. The caller shows all data Passes times, in the same order:
//
//	for pass := range o.Passes() {
//		for each sample { o.Observe(pass, x) }
//	}
//
// The result depends on the values alone, except that Average counts calls: show one sample per call. An Observer must
// not be used by two goroutines at a time.
type Observer struct {
	// Percent is the share of the data, in percent, that Percentile keeps. NewObserver sets 99.999. For an asymmetric
	// grid, half of the rest is cut off at each end; otherwise all of it is cut off from |x|.
	Percent float64
	// IgnoreNonFinite makes Range leave out NaN and infinities instead of returning an error, as where a mask of -Inf
	// is added in front of a Softmax.
	IgnoreNonFinite bool

	passes    int
	count     int64 // finite values
	nonFinite int64
	seen      bool // low and high are set
	low, high float32
	averaged  bool
	average   [2]float64
	hist      *histogram
}

// NewObserver returns an observer for the given methods. It always knows MinMax too. One observer serves grids of all
// bit-widths and schemes, since the histogram is the same for all.
func NewObserver(methods ...Method) *Observer {
	o := &Observer{Percent: 99.999, passes: 1}
	for _, m := range methods {
		if m.histogram() {
			o.passes = 2
		}
	}
	return o
}

// Clone returns an observer that has seen the same data. Call it during pass 0 only: both would share the histogram of
// pass 1.
func (o *Observer) Clone() *Observer {
	c := *o
	return &c
}

// Passes returns the number of passes over the data, 1 or 2.
func (o *Observer) Passes() int { return o.passes }

// Observe adds values of the tensor, in any shape, O(len(x)) and without an allocation but for the first of pass 1. It
// counts values that are not finite (NonFinite) and leaves them out. It panics if pass is not 0 or 1.
func (o *Observer) Observe(pass int, x []float32) {
	switch pass {
	case 0:
		o.extend(x)
	case 1:
		if o.hist == nil {
			o.hist = newHistogram(o.low, o.high)
		}
		o.hist.add(x)
	default:
		panic(fmt.Sprintf("quant: observer has no pass %d", pass))
	}
}

// extend is pass 0: it widens the range and updates the moving average, average += averagingConstant*(extreme -
// average), which begins at the extremes of the first observation.
func (o *Observer) extend(x []float32) {
	low, high, n := Extremes(x)
	o.count += int64(n)
	o.nonFinite += int64(len(x) - n)
	if n == 0 {
		return
	}
	if !o.seen {
		o.seen, o.low, o.high = true, low, high
	}
	o.low, o.high = min(o.low, low), max(o.high, high)
	ends := [2]float64{float64(low), float64(high)}
	if !o.averaged {
		o.averaged, o.average = true, ends
	}
	for i, v := range ends {
		o.average[i] += float64(averagingConstant * (v - o.average[i]))
	}
}

// Extremes returns the minimum and the maximum of the finite values of x, and their number. Without any, the extremes
// are +Inf and -Inf.
func Extremes(x []float32) (low, high float32, n int) {
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	bad := uint32(0)
	for _, v := range x {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
		bad |= math.Float32bits(v)&^(1<<31) + 1<<23 // an exponent of ones carries into the top bit
	}
	if bad>>31 == 0 {
		return low, high, len(x)
	}
	low, high = float32(math.Inf(1)), float32(math.Inf(-1))
	for _, v := range x {
		if finite(v) {
			low, high = min(low, v), max(high, v)
			n++
		}
	}
	return low, high, n
}

// NonFinite returns the number of values of pass 0 that were NaN or infinite.
func (o *Observer) NonFinite() int64 { return o.nonFinite }

// Range returns the range that a method finds for a scheme and a bit-width, in the unit of the tensor. MinMax and
// Average find the same for all schemes and widths; the others balance what clipping loses against the width of a step,
// which depends on both. The error is a mistake.Err: no data, values that are not finite (unless IgnoreNonFinite), an
// unknown method, Percent outside (0, 100]. Range panics for a method that the observer was not made for.
func (o *Observer) Range(m Method, kind Kind, bits int) (Range, error) {
	switch {
	case o.nonFinite > 0 && !o.IgnoreNonFinite:
		return Range{}, mistake.Errorf("%d of %d calibration values are NaN or infinite", o.nonFinite, o.nonFinite+o.count)
	case o.count == 0 && o.nonFinite > 0:
		return Range{}, mistake.Errorf("all its calibration values are NaN or infinite; mend the network, or give samples for which it computes numbers")
	case o.count == 0:
		return Range{}, mistake.Errorf("no calibration data")
	case m == MinMax:
		return Range{o.low, o.high}, nil
	case m == Average:
		return Range{float32(o.average[0]), float32(o.average[1])}, nil
	}
	if _, err := ParseMethod(string(m)); err != nil {
		return Range{}, err
	}
	if o.hist == nil {
		panic(fmt.Sprintf("quant: observer was made without the method %s, or pass 1 is missing", m))
	}
	if o.hist.top == 0 { // zeros alone
		return Range{}, nil
	}
	lo, hi, err := codeRange(bits, kind == Symmetric || kind == Pow2 && o.low < 0)
	if err != nil {
		return Range{}, err
	}
	o.hist.split()
	switch m {
	case Percentile:
		return o.percentile(kind)
	case MSE:
		if kind != Pow2 {
			return o.leastError(kind, lo, hi), nil
		}
		return o.around(kind, o.hist.powerOfTwo(nextPow2(o.hist.top), lo, hi)), nil
	case Threshold:
		return o.around(kind, o.hist.powerOfTwo(2*nextPow2(o.hist.top), lo, hi)), nil
	default:
		levels := int(hi) + 1 // of |x|
		if kind == Asymmetric && o.low < 0 && o.high > 0 {
			levels /= 2
		}
		return o.around(kind, o.hist.leastDivergence(levels)), nil
	}
}

// Grid returns the grid of Range with a formula. Errors are those of Range and GridOf.
func (o *Observer) Grid(f Formula, m Method, kind Kind, bits int) (Grid, error) {
	r, err := o.Range(m, kind, bits)
	if err != nil {
		return Grid{}, err
	}
	return GridOf(f, kind, bits, r)
}

// around returns the range of a threshold, a magnitude in the tensor's unit. For an asymmetric grid it is no wider than
// the data; otherwise it begins at -threshold or, without negative values, at 0.
func (o *Observer) around(kind Kind, threshold float64) Range {
	t := float32(math.Min(threshold, math.MaxFloat32))
	if kind == Asymmetric {
		return Range{max(o.low, -t), min(o.high, t)}
	}
	if o.low < 0 {
		return Range{-t, t}
	}
	return Range{0, t}
}
