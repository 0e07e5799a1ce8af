package search

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// ranking is the order in which a strategy takes the units, and the harm of each unit, which is its sensitivity. As in
// AIMET's sensitivity analysis, each unit alone is at the low bit-width, and all others are at the high one.
type ranking struct {
	units []int     // the least harm per cost first
	harm  []float64 // by unit: score lost, or distance; 0 or less is no harm
}

// rankByScore scores each unit alone on top of the all-high mix. Its harm is the score lost against the 16-bit network.
func (s *session) rankByScore() (ranking, error) {
	r := ranking{harm: make([]float64, len(s.o.Units))}
	high := s.res.High.Float()
	return s.rank(r, func(m Mask) (float64, error) {
		sc, err := s.score(m)
		return high - sc.Float(), err
	})
}

// rankByDistance measures how far each unit alone moves the outputs, on a few batches per unit. These are no
// evaluations. An evaluator without distances scores each unit instead.
func (s *session) rankByDistance() (ranking, error) {
	d, ok := s.ev.(DistanceEvaluator)
	if !ok {
		return s.rankByScore()
	}
	s.enter(StepOrder)
	r := ranking{harm: make([]float64, len(s.o.Units))}
	r, err := s.rank(r, s.distance(d))
	s.res.Distances = r.harm
	return r, err
}

// rankingShare is the largest share of the remaining time budget that distances may take. An order alone is no result.
const rankingShare = 1.0 / 3

// distance measures distances within a share of the time budget. For the units after that it returns NaN, so they come
// last, in the order of the network.
func (s *session) distance(d DistanceEvaluator) func(Mask) (float64, error) {
	until, limited := s.ctx.Deadline()
	if limited {
		until = time.Now().Add(time.Duration(rankingShare * float64(time.Until(until))))
	}
	late := false
	return func(m Mask) (float64, error) {
		if limited && !late && time.Now().After(until) {
			late = true
			s.note("ranking-cut", "the time is short: not all activations were looked at one by one to find a good order", "a longer --time has a better order")
		}
		if late {
			return math.NaN(), s.ctx.Err()
		}
		return d.Distance(s.ctx, m)
	}
}

// rank measures every unit alone on top of the all-high mix and sorts. A harm that is not a number counts as infinite.
// The order becomes Result.Order. n calls of measure, which gets a mask of the session's that is valid for the call.
func (s *session) rank(r ranking, measure func(Mask) (float64, error)) (ranking, error) {
	mask := s.o.Pinned.Clone()
	for u, holders := range s.o.Units {
		mask.DemoteAll(holders)
		harm, err := measure(mask)
		if err != nil {
			return r, err
		}
		mask.PromoteAll(holders)
		if math.IsNaN(harm) {
			harm = math.Inf(1)
		}
		r.harm[u] = harm
		r.units = append(r.units, u)
		s.report(EventOrder, Score{})
	}
	slices.SortStableFunc(r.units, func(a, b int) int { return cheaper(r.harm[a], s.o.Cost[a], r.harm[b], s.o.Cost[b]) })
	s.res.Order = r.units
	return r, nil
}

// cheaper compares two units by harm and cost: negative if a comes first. Units without harm come first, the largest
// cost leading. Then harm per cost decides, then harm alone and, since the sort is stable, the index. Harm per cost is
// the rule of thumb for knapsacks (Dantzig, Discrete-variable extremum problems, Operations Research 5, 1957): the
// target leaves room for so much harm, and each unit of it should save the most.
func cheaper(harmA, costA, harmB, costB float64) int {
	return cmp.Or(
		cmp.Compare(harmClass(harmA), harmClass(harmB)),
		cmp.Compare(harmRate(harmA, costA), harmRate(harmB, costB)),
		cmp.Compare(harmA, harmB),
	)
}

// harmClass is 0 without harm, else 1. Units whose score rises when they are demoted are free: what they save decides
// first, and only then by how much it rises.
func harmClass(harm float64) int {
	if harm > 0 {
		return 1
	}
	return 0
}

// harmRate is the harm per cost; of units without harm the negated cost, so that the largest cost comes first.
func harmRate(harm, cost float64) float64 {
	switch {
	case !(harm > 0):
		return -cost
	case cost == 0:
		return math.Inf(1)
	}
	return harm / cost
}

// restOf lists the units of an order that are high in the base, in that order. The caller owns the list.
func (s *session) restOf(order []int) []int {
	list := make([]int, 0, len(order))
	for _, u := range order {
		if !s.base.Low(s.o.Units[u][0]) {
			list = append(list, u)
		}
	}
	return list
}
