package search

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Bounds of improve's list of swaps: so many of the most harmful demoted units, each against so many sets of units to
// demote in its place, put together from so many of the least harmful high units.
const (
	swapUp   = 16
	swapDown = 16
	swapFrom = 32
)

// improveFactor times the number of units is how many trials auto lets improve ask for where no budget is given.
const improveFactor = 2

// improve starts from the start mix, or from the all-high one, and changes it until nothing helps.
func improve(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	return s.improve(r)
}

// auto gallops, then improves until nothing helps or the budget ends; without a budget improve has one of its own.
func auto(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	if _, err := s.gallop(s.restOf(r.units)); err != nil {
		return err
	}
	if s.o.Budget == (Budget{}) {
		s.limit = s.seen + improveFactor*len(s.o.Units)
		defer func() { s.limit = 0 }()
	}
	err = s.improve(r)
	if s.limit > 0 && errors.Is(err, errSpent) {
		s.res.Notes = append(s.res.Notes, fmt.Sprintf("improve ended after %d trials: a budget of time or trials lets it go on", improveFactor*len(s.o.Units)))
		return nil
	}
	return err
}

// improve tries every high unit once more, least harmful first, until a round demotes none; then swaps, and after a swap
// that holds, the units again.
func (s *session) improve(r ranking) error {
	for {
		before := s.low
		high, err := s.walk(s.restOf(r.units))
		if err != nil {
			return err
		}
		if s.low > before {
			continue
		}
		if s.o.NoSwaps || len(high) == 0 {
			return nil
		}
		swapped, err := s.swap(r, high)
		if err != nil || !swapped {
			return err
		}
	}
}

// swap tries to promote one unit and to demote others in its place, so that more is saved: of the demoted units the most
// harmful first, and for each the sets of high units with the least harm first. The first that holds is taken.
func (s *session) swap(r ranking, high []int) (bool, error) {
	type exchange struct{ up, down []int }
	var list []exchange
	sets := s.swapSets(r, high)
	tried := 0
	for _, up := range slices.Backward(r.units) {
		if !s.base.Low(s.o.Units[up][0]) {
			continue
		}
		if tried++; tried > swapUp {
			break
		}
		taken := 0
		for _, set := range sets {
			if taken < swapDown && s.cost(set) > s.o.Cost[up] {
				list = append(list, exchange{[]int{up}, set})
				taken++
			}
		}
	}
	if len(list) == 0 {
		return false, nil
	}
	masks := s.candidates(len(list))
	for i, e := range list {
		masks[i].CopyFrom(s.base)
		masks[i].promoteAll(s.o.Units[e.up[0]])
		for _, u := range e.down {
			masks[i].demoteAll(s.o.Units[u])
		}
	}
	f, err := s.scan(masks, s.hold())
	if err != nil || !f.Passed {
		return false, err
	}
	return true, s.exchange(list[f.Index].up, list[f.Index].down, f.Score)
}

// swapSets lists the pairs of high units, least harm first, and single units among them, which can save more than another
// only where costs differ. Equal harm goes by the ranks of the units.
func (s *session) swapSets(r ranking, high []int) [][]int {
	high = high[:min(len(high), swapFrom)]
	var sets [][]int
	for i, a := range high {
		sets = append(sets, []int{a})
		for _, b := range high[i+1:] {
			sets = append(sets, []int{a, b})
		}
	}
	harm := func(set []int) (sum float64) {
		for _, u := range set {
			sum += r.harm[u]
		}
		return sum
	}
	slices.SortStableFunc(sets, func(a, b []int) int { return cmp.Compare(harm(a), harm(b)) })
	return sets
}
