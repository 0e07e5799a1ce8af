package search

import "slices"

var (
	improveStrategy = Strategy{
		Name: "improve", Does: "retries of single units, then swaps, from the start mix", Trials: "until nothing helps", follow: improve,
		outlook: outlook{ranked: [2]float64{12, 800}, left: improving},
	}
	autoStrategy = Strategy{
		Name: "auto", Does: "gallop, then improve", Trials: "those of gallop, then k and swaps at the price of 4 passes for each unit that improve wins, or the budget", follow: auto,
		outlook: outlook{ranked: [2]float64{12, 430}, left: func(f *Forecast, n, done, high float64) (least, most float64, ok bool) {
			if f.budget != (Budget{}) {
				return improving(f, n, done, high)
			}
			// The rest of gallop, retries of the units that it leaves high, and the swaps within improve's patience,
			// which fail early: a network of swaps takes about as long as a trial.
			swaps := min(autoPatience*onePass/scanPrice, n*high*(high-1)/2)
			return max(8-done, 0.3*high), max(30-done, high) + high + swaps, true
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

// improve starts from the start mix, or from the all-high mix, and changes it until no move helps. It is meant for a
// mix that another search, or a user, has found.
func improve(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	return s.improve(r, improvePatience)
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
	patience := improvePatience
	if s.o.Budget == (Budget{}) {
		patience = autoPatience
	}
	return s.improve(r, patience)
}

// improve alternates two steps. First it tries every high unit that did not fail alone on this base, the least harmful
// first, until none is left. Then it tries swaps; after one that holds it begins again. patience is what swaps may
// cost, in passes, before one holds. At the end come exchanges, which lower the price.
//
// It is a local search: it ends in a mix that no retry and no swap of its lists betters. It always ends, because every
// move saves more than the base before it, or as much with one more unit demoted.
func (s *session) improve(r ranking, patience int) error {
	for {
		s.enter(StepRetries)
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
		if err != nil {
			return err
		}
		if !swapped {
			return s.exchanges(r)
		}
	}
}

// untried lists the units of an order that are high in the base and have not failed alone on it: gallop, a walk or a
// try before may have refused them already.
func (s *session) untried(order []int) []int {
	return slices.DeleteFunc(s.restOf(order), func(u int) bool { return s.refused[u] })
}

// sum is the harm of several units.
func (r ranking) sum(units []int) (sum float64) {
	for _, u := range units {
		sum += r.harm[u]
	}
	return sum
}
