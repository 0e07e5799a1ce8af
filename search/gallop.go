package search

var gallopStrategy = Strategy{
	Name: "gallop", Does: "groups of growing size, least harmful first", Trials: "2 k log2(n/k), and an order at a few blocks a unit", follow: gallop,
	outlook: outlook{ranked: [2]float64{8, 70}, left: func(_ *Forecast, _, done, high float64) (least, most float64, ok bool) {
		return max(6-done, 0), max(30-done, 0.8*high+2), true
	}},
}

// firstGroup divides the units for the size of gallop's first group, at least one. A group too large costs a trial that
// bounds end early, one too small a trial in full.
const firstGroup = 2

// gallop orders the units by how far each alone moves the outputs, then demotes groups from the least harmful on. A group
// that holds stays and the next is twice as large; one that does not is halved (rounded down); a single unit that does not
// is skipped, and the next group is one unit again.
func gallop(s *session) error {
	r, err := s.rankByDistance()
	if err != nil {
		return err
	}
	_, err = s.gallop(s.restOf(r.units))
	return err
}

// gallop tries the groups of a list and returns the units that it skipped.
func (s *session) gallop(list []int) (skipped []int, err error) {
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
