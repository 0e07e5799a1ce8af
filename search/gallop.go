package search

var gallopStrategy = Strategy{
	Name: "gallop", Does: "groups of growing size, least harmful first", Trials: "2 k log2(n/k), and an order at a few batches per unit", Passes: 10, follow: gallop,
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
// list is not changed. With a head, see HeadEvaluator, the first group, and the one after each that holds, are as large
// as the head allows; after one that does not hold the head has to count more.
func (s *session) gallop(list []int) (skipped []int, err error) {
	s.enter(StepGroups)
	size := max(1, len(list)/firstGroup)
	g, err := s.groupsByHead(list, size)
	for err == nil && len(list) > 0 {
		size = min(g.size, len(list))
		ok, sc, err := s.try(list[:size])
		switch {
		case err != nil:
			return skipped, err
		case ok:
			if err := s.move(list[:size], sc); err != nil {
				return skipped, err
			}
			list = list[size:]
			g, err = s.groupsByHead(list, 2*size)
		case size == 1:
			skipped = append(skipped, list[0])
			list = list[1:]
			g.size = 1
		default:
			err = g.shrink(s, list[:size])
		}
		if err != nil {
			return skipped, err
		}
	}
	return skipped, err
}

// groups is the size of gallop's next group.
type groups struct {
	size  int
	head  head
	extra int // samples of the head that must count beyond head.least: 1, 2, 4, ... after groups that did not hold
}

// groupsByHead is the size of the group after one that held, and of the first: as large as the head allows, at least
// one unit, or else so many units.
func (s *session) groupsByHead(list []int, otherwise int) (g groups, err error) {
	g.size = otherwise
	if len(list) == 0 {
		return g, nil
	}
	if g.head, err = s.headOfBase(); err != nil || g.head.ev == nil {
		return g, err
	}
	g.size, err = g.allowed(s, list)
	return g, err
}

// shrink takes note that a group of several units did not hold. Without a head the next one is half as large.
func (g *groups) shrink(s *session, group []int) (err error) {
	if g.size = len(group) / 2; g.head.ev == nil {
		return nil
	}
	g.extra = max(1, 2*g.extra)
	g.size, err = g.allowed(s, group[:len(group)-1])
	return err
}

// allowed is how many of the first units of a list the head allows to demote together, at least one, by binary search:
// more of them are taken to lose more.
func (g *groups) allowed(s *session, list []int) (int, error) {
	mask := s.base.Clone()
	least, most := 0, len(list) // least are allowed, and more than most are not
	for least < most {
		middle := (least + most + 1) / 2
		mask.CopyFrom(s.base)
		for _, u := range list[:middle] {
			mask.DemoteAll(s.o.Units[u])
		}
		count, _, err := g.head.ev.Head(s.ctx, s.base, mask)
		if err != nil {
			return 0, err
		}
		if count >= g.head.least+g.extra {
			least = middle
		} else {
			most = middle - 1
		}
	}
	return max(1, least), nil
}
