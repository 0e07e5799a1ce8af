package search

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.org/demote/mistake"
)

// WithinCost searches for the most accurate mix that is not too dear: the sum of Options.Cost over the units that are
// high is at most room, in the unit of the costs. Holders that no unit has are not in the sum. It ignores
// Options.Target, Start, Chain, Multiplier and Seed. Errors are those of Run; a mistake.Err too if room is below zero
// or not a number.
//
// It begins with the better of two mixes and the all-low one. Both keep units high as long as they fit, in the order
// of gallop: one by the harm that a unit saves per cost, the other by its harm alone. From there it moves as long as
// the score rises, or stays and the mix gets cheaper: see climb.
//
// Whatever ends the search, the mix is within room, and no less accurate than the all-low mix, once that is scored. If
// nothing ends it early, none of climb's moves betters the mix. It may not be the best there is.
//
// Example: the all-low network takes 100 cycles, the all-high one 180. "At most 1.2 times the all-low network" leaves a
// room of 20 cycles for the units that stay high.
func WithinCost(ctx context.Context, ev Evaluator, o Options, room float64) (Result, error) {
	const name = "cost"
	if !(room >= 0) {
		return Result{Strategy: name, Stop: StopError}, mistake.Errorf("room %v for costs: it must be a number that is not negative", room)
	}
	return runFree(ctx, ev, o, name, func(s *session) error { return s.withinCost(room) })
}

// costSlack corrects the rounding of sums of costs, as a share of the room.
const costSlack = 1e-9

// withinCost is the strategy of WithinCost.
func (s *session) withinCost(room float64) error {
	room += costSlack * room
	if err := s.keepLow(); err != nil {
		return err
	}
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	best, score := s.all.Clone(), s.res.Score
	dense, harmful := slices.Clone(r.units), slices.Clone(r.units)
	slices.SortStableFunc(dense, func(a, b int) int { return cmp.Compare(r.density(b, s.o.Cost), r.density(a, s.o.Cost)) })
	slices.SortStableFunc(harmful, func(a, b int) int { return cmp.Compare(r.harm[b], r.harm[a]) })
	for _, order := range [][]int{dense, harmful} {
		mask := s.all.Clone()
		left := room
		for _, u := range order {
			if s.o.Over != nil {
				if mask.PromoteAll(s.o.Units[u]); !(s.o.Over(mask) <= room) {
					mask.DemoteAll(s.o.Units[u])
				}
			} else if s.o.Cost[u] <= left {
				mask.PromoteAll(s.o.Units[u])
				left -= s.o.Cost[u]
			}
		}
		sc, err := s.score(mask)
		if err != nil {
			return err
		}
		if sc.Float() > score.Float() || math.IsNaN(score.Float()) {
			best, score = mask, sc
		}
	}
	if err := s.begin(best, score); err != nil {
		return err
	}
	return s.climb(r, room)
}

// keepLow makes the all-low mix the result: the cheapest there is.
func (s *session) keepLow() error {
	sc := s.res.Low
	if s.o.Low != nil { // of another network
		var err error
		if sc, err = s.score(s.all); err != nil {
			return err
		}
	}
	s.res.Found = true
	return s.keep(s.all, sc)
}

// begin moves the base from the all-high mix to a mix with the score sc, in one step of the chain.
func (s *session) begin(mask Mask, sc Score) error {
	var down []int
	for _, u := range s.res.Order {
		if mask.Low(s.o.Units[u][0]) {
			down = append(down, u)
		}
	}
	return s.move(down, sc)
}

// density is the harm that a unit saves per cost when it stays high.
func (r ranking) density(u int, cost []float64) float64 {
	if cost[u] == 0 {
		return math.Inf(1)
	}
	return r.harm[u] / cost[u]
}
