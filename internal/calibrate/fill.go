package calibrate

import (
	"fmt"
	"math"
	"slices"

	"example.org/demote/internal/sinks"
	"example.org/demote/internal/sites"
	"example.org/demote/onnx"
	"example.org/demote/quant"
)

// fillLimit is the magnitude from which a value may be a fill value of a mask or a padding. Exporters write -1e4 (to
// which scores are then added), -65504, -1e9, the lowest float32 or infinity.
const fillLimit = 5000

// fillGap is how many times as far from zero as all others such values must be.
const fillGap = 2

// fill is what the calibration has seen of one holder's tensor whose values end in a sink. What the network's masks
// and paddings put in, as the graph tells, is kept from the observer.
type fill struct {
	sites.Fill
	low, high bool    // there are such values, below and above
	nearest   float32 // the size of the one nearest to zero
	ordinary  float32 // the size of the largest of the others
	any       bool    // there are others
	seen      int     // how many values there were
	values    []float32
	buffer    []float32
}

// fills are those of all holders; nil for one whose values are taken as they are.
type fills []*fill

// fillsOf looks at the holders whose values end in sinks.
func fillsOf(list []sites.Fill) fills {
	all := make(fills, len(list))
	for i, f := range list {
		if f.Sink != sinks.None {
			all[i] = &fill{Fill: f}
		}
	}
	return all
}

// take returns the values that the observer of a holder is to see.
func (all fills) take(holder int, x []float32) []float32 {
	f := all[holder]
	if f == nil {
		return x
	}
	if f.ordinaryAlone(x) {
		return x
	}
	found := false
	for _, v := range x {
		found = f.count(v) || found
	}
	if !found {
		return x
	}
	f.buffer = f.buffer[:0]
	for _, v := range x {
		if !f.putIn(v) {
			f.buffer = append(f.buffer, v)
		}
	}
	return f.buffer
}

// ordinaryAlone counts values of which none is put in, as count does, if the lowest and the highest tell so.
func (f *fill) ordinaryAlone(x []float32) bool {
	low, high, finite := quant.Extremes(x)
	if finite < len(x) || low <= -fillLimit || high >= fillLimit {
		return false
	}
	f.seen += len(x)
	if len(x) > 0 {
		f.any, f.ordinary = true, max(f.ordinary, -low, high)
	}
	for i := 0; i < len(x) && len(f.values) < maxFillValues; i++ {
		if !slices.Contains(f.values, x[i]) {
			f.values = append(f.values, x[i])
		}
	}
	return true
}

// putIn reports whether a value is one that a mask or a padding puts in: the same, or, where scores are added to it,
// one of half its size.
func (f *fill) putIn(v float32) bool {
	if v > -fillLimit && v < fillLimit || v != v {
		return false
	}
	for _, p := range f.Values {
		if v == p || !f.Exact && (v < 0 && v <= p/2 || v > 0 && p > 0 && v >= p/2) {
			return true
		}
	}
	return false
}

// maxFillValues is how many values of a tensor are distinguished.
const maxFillValues = 3

// fewSeen is how many values there must be for that: a tensor of one number a sample has few by nature.
const fewSeen = 32

// few reports whether there are at most two values, as a mask has them.
func (f *fill) few() bool {
	return f != nil && f.seen >= fewSeen && len(f.values) < maxFillValues
}

// count reports whether a value is one that has been put in.
func (f *fill) count(v float32) bool {
	f.seen++
	found := f.putIn(v)
	switch size := float32(math.Abs(float64(v))); {
	case found:
		if !f.low && !f.high || size < f.nearest {
			f.nearest = size
		}
		f.low, f.high = f.low || v < 0, f.high || v > 0
	case v == v:
		f.any, f.ordinary = true, max(f.ordinary, size)
	}
	if len(f.values) < maxFillValues && !slices.Contains(f.values, v) {
		f.values = append(f.values, v)
	}
	return found
}

// filled reports whether values that have been put in may be left out, and unclear, whether they may not: there are
// no others, they begin where the others end, or what reads them does not absorb them on their side.
func (f *fill) filled() (filled, unclear bool) {
	if f == nil || !f.low && !f.high {
		return false, false
	}
	if !f.any || f.nearest < fillGap*f.ordinary || f.low && !f.Low || f.high && !f.High {
		return false, true
	}
	return true, false
}

// unclear lets the values of unclear holders be, and lists them: they are to be observed again.
func (all fills) unclear() (list []int) {
	for i, f := range all {
		if _, unclear := f.filled(); unclear {
			all[i], list = nil, append(list, i)
		}
	}
	return list
}

// dropFills takes from the network the holders of attention masks, of what is masked by them until Softmax, and of
// paddings in front of a maximum, by what the calibration has seen of them, and returns the observers of those that
// are left.
func dropFills(n *onnx.Network, observers []*quant.Observer, all fills) ([]*quant.Observer, error) {
	reasons := make(map[int]string)
	for i, f := range all {
		if filled, _ := f.filled(); filled && f.Sink == sinks.Zero {
			reasons[i] = fmt.Sprintf("masked: its values beyond %d, which end in Softmax and its like, leave no grid for the others", fillLimit)
		}
	}
	pads, err := sinks.LowPads(n)
	if err != nil {
		return nil, err
	}
	for _, p := range pads {
		if r, err := observers[p.From].Range(quant.MinMax, quant.Asymmetric, 8); err == nil && p.Value <= r.Min {
			reasons[p.Holder] = "moves values of " + n.Holders[p.From].Name + ": the padding lies below them, in front of a maximum"
		}
	}
	if len(reasons) == 0 {
		return observers, nil
	}
	if err := sinks.Drop(n, reasons, func(h int) bool { return all[h].few() }); err != nil {
		return nil, err
	}
	var left []*quant.Observer
	for i, o := range observers {
		if reasons[i] == "" {
			left = append(left, o)
		}
	}
	return left, nil
}

// tooWide says what to do about a grid that float32 cannot hold, as values like those of masks need one.
func tooWide(o *quant.Observer) string {
	r, err := o.Range(quant.MinMax, quant.Asymmetric, 8)
	if err != nil || max(-r.Min, r.Max) < math.MaxFloat32/4 {
		return ""
	}
	return fmt.Sprintf("; the calibration gives values from %g to %g there: have the network write -10000 in place of the lowest float32, or leave out the samples with such values", r.Min, r.Max)
}
