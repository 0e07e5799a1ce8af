package search

// curve walks on past the result: it demotes the units that the mix leaves high one at a time, those that the strategy
// took last at the end, and scores every mask. The steps go to the end of the chain, marked Past; the mix stays as it is.
func (s *session) curve() error {
	if len(s.res.Chain) > 0 && s.base.Equal(s.all) {
		return nil // the chain of the reference and of greedy goes to its end by itself
	}
	mask := s.res.Mask.Clone()
	for i := len(s.res.Promotion) - 1; i >= 0; i-- {
		unit := s.res.Promotion[i]
		mask.demoteAll(s.o.Units[unit])
		sc, err := s.score(mask)
		if err != nil {
			return err
		}
		s.res.Chain = append(s.res.Chain, Step{Unit: unit, Holders: s.o.Units[unit], Group: s.groups, Past: true, Recorded: sc, True: sc, TrueKnown: true})
		s.groups++
		s.tell(EventCurve, sc)
	}
	return nil
}
