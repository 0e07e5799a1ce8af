package sites

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

// valueOps are the operators that make a number of two numbers.
var valueOps = map[string]func(x, y float64) float64{
	"Add": func(x, y float64) float64 { return float64(float32(x + y)) },
	"Sub": func(x, y float64) float64 { return float64(float32(x - y)) },
	"Mul": func(x, y float64) float64 { return float64(float32(x * y)) },
	"Div": func(x, y float64) float64 { return float64(float32(x / y)) },
	"Min": math.Min,
	"Max": math.Max,
}

// valuesAfter returns the values that an output of a node can hold. A comparison may come out either way: the list of
// an integer input is an assumption.
func (f *finder) valuesAfter(n ir.Node, t string) valueSet {
	if !ir.Standard(n) {
		return valueSet{}
	}
	op := n.GetOpType()
	switch {
	case f.Type(t) == ir.Bool:
		return truths
	case valueOps[op] != nil && len(n.GetInput()) == 2:
		return combine(f.valuesOf(n, 0), f.valuesOf(n, 1), valueOps[op])
	}
	switch op {
	case "Where":
		yes, no := f.valuesOf(n, 1), f.valuesOf(n, 2)
		return union(f.narrow(yes, ir.Input(n, 1), ir.Input(n, 0), true), f.narrow(no, ir.Input(n, 2), ir.Input(n, 0), false))
	case "Neg":
		return combine(valueSet{[]float64{0}}, f.valuesOf(n, 0), func(x, y float64) float64 { return x - y })
	case "Cast", "CastLike":
		return f.valuesCast(n, t)
	case "Pad":
		if f.PadsNothingNew(n) {
			return union(f.valuesOf(n, 0), valueSet{[]float64{0}})
		}
		return union(f.valuesOf(n, 0), f.valuesOf(n, 2))
	case "Concat":
		all := make([]valueSet, len(n.GetInput()))
		for i := range all {
			all[i] = f.valuesOf(n, i)
		}
		return union(all...)
	case "ScatterElements", "ScatterND":
		return union(f.valuesOf(n, 0), f.valuesOf(n, 2))
	case "ConstantOfShape":
		if a := ir.Attr(n, "value"); a.GetT() != nil {
			return constantSet(a.GetT())
		}
		return valueSet{[]float64{0}}
	}
	if f.Index.Moves(n) && t == ir.Output(n, 0) {
		if ir.Is(n, ir.Zeroing) {
			return union(f.valuesOf(n, 0), valueSet{[]float64{0}})
		}
		return f.valuesOf(n, 0)
	}
	return valueSet{}
}

// valuesCast follows a conversion: to bool is handled before, to an integer cuts.
func (f *finder) valuesCast(n ir.Node, t string) valueSet {
	s := f.valuesOf(n, 0)
	if ir.IsFloat(f.Type(t)) || !s.isKnown() {
		return s
	}
	return combine(s, valueSet{[]float64{0}}, func(x, _ float64) float64 { return math.Trunc(x) })
}

// narrow leaves of the values of t those under which a condition on t itself comes out as given: a mask is often
// written as Where(t != 0, -3.4e38, t), which holds 0 wherever it does not hold the large number.
func (f *finder) narrow(s valueSet, t, condition string, outcome bool) valueSet {
	for range 4 { // exporters cast a bool to bool once or twice more
		if n := f.made(condition, "Not"); n != nil {
			condition, outcome = ir.Input(n, 0), !outcome
		}
		if n := f.made(condition, "Cast"); n != nil && f.Type(ir.Input(n, 0)) == ir.Bool {
			condition = ir.Input(n, 0)
		}
	}
	var holds func(v float64) bool
	if n := f.made(condition, "Cast"); n != nil && ir.Input(n, 0) == t {
		holds = func(v float64) bool { return v != 0 }
	}
	if n := f.made(condition, "Equal"); n != nil {
		for i := range 2 {
			if c, ok := f.scalar(ir.Input(n, i)); ok && ir.Input(n, 1-i) == t {
				holds = func(v float64) bool { return v == c }
			}
		}
	}
	if holds == nil || !s.isKnown() {
		return s
	}
	left := slices.DeleteFunc(slices.Clone(s.list), func(v float64) bool { return holds(v) != outcome })
	if len(left) == 0 {
		return s
	}
	return valueSet{left}
}
