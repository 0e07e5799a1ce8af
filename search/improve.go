package search

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

var (
	improveStrategy = Strategy{
		Name: "improve", Does: "retries of single units, then swaps, from the start mix", Trials: "until nothing helps", follow: improve,
		outlook: outlook{ranked: [2]float64{12, 800}, left: improving},
	}
	autoStrategy = Strategy{
		Name: "auto", Does: "gallop, then improve", Trials: "those of gallop, then at most k + n/8 for each unit that improve wins, or the budget", follow: auto,
		outlook: outlook{ranked: [2]float64{12, 430}, left: func(f *Forecast, n, done, high float64) (least, most float64, ok bool) {
			if f.budget != (Budget{}) {
				return improving(f, n, done, high)
			}
			// The rest of gallop, retries of the units that it leaves high, and the swaps within improve's patience.
			return max(8-done, 0.3*high), max(30-done, high) + high + n/patienceShare, true
		}},
	}
)

// improving estimates the remaining trials of improve, of which little can be known: a swap may hold at once or never.
// With fewer than two units high there is no pair to swap, and it is soon over.
func improving(_ *Forecast, n, done, high float64) (least, most float64, ok bool) {
	if high >= 2 {
		return 0, max(6*n-done, 1.8*n), true
	}
	return 0, max(60-done, 5), true
}

// Bounds of improve's list of swaps.
const (
	swapUp   = 16 // demoted units that may be promoted, the most harmful first
	swapDown = 16 // sets of units to demote instead, for each of them
	swapFrom = 32 // high units of which these sets are made, the least harmful first
)

// patienceShare divides the number of units to give auto's patience if there is no budget. The patience is the number
// of swaps in a row that may fail before improve gives up, at least one: 52 units have a patience of 7. The value is a
// compromise: each doubling of the patience gains about as little as the one before (docs/strategies.md). With an
// eighth, a whole search needs about a fifth of the evaluations of strategy demotion.
const patienceShare = 8

// improve starts from the start mix, or from the all-high mix, and changes it until no move helps. It is meant for a
// mix that another search, or a user, has found.
func improve(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	return s.improve(r, swapUp*swapDown)
}

// auto runs gallop, then improve until no move helps or the budget ends; without a budget, until its patience ends. It
// is the default: gallop finds most of the demotions in few evaluations, and improve gets out of where gallop was
// unlucky.
func auto(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	if _, err := s.gallop(s.restOf(r.units)); err != nil {
		return err
	}
	patience := swapUp * swapDown
	if s.o.Budget == (Budget{}) {
		patience = max(1, (len(s.o.Units)+patienceShare-1)/patienceShare)
	}
	return s.improve(r, patience)
}

// improve alternates two steps. First it tries every high unit that did not fail alone on this base, the least harmful
// first, until none is left. Then it tries swaps; after one that holds it begins again. patience is the largest number
// of swaps that it tries in a row.
//
// It is a local search: it ends in a mix that no retry and no swap of its lists betters. It always ends, because every
// move saves more than the base before it, or as much with one more unit demoted.
func (s *session) improve(r ranking, patience int) error {
	for {
		before := s.low
		if _, err := s.walk(s.untried(r.units)); err != nil {
			return err
		}
		if s.low > before {
			continue
		}
		high := s.restOf(r.units)
		if s.o.NoSwaps || len(high) == 0 {
			return nil
		}
		swapped, err := s.swap(r, high, patience)
		if err != nil || !swapped {
			return err
		}
	}
}

// untried lists the units of an order that are high in the base and have not failed alone on it: gallop, a walk or a
// try before may have refused them already.
func (s *session) untried(order []int) []int {
	return slices.DeleteFunc(s.restOf(order), func(u int) bool { return s.refused[u] })
}

// swap promotes one unit and demotes others instead, so that more is saved. It tries the swaps that add the least harm
// first: the most harmful demoted units, each with the sets of high units of the least harm. It takes the first swap
// that holds, and tries at most patience of them.
//
// Example: the demoted unit with a harm of 5 for the high ones with 2 and 2.5 adds a harm of -0.5 and saves one unit
// more, if all cost the same.
func (s *session) swap(r ranking, high []int, patience int) (bool, error) {
	type exchange struct {
		up, down []int
		harm     float64 // added by the swap
	}
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
				list = append(list, exchange{[]int{up}, set, r.added(up, set)})
				taken++
			}
		}
	}
	if len(list) == 0 {
		return false, nil
	}
	slices.SortStableFunc(list, func(a, b exchange) int { return cmp.Compare(a.harm, b.harm) })
	cut := len(list) > patience
	if cut {
		list = list[:patience]
	}
	masks := s.candidates(len(list))
	for i, e := range list {
		masks[i].CopyFrom(s.base)
		masks[i].PromoteAll(s.o.Units[e.up[0]])
		for _, u := range e.down {
			masks[i].DemoteAll(s.o.Units[u])
		}
	}
	f, err := s.scan(masks, s.hold())
	if err == nil && !f.Passed && cut {
		s.note("improve-ended", fmt.Sprintf("improve ended after %d swaps in a row that did not hold", patience), "a budget, --time or --evaluations, lets it go on")
	}
	if err != nil || !f.Passed {
		return false, err
	}
	return true, s.exchange(list[f.Index].up, list[f.Index].down, f.Score)
}

// swapSets lists pairs of high units and single ones, least harm first, then by the ranks of the units. A single unit
// can save more than another one only if costs differ. high is in the order of the ranking; its first swapFrom make 496
// pairs.
func (s *session) swapSets(r ranking, high []int) [][]int {
	high = high[:min(len(high), swapFrom)]
	var sets [][]int
	for i, a := range high {
		sets = append(sets, []int{a})
		for _, b := range high[i+1:] {
			sets = append(sets, []int{a, b})
		}
	}
	slices.SortStableFunc(sets, func(a, b []int) int { return cmp.Compare(r.sum(a), r.sum(b)) })
	return sets
}

// sum is the harm of several units.
func (r ranking) sum(units []int) (sum float64) {
	for _, u := range units {
		sum += r.harm[u]
	}
	return sum
}

// added is the harm that a swap adds, as if harms added up: an order in which to try swaps, and no more. It is infinite
// if a demoted unit has infinite harm, also where the promoted one has too.
func (r ranking) added(up int, down []int) float64 {
	sum := r.sum(down)
	if !math.IsInf(sum, 1) {
		sum -= r.harm[up]
	}
	return sum
}
