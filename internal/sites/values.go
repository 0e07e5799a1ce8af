package sites

import (
	"encoding/binary"
	"math"
	"slices"

	"example.org/demote/internal/float16"
	"example.org/demote/internal/ir"
)

// valueSet is what is known about the values that a tensor can hold: a short sorted list, or nothing (the zero
// valueSet). A boolean or integer input is taken to hold 0 and 1, as attention masks do.
type valueSet struct{ list []float64 }

// maxValues is the length from which a list is given up; no mask that an exporter writes comes near.
const maxValues = 16

var truths = valueSet{[]float64{0, 1}}

// isMask reports whether a set holds a number <= ir.MaskLimit, and but zeros besides.
func (s valueSet) isMask() bool {
	for _, v := range s.list {
		if v != 0 && !(v <= ir.MaskLimit) {
			return false
		}
	}
	return len(s.list) > 0 && s.list[0] <= ir.MaskLimit
}

// isOff reports whether all numbers are <= ir.MaskLimit.
func (s valueSet) isOff() bool {
	return len(s.list) > 0 && s.list[len(s.list)-1] <= ir.MaskLimit
}

// isKnown reports whether anything is known: a mask is computed from such tensors.
func (s valueSet) isKnown() bool { return s.list != nil }

// setOf makes a set. One that has NaN, or too many values, is unknown, unless the many are all those of a mask: then
// the extremes represent them.
func setOf(values []float64) valueSet {
	list := slices.Clone(values)
	for _, v := range list {
		if math.IsNaN(v) {
			return valueSet{}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) <= maxValues {
		return valueSet{list}
	}
	if s := (valueSet{list}); !s.isMask() {
		return valueSet{}
	}
	low := list
	if list[len(list)-1] == 0 {
		low = list[:len(list)-1]
		return valueSet{[]float64{low[0], low[len(low)-1], 0}}
	}
	return valueSet{[]float64{low[0], low[len(low)-1]}}
}

// combine applies a function to each pair of numbers.
func combine(a, b valueSet, f func(x, y float64) float64) valueSet {
	if !a.isKnown() || !b.isKnown() {
		return valueSet{}
	}
	out := make([]float64, 0, len(a.list)*len(b.list))
	for _, x := range a.list {
		for _, y := range b.list {
			out = append(out, f(x, y))
		}
	}
	return setOf(out)
}

// union joins sets.
func union(sets ...valueSet) valueSet {
	var all []float64
	for _, s := range sets {
		if !s.isKnown() {
			return valueSet{}
		}
		all = append(all, s.list...)
	}
	return setOf(all)
}

// findValues follows small sets of values through the graph.
func (f *finder) findValues() {
	for t := range f.Inputs {
		if ir.WholeInt(f.Type(t)) {
			f.values[t] = truths
		}
	}
	for _, n := range f.Ordered {
		for _, t := range n.GetOutput() {
			if s := f.valuesAfter(n, t); s.isKnown() {
				f.values[t] = s
			}
		}
	}
}

// valuesOf returns the values that operand i of a node can hold; a constant is looked at when it is first asked for.
func (f *finder) valuesOf(n ir.Node, i int) valueSet {
	t := ir.Input(n, i)
	if s, known := f.values[t]; known {
		return s
	}
	c := f.Constant(t)
	if c == nil {
		return valueSet{}
	}
	s := constantSet(c)
	f.values[t] = s
	return s
}

// constantSet returns the values of a constant. It stops at the first that is too many for a list and for a mask, so
// that weights are not read.
func constantSet(c ir.Tensor) valueSet {
	raw, size, err := ir.RawBytes(c)
	if size == 0 || err != nil {
		return valueSet{}
	}
	var list []float64
	for ; len(raw) > 0; raw = raw[size:] {
		v, known := number(ir.DType(c.GetDataType()), raw[:size])
		if !known {
			return valueSet{}
		}
		if slices.Contains(list, v) {
			continue
		}
		if list = append(list, v); len(list) > maxValues {
			s := setOf(list)
			if !s.isKnown() {
				return s
			}
			list = slices.Clone(s.list)
		}
	}
	return setOf(list)
}

// number decodes one element.
func number(t ir.DType, b []byte) (float64, bool) {
	switch t {
	case ir.Float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), true
	case ir.Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(b)), true
	case ir.Float16:
		return float64(float16.Value(binary.LittleEndian.Uint16(b))), true
	case ir.BFloat16:
		return float64(float16.BrainValue(binary.LittleEndian.Uint16(b))), true
	case ir.Bool, ir.Uint8:
		return float64(b[0]), true
	case ir.Int8:
		return float64(int8(b[0])), true
	case ir.Int32:
		return float64(int32(binary.LittleEndian.Uint32(b))), true
	case ir.Int64:
		return float64(int64(binary.LittleEndian.Uint64(b))), true
	}
	return 0, false
}
