package search

import "slices"

// curve walks on past the result: it demotes the units that the mix leaves high one at a time, those that the strategy
// took last at the end, and scores every mask. The steps go to the end of the chain, marked Past; the mix stays as it is.
//
// Where the endpoints alone have decided there is no chain yet. Then the units are ordered by distance, and the curve is
// the whole way from the 16-bit to the 8-bit end; its steps are Past only if the mix is at the beginning of it.
func (s *session) curve() error {
	if len(s.res.Chain) > 0 && s.base.Equal(s.all) {
		return nil // the chain of the reference and of greedy goes to its end by itself
	}
	mask, past := s.res.Mask.Clone(), true
	if s.over {
		if _, err := s.rankByDistance(); err != nil {
			return err
		}
		mask.CopyFrom(s.o.Pinned)
		past = !s.res.Mask.Equal(s.all)
		s.res.Promotion = s.promotion()
		s.res.StartRefused = s.o.Start.Len() > 0
	}
	way := slices.Clone(s.res.Promotion)
	slices.Reverse(way)
	if !past {
		way = s.res.Order
	}
	for _, unit := range way {
		mask.demoteAll(s.o.Units[unit])
		sc, err := s.score(mask)
		if err != nil {
			if !past {
				s.res.Chain, s.groups = nil, 0 // a chain leads to the mix
			}
			return err
		}
		s.res.Chain = append(s.res.Chain, Step{Unit: unit, Holders: s.o.Units[unit], Group: s.groups, Past: past, Recorded: sc, True: sc, TrueKnown: true})
		s.groups++
		s.tell(EventCurve, sc)
	}
	return nil
}
