package search

import "slices"

// curve continues past the result: it demotes the units that the mix leaves high one at a time, in the strategy's
// order, and scores every mask. It appends the steps to the chain, marked Past. The mix of the result does not change.
// What it draws is what toolkits call a Pareto curve of score and cost, of one chain of mixes and so a lower bound of
// the true one. It needs an evaluation for each unit that is high.
//
// If the endpoints alone have decided the search, there is no chain. Then the units are ordered by distance, and the
// curve goes all the way from the 16-bit to the 8-bit endpoint. Its steps are Past only if the mix is the 16-bit
// endpoint.
func (s *session) curve() error {
	if len(s.res.Chain) > 0 && s.base.Equal(s.all) {
		return nil // the chains of demotion and greedy are complete already
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
		mask.DemoteAll(s.o.Units[unit])
		sc, err := s.score(mask)
		if err != nil {
			if !past {
				s.res.Chain, s.groups = nil, 0 // a chain leads to the mix
			}
			return err
		}
		s.res.Chain = append(s.res.Chain, Step{Unit: unit, Holders: s.o.Units[unit], Group: s.groups, Past: past, Recorded: sc, True: sc, TrueKnown: true})
		s.groups++
		s.report(EventCurve, sc)
	}
	return nil
}
