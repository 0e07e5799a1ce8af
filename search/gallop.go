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
	size := max(1, len(list)/firstGroup)
	for len(list) > 0 {
		size = min(size, len(list))
		ok, sc, err := s.try(list[:size])
		switch {
		case err != nil:
			return skipped, err
		case ok:
			if err := s.move(list[:size], sc); err != nil {
				return skipped, err
			}
			list = list[size:]
			size *= 2
		case size == 1:
			skipped = append(skipped, list[0])
			list = list[1:]
			size = 1
		default:
			size /= 2
		}
	}
	return skipped, nil
}
