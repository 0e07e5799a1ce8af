package run

import (
	"fmt"
	"math"

	"demote/onnx"
	"demote/quant"
)

// fillLimit is the size from which a value may be one that a mask or a padding has put in: exporters write -1e4, to which
// scores are added yet, -65504, -1e9, the lowest float32 or infinity.
const fillLimit = 5000

// fillGap is how many times as far from zero as all others such values must be.
const fillGap = 2

// fill is what the calibration has seen of one holder's tensor whose values end in a sink. Its values beyond fillLimit are
// kept from the observer.
type fill struct {
	sink      onnx.Sink
	low, high float32 // the values beyond fillLimit that are nearest to zero, below and above; 0: there are none
	ordinary  float32 // the size of the largest of the others
	any       bool    // there are others
	values    []float32
	buffer    []float32
}

// fills are those of all holders; nil for one whose values are taken as they are.
type fills []*fill

// fillsOf looks at the holders whose values end in sinks.
func fillsOf(sinks []onnx.Sink) fills {
	all := make(fills, len(sinks))
	for i, s := range sinks {
		if s != onnx.SinkNone {
			all[i] = &fill{sink: s}
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
	far := false
	for _, v := range x {
		f.count(v)
		far = far || v <= -fillLimit || v >= fillLimit
	}
	if !far {
		return x
	}
	f.buffer = f.buffer[:0]
	for _, v := range x {
		if !(v <= -fillLimit || v >= fillLimit) {
			f.buffer = append(f.buffer, v)
		}
	}
	return f.buffer
}

// maxFillValues is how many values of a tensor are told apart.
const maxFillValues = 3

func (f *fill) count(v float32) {
	switch {
	case v <= -fillLimit:
		if f.low == 0 || v > f.low {
			f.low = v
		}
	case v >= fillLimit:
		if f.high == 0 || v < f.high {
			f.high = v
		}
	case v == v:
		f.any = true
		f.ordinary = max(f.ordinary, float32(math.Abs(float64(v))))
	}
	if len(f.values) == maxFillValues {
		return
	}
	for _, known := range f.values {
		if v == known {
			return
		}
	}
	f.values = append(f.values, v)
}

// filled reports whether a mask or a padding has put values in, and unclear, whether those beyond fillLimit may be
// ordinary ones: there are no others, they begin where the others end, or they lie above in front of a maximum or below in front of a minimum.
func (f *fill) filled() (filled, unclear bool) {
	if f == nil || f.low == 0 && f.high == 0 {
		return false, false
	}
	limit := fillGap * f.ordinary
	if !f.any || f.low != 0 && -f.low < limit || f.high != 0 && (f.high < limit || f.sink == onnx.SinkMaximum) ||
		f.low != 0 && f.sink == onnx.SinkMinimum {
		return false, true
	}
	return true, false
}

// unclear lets the values of unclear holders be, and reports whether there are any: they are to be observed again.
func (all fills) unclear() bool {
	found := false
	for i, f := range all {
		if _, unclear := f.filled(); unclear {
			all[i], found = nil, true
		}
	}
	return found
}

// dropFills takes from the network the holders of attention masks, of what is masked by them until Softmax, and of
// paddings in front of a maximum, by what the calibration has seen of them, and returns the observers of those that are left.
func dropFills(n *onnx.Network, observers []*quant.Observer, all fills) ([]*quant.Observer, error) {
	reasons := make(map[int]string)
	for i, f := range all {
		if filled, _ := f.filled(); filled && f.sink == onnx.SinkZero {
			reasons[i] = fmt.Sprintf("masked: its values beyond %d, which end in Softmax and its like, leave no grid for the others", fillLimit)
		}
	}
	pads, err := n.LowPads()
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
	if err := n.Drop(reasons, func(h int) bool { return all[h] != nil && len(all[h].values) < maxFillValues }); err != nil {
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
