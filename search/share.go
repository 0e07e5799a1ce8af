package search

import (
	"context"
	"math"
	"slices"

	"example.org/demote/mistake"
)

// WithinShare searches for the most accurate mix in which at most a share of all holders, 0..1, is high. Holders that
// are pinned high count. It ignores Options.Target, Start, Chain, Multiplier and Seed.
//
// It orders the units as strategy gallop does and keeps the most sensitive ones high as long as they fit. Then it
// exchanges one demoted unit for one high unit as long as the score rises.
// Result.Promotion has the most harmful unit first. It returns errors as Run does; a mistake.Err too if the share is
// not in 0..1, or if pins alone leave more holders high.
//
// It is the search for a given saving, "90 % of the activations in int8, as accurate as possible", where Run is the
// search for a given score, as AIMET's automatic mixed precision is. Example: a share of 0.1 of 58 holders leaves at
// most 5 high.
func WithinShare(ctx context.Context, ev Evaluator, o Options, share float64) (Result, error) {
	const name = "share"
	if !(share >= 0 && share <= 1) {
		return Result{Strategy: name, Stop: StopError}, mistake.Errorf("share of int16 %v: it must lie in 0..1", share)
	}
	return runFree(ctx, ev, o, name, func(s *session) error { return s.within(share) })
}

// runFree is run without a target: every mix holds.
func runFree(ctx context.Context, ev Evaluator, o Options, name string, strategy func(*session) error) (Result, error) {
	if o.Proof != nil {
		return Result{Strategy: name, Stop: StopError}, mistake.Errorf("a proof is about a target: leave it out")
	}
	o.Target, o.free, o.Start = math.Inf(-1), true, Mask{}
	return run(ctx, ev, o, name, strategy)
}

// shareFrom is how many units exchangeOne takes from either side.
const shareFrom = 16

// shareSlack corrects the rounding of shares to float64: 29 % of 100 holders are 29, not 28.999.
const shareSlack = 1e-9

// within is the strategy of WithinShare.
func (s *session) within(share float64) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	limit := int(math.Floor(share*float64(s.o.Holders) + shareSlack))
	high := s.o.Holders - s.all.Count() // holders that no unit has, not pinned low
	if high > limit {
		return mistake.Errorf("%d holders are held at int16, the share allows %d of %d", high, limit, s.o.Holders)
	}
	mask := s.all.Clone()
	for _, u := range slices.Backward(r.units) {
		if holders := s.o.Units[u]; high+len(holders) <= limit {
			mask.PromoteAll(holders)
			high += len(holders)
		}
	}
	if err := s.keepLow(); err != nil {
		return err
	}
	sc, err := s.score(mask)
	if err != nil {
		return err
	}
	if err := s.begin(mask, sc); err != nil {
		return err
	}
	for {
		better, err := s.exchangeOne(r, limit)
		if err != nil || !better {
			return err
		}
	}
}

// exchangeOne makes the first exchange of a demoted unit for a high one that raises the score and stays within the
// limit. It returns whether there was one. r is the ranking, limit the number of holders that may be high. The list has
// at most 256 exchanges, the most harmful demoted unit against the least harmful high ones first.
func (s *session) exchangeOne(r ranking, limit int) (bool, error) {
	high := s.o.Holders - s.base.Count()
	rest := s.restOf(r.units)
	rest = rest[:min(len(rest), shareFrom)]
	var list [][2]int
	tried := 0
	for _, up := range slices.Backward(r.units) {
		if !s.base.Low(s.o.Units[up][0]) {
			continue
		}
		if tried++; tried > shareFrom {
			break
		}
		for _, down := range rest {
			if high+len(s.o.Units[up])-len(s.o.Units[down]) <= limit {
				list = append(list, [2]int{up, down})
			}
		}
	}
	if len(list) == 0 {
		return false, nil
	}
	masks := s.candidates(len(list))
	for i, e := range list {
		masks[i].CopyFrom(s.base)
		masks[i].PromoteAll(s.o.Units[e[0]])
		masks[i].DemoteAll(s.o.Units[e[1]])
	}
	f, err := s.scan(masks, Bound{Above: s.res.Score.Float(), Floor: math.Inf(1)})
	if err != nil || !f.Passed {
		return false, err
	}
	return true, s.exchange(list[f.Index][:1], list[f.Index][1:], f.Score)
}
