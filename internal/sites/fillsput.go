package sites

import (
	"math"
	"slices"

	"example.org/demote/internal/ir"
)

var negativeInfinity = math.Inf(-1)

// far leaves the values of at least the limit's size, sorted; of very many the nearest to zero on each side.
func (w *fillWalk) far(p put) put {
	var list []float64
	for _, v := range p.values {
		if math.Abs(v) >= w.limit {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > maxValues {
		list, p.exact = nearest(list), false
	}
	p.values = list
	return p
}

// nearest leaves of a sorted list the values next to zero.
func nearest(list []float64) (left []float64) {
	for i, v := range list {
		if v < 0 && (i+1 == len(list) || list[i+1] > 0) || v > 0 && (i == 0 || list[i-1] < 0) {
			left = append(left, v)
		}
	}
	return left
}

// join is what several put in.
func (w *fillWalk) join(list ...put) put {
	all := put{exact: true}
	for _, p := range list {
		if len(p.values) > 0 {
			all.values = append(all.values, p.values...)
			all.exact, all.table = all.exact && p.exact, all.table || p.table
		}
	}
	return w.far(all)
}

func (w *fillWalk) times(p put, factor float64) put {
	list := make([]float64, len(p.values))
	for i, v := range p.values {
		list[i] = v * factor
	}
	p.values = list
	return w.far(p)
}

// fillGap is how many times as far from zero as all other numbers of a constant those must be that mask.
const fillGap = 2

// constant is what a constant puts in.
func (w *fillWalk) constant(c ir.Tensor) put {
	values, err := ir.Floats(c)
	if err != nil {
		return put{}
	}
	ordinary, p := 0.0, put{exact: true}
	for _, f := range values {
		v := float64(f)
		if math.Abs(v) < w.limit {
			ordinary = max(ordinary, math.Abs(v))
		} else if len(p.values) == 0 || p.values[len(p.values)-1] != v {
			p.values = append(p.values, v)
		}
	}
	p = w.far(p)
	if slices.ContainsFunc(p.values, func(v float64) bool { return math.Abs(v) < fillGap*ordinary }) {
		return put{}
	}
	p.table = len(values) > 1
	return p
}
