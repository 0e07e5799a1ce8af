package trial

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.org/demote/backend"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// harmSamples is how many samples tell the harm of a unit: it is measured for every method, and the choice of ranges
// is to take less than the search behind it.
const harmSamples = 40

// harms are how far each unit alone, at int8, moves the outputs with the low grids of each candidate.
type harms struct {
	units [][]int // the holders of each
	by    []harm  // of the candidates measured so far
}

// harm is what one candidate does.
type harm struct {
	method string
	low    []quant.Grid
	far    []float64 // by unit
}

// measure measures a candidate on an evaluator with its grids: a few batches a unit, none for a unit that has the grids
// of an earlier candidate.
func (h *harms) measure(ctx context.Context, e *backend.Evaluator, method string, low []quant.Grid) error {
	if slices.ContainsFunc(h.by, func(one harm) bool { return one.method == method }) {
		return nil // known
	}
	one := harm{method: method, low: low}
	mask := search.NewMask(len(low))
	for u, holders := range h.units {
		same := func(earlier harm) bool {
			return !slices.ContainsFunc(holders, func(i int) bool { return earlier.low[i] != low[i] })
		}
		if at := slices.IndexFunc(h.by, same); at >= 0 {
			one.far = append(one.far, h.by[at].far[u])
			continue
		}
		mask.DemoteAll(holders)
		far, err := e.Distance(ctx, mask)
		if err != nil {
			return err
		}
		mask.PromoteAll(holders)
		one.far = append(one.far, far)
	}
	h.by = append(h.by, one)
	return nil
}

// least are the methods, by holder, with which each unit does the least harm; the present one, if no other does less,
// and for holders that are in no unit. low has the grids of the present ones. changed is the number of units that take
// another.
func (h *harms) least(present []string, low []quant.Grid) (methods []string, changed int) {
	methods = slices.Clone(present)
	for u, unit := range h.units {
		best, by := math.Inf(1), ""
		for _, one := range h.by {
			if !slices.ContainsFunc(unit, func(i int) bool { return one.low[i] != low[i] }) {
				best = one.far[u]
			}
		}
		for _, one := range h.by {
			if one.far[u] < best { // never with NaN
				best, by = one.far[u], one.method
			}
		}
		if by == "" {
			continue
		}
		changed++
		for _, i := range unit {
			methods[i] = by
		}
	}
	return methods, changed
}

// nearlyAll is the share of all harm from which on a unit dominates.
const nearlyAll = 0.9

// dominant are the holders of the units that do nearly all of the harm, each with the method with which it does least:
// the score of all int8 tells how well a method suits them, and nothing of the others. From the worst unit on, each is
// one that does at least nearlyAll of what it and those behind it do together; at most half of all units are.
func (h *harms) dominant() (holders []int) {
	least := make([]float64, len(h.units))
	order := make([]int, len(h.units))
	for u := range least {
		least[u], order[u] = math.Inf(1), u
		for _, one := range h.by {
			if one.far[u] < least[u] { // never with NaN
				least[u] = one.far[u]
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(least[b], least[a]) })
	rest := make([]float64, len(order)+1) // what the units from the i-th worst on do together
	for i := len(order) - 1; i >= 0; i-- {
		rest[i] = rest[i+1] + least[order[i]]
	}
	for i, u := range order[:len(order)/2] {
		if !(least[u] >= nearlyAll*rest[i]) || least[u] == 0 {
			break
		}
		holders = append(holders, h.units[u]...)
	}
	return holders
}
