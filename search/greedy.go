package search

import (
	"math"
	"slices"
)

var greedyStrategy = Strategy{
	Name: "greedy", Does: "the best of all units in every step, walked back", Trials: "n(n+1)/2", Most: func(n int) int { return n*(n+1)/2 + 3 },
	follow: greedy, outlook: outlook{left: func(_ *Forecast, _, _, high float64) (least, most float64, ok bool) {
		all := high * (high + 1) / 2
		return 0.5 * all, all, true
	}},
}

// greedy demotes in every step the unit that scores best on top of the base, until none is left, and the result is the
// last mask of that chain that holds. A tie goes to the unit with the higher index. The chain goes on below the target,
// because a later unit may make good what an earlier one lost.
//
// A step is one scan in which nobody passes (Bound.Above is +Inf), so that the evaluator only has to find the best, and
// can leave the others early. If costs differ, a step scores all units in full and takes the one with the least harm
// per cost: the score that it loses against the base, over what it saves. n(n+1)/2 evaluations either way.
func greedy(s *session) error {
	rest := s.rest()
	start := s.base.Clone()
	defer func() { s.res.Order = s.chainOrder(start, rest) }()
	before := s.res.Score
	for len(rest) > 0 {
		at, sc, err := s.mildest(rest, before)
		if err != nil {
			return err
		}
		unit := rest[at]
		s.base.DemoteAll(s.o.Units[unit])
		s.res.Chain = append(s.res.Chain, Step{Unit: unit, Holders: s.o.Units[unit], Group: s.groups, Recorded: sc, True: sc, TrueKnown: true})
		s.groups++
		s.low++
		if s.holds(sc) {
			if err := s.keep(s.base, sc); err != nil {
				return err
			}
		}
		s.report(EventMove, sc)
		rest = slices.Delete(rest, at, at+1)
		before = sc
	}
	return nil
}

// mildest returns the place in rest of the unit with the least harm, and its score. before is the score of the base,
// from which harm is measured. Without a single score that is a number, it is the first unit.
func (s *session) mildest(rest []int, before Score) (int, Score, error) {
	if s.evenCosts() {
		f, err := s.scan(s.singles(rest), Bound{Above: math.Inf(1), Floor: math.Inf(-1)})
		if err != nil || f.Index >= 0 {
			return f.Index, f.Score, err
		}
		// No score is a number.
		sc, err := s.score(s.singles(rest[:1])[0])
		return 0, sc, err
	}
	at, best, harm := -1, Score{}, 0.0
	for i, m := range s.singles(rest) {
		sc, err := s.score(m)
		if err != nil {
			return 0, Score{}, err
		}
		h := before.Float() - sc.Float()
		if math.IsNaN(h) {
			h = math.Inf(1)
		}
		if at < 0 || cheaper(h, s.o.Cost[rest[i]], harm, s.o.Cost[rest[at]]) <= 0 {
			at, best, harm = i, sc, h
		}
	}
	return at, best, nil
}

// evenCosts reports whether all units have the same cost.
func (s *session) evenCosts() bool {
	for _, c := range s.o.Cost {
		if c != s.o.Cost[0] {
			return false
		}
	}
	return true
}
