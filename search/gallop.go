package search

var gallopStrategy = Strategy{
	Name: "gallop", Does: "groups of growing size, least harmful first", Trials: "2 k log2(n/k), and an order at a few batches per unit", follow: gallop,
	outlook: outlook{ranked: [2]float64{8, 70}, left: func(_ *Forecast, _, done, high float64) (least, most float64, ok bool) {
		return max(6-done, 0), max(30-done, 0.8*high+2), true
	}},
}

// firstGroup divides the number of units to give the size of gallop's first group, at least one. A group that is too
// large costs an evaluation that stops early; one that is too small costs an evaluation in full.
const firstGroup = 2

// gallop orders the units by their sensitivity, then demotes groups, the least harmful first. A group that holds stays
// demoted, and the next one is twice as large. A group that does not hold is halved (rounded down). A single unit that
// does not hold is skipped, and the next group is one unit again. Compare exponential search: Bentley and Yao, An
// almost optimal algorithm for unbounded searching, Information Processing Letters 5, 1976.
//
// It is quick where few units stay high and the order puts them last: about 2 k log2(n/k) evaluations, and those that
// hold are the dear ones, because the evaluator leaves the others early. Example, 8 units in order, of which the fifth
// breaks the target: 1-4 hold; 5-8 do not, 5-6 do not, 5 does not and is skipped; 6 holds, 7-8 hold.
func gallop(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	_, err = s.gallop(s.restOf(r.units))
	return err
}

// gallop tries the groups of a list, of units that are high in the base, and returns the units that it skipped. The
// list is not changed.
func (s *session) gallop(list []int) (skipped []int, err error) {
	s.enter(StepGroups)
	f, err := s.frontOfBase()
	if err != nil {
		return nil, err
	}
	g := galloping{list: list, size: max(1, len(list)/firstGroup)}
	for {
		for len(g.list) > 0 {
			held, err := f.try(s, g)
			if err != nil {
				return g.skipped, err
			}
			g = g.next(held)
		}
		back, settled, err := f.settle(s, g)
		if settled || err != nil {
			return g.skipped, err
		}
		g = back
	}
}

// galloping is how far gallop has come. Its lists are shared, and not changed.
type galloping struct {
	list    []int // units that are undecided
	size    int   // of the next group, if there are so many
	skipped []int // units that did not hold
	since   int   // of these, those before the last group that held
}

// group is the next group.
func (g galloping) group() []int { return g.list[:min(g.size, len(g.list))] }

// next is what follows the group, which held or not.
func (g galloping) next(held bool) galloping {
	switch n := len(g.group()); {
	case held:
		g.list, g.size, g.since = g.list[n:], 2*n, len(g.skipped)
	case n == 1:
		g.skipped = append(g.skipped[:len(g.skipped):len(g.skipped)], g.list[0])
		g.list, g.size = g.list[1:], 1
	default:
		g.size = n / 2
	}
	return g
}
