package search

import (
	"cmp"
	"context"
	"slices"

	"example.org/demote/search/internal/mt"
)

var demotionStrategy = Strategy{
	Name: "demotion", Does: "the reference algorithm: shuffled descent with a threshold, walked back", Trials: "n+3 .. n(n+1)/2+3", Most: func(n int) int { return n*(n+1)/2 + 3 },
	follow: demotion, outlook: outlook{left: descent},
}

// Demotion is the reference algorithm, layer demotion search: a shuffled greedy descent. Scans accept the first unit
// whose score stays above a threshold between the target and the 16-bit score. At the end the chain is walked back to
// the last mask above the target. Step by step, for n units:
//
//  1. Score the 16-bit network. Below the target: the target cannot be met.
//  2. Score the 8-bit network. Strictly above the target: it is the result. Otherwise score it once more; this score is
//     the floor of all scans.
//  3. The threshold of the scans is T = high - multiplier*(high - target), in float64. A small multiplier makes few and
//     safe steps, a large one fast and sometimes worse ones.
//  4. Begin with all n units in the list, position 0 and the 16-bit network as the base. Until the list is empty:
//     a. At position 0: shuffle the list. If costs differ, those that save most come first, equal ones as shuffled:
//     the reference knows no costs.
//     b. Scan it from the position on: each unit alone on top of the base. The first that scores above T ends the scan,
//     and the next position is its own.
//     c. None above T: take the best of the scan that reaches the floor, the later one of a tie; without one, the first
//     of the list. The next position is 0.
//     d. Demote the unit and take it out of the list. If it stood last, the next position is 0.
//     e. Append it to the chain, with a score: see ChainMode.
//  5. The result is the mask of the last entry of the chain whose score is above the target; the promotion list has the
//     units demoted after it, last first. Without such an entry every unit stays high.
//
// Example: with the target 0.90, the score 0.92 of the 16-bit network and the default multiplier 0.5, T is 0.91. A scan
// that sees 0.905, 0.912 demotes the second unit, although the first holds too.
//
// It needs n+3 to n(n+1)/2+3 evaluations. It returns errors as Run does.
func Demotion(ctx context.Context, ev Evaluator, o Options) (Result, error) {
	return run(ctx, ev, o, "demotion", demotion)
}

// demotion is Demotion from the second evaluation of the 8-bit endpoint (step 2) on.
func demotion(s *session) error {
	if _, err := s.lowScore(); err != nil {
		return err
	}
	high := s.res.High.Float()
	bound := Bound{
		// The conversion keeps arm64 from fusing the multiplication into the subtraction.
		Above: high - float64(s.o.Multiplier*(high-s.o.Target)),
		Floor: s.floor.Float(),
		Last:  s.o.Chain == ChainLast,
	}
	remaining := s.rest()
	s.res.Chain = make([]Step, 0, len(remaining))
	defer func(start Mask) { s.res.Order = s.chainOrder(start, remaining) }(s.base.Clone())

	shuffler := mt.New(s.o.Seed)
	position := 0
	for len(remaining) > 0 {
		if position == 0 {
			shuffler.Shuffle(remaining)
			slices.SortStableFunc(remaining, func(a, b int) int { return cmp.Compare(s.o.Cost[b], s.o.Cost[a]) })
		}
		f, err := s.scan(s.singles(remaining[position:]), bound)
		if err != nil {
			return err
		}
		at, next := 0, 0
		if f.Index >= 0 {
			at = position + f.Index
		}
		if f.Passed {
			next = at
		}
		unit := remaining[at]
		s.base.DemoteAll(s.o.Units[unit])
		if err := s.demoted(unit, f, position == 0); err != nil {
			return err
		}
		remaining = slices.Delete(remaining, at, at+1)
		if next == len(remaining) {
			next = 0
		}
		position = next
	}
	if s.o.FillTrue {
		return s.fillTrue()
	}
	return nil
}

// demoted appends the unit that a scan chose to the chain, with the score of the chain mode. It does the walk back of
// step 5 as the chain grows: the last entry above the target is the result. held: the scan has evaluated the unit, even
// if it does not return its score.
func (s *session) demoted(unit int, f Found, held bool) error {
	step := Step{Unit: unit, Holders: s.o.Units[unit], Group: s.groups, True: f.Score, TrueKnown: f.Index >= 0}
	if !step.TrueKnown && s.o.Chain == ChainDemoted {
		// No candidate reached the floor, so the scan has no score for the first unit. It is a new evaluation only if
		// the scan began behind that unit.
		ask := s.score
		if held {
			ask = func(m Mask) (Score, error) { return s.ev.Score(s.ctx, m) }
		}
		sc, err := ask(s.base)
		if err != nil {
			return err
		}
		step.True, step.TrueKnown = sc, true
	}
	step.Recorded = step.True
	if s.o.Chain == ChainLast {
		step.Recorded = f.Last
	}
	s.groups++
	s.low++
	s.res.Chain = append(s.res.Chain, step)
	if s.holds(step.Recorded) {
		if err := s.keep(s.base, step.True); err != nil {
			return err
		}
	}
	s.report(EventMove, step.Recorded)
	return nil
}

// chainOrder lists the units of the start mix, then those of the chain, then the rest: the order in which a strategy
// without a ranking took them. Its reverse begins the promotion list.
func (s *session) chainOrder(start Mask, rest []int) []int {
	order := make([]int, 0, len(s.o.Units))
	for u, holders := range s.o.Units {
		if start.Low(holders[0]) {
			order = append(order, u)
		}
	}
	for _, step := range s.res.Chain {
		order = append(order, step.Unit)
	}
	return append(order, rest...)
}

// fillTrue scores the masks of the chain that no scan scored. The definition does not ask for these scores.
func (s *session) fillTrue() error {
	mask := s.o.Pinned.Clone()
	if s.o.Start.Len() > 0 && !s.res.StartRefused {
		mask.CopyFrom(s.o.Start)
	}
	for i := range s.res.Chain {
		step := &s.res.Chain[i]
		mask.DemoteAll(step.Holders)
		if step.TrueKnown {
			continue
		}
		sc, err := s.ev.Score(s.ctx, mask)
		if err != nil {
			return err
		}
		step.True, step.TrueKnown = sc, true
	}
	return nil
}

// descent estimates the remaining trials of strategy demotion: per step as many as in the recent steps, or up to 2.5
// times as many, but never more than the units that are left at each step.
func descent(f *Forecast, _, _, high float64) (least, most float64, ok bool) {
	if len(f.moves) < 3 {
		return 0, 0, false
	}
	first, last := f.moves[0], f.moves[len(f.moves)-1]
	each := max(float64(last.event.Trials-first.event.Trials)/float64(len(f.moves)-1), 1)
	all := high * (high + 1) / 2
	most = min(all, 2.5*each*high+5)
	least = max(0.5*high*min(each, (high+1)/2), 0.8*high)
	return min(least, most), most, true
}
