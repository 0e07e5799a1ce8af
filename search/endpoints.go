package search

// endpoints scores the 16-bit and the 8-bit endpoint (Demotion, steps 1 and 2) and sets over if they decide:
//
//	16-bit score below the target    otherEnd decides, or the start mix
//	8-bit score above the target     the all-low mix is the result, if it holds itself
//	otherwise                        the strategy runs, with the 8-bit score as the floor of its scans
//
// The 16-bit endpoint is the base, the mix with the pinned holders alone low. The 8-bit endpoint is the mix with every
// unit demoted, or with Options.Low a network of its own, the 8-bit file of a pair, whose score may differ.
func (s *session) endpoints() error {
	high, err := s.score(s.base)
	if err != nil {
		return err
	}
	s.res.High, s.res.Score = high, high
	s.report(EventHigh, high)
	// The negation makes a NaN miss the target.
	if !(high.Float() >= s.o.Target) && !s.o.free {
		return s.otherEnd()
	}
	if !s.o.free { // else it may cost more than is allowed
		s.res.Found = true
		if err := s.keep(s.base, high); err != nil {
			return err
		}
	}
	low, err := s.lowScore()
	if err != nil {
		return err
	}
	s.res.Low, s.floor = low, low
	s.report(EventLow, low)
	if s.o.free || !s.holds(low) {
		return nil
	}
	mix := low
	if s.o.Low != nil {
		// The mask is exported, so it must hold itself. The definition does not ask for this score.
		if mix, err = s.ev.Score(s.ctx, s.all); err != nil {
			return err
		}
		s.res.AllLow = mix
		if !s.holds(mix) {
			s.res.LowRefused, s.floor = true, mix
			s.note("low-differs", "the 8-bit network is above the target, but the mix of all low records is not: the search goes on", "")
			return nil
		}
	}
	s.over = true
	return s.keep(s.all, mix)
}

// otherEnd handles a 16-bit endpoint below the target. The mix with every unit demoted may be better, and so may the
// start mix, which start tries afterwards. The definition, Demotion, does not ask for these scores, so they do not
// count. If the all-low mix does not hold either, it is the result if it scores no less than the 16-bit endpoint.
func (s *session) otherEnd() error {
	s.over = true
	if s.o.OneEnd {
		return nil
	}
	mix, err := s.ev.Score(s.ctx, s.all)
	if err != nil {
		return err
	}
	s.res.Low, s.floor = mix, mix
	if s.o.Low != nil {
		s.res.Low, s.res.AllLow = *s.o.Low, mix
	}
	s.report(EventLow, s.res.Low)
	if s.holds(mix) {
		s.res.Found = true
		return s.keep(s.all, mix)
	}
	if mix.Float() >= s.res.High.Float() {
		s.take(s.all, mix)
	}
	s.over = s.o.Start.Len() == 0 || s.o.Start.Equal(s.base)
	return nil
}

// lowScore scores the 8-bit endpoint. It counts as an evaluation even if Options.Low has its score, so that counts can
// be compared with those of the reference, which runs the 8-bit network.
func (s *session) lowScore() (Score, error) {
	if s.o.Low == nil {
		return s.score(s.all)
	}
	s.res.Evaluations++
	return *s.o.Low, nil
}

// start makes the start mix the base if it holds, and says so if it does not. Where the 16-bit endpoint misses the
// target, a start mix that does not hold ends the search.
func (s *session) start() error {
	if s.o.Start.Len() == 0 || s.o.Start.Equal(s.base) {
		return nil
	}
	sc, err := s.score(s.o.Start)
	if err != nil {
		return err
	}
	switch {
	case s.holds(sc):
	case !s.res.Found:
		s.over, s.res.StartRefused = true, true
		return nil
	default:
		s.res.StartRefused = true
		s.note("start-refused", "the start mix is not above the target: the search starts from the 16-bit network", "")
		return nil
	}
	s.res.Found = true
	s.base.CopyFrom(s.o.Start)
	s.low = len(s.o.Units) - len(s.rest())
	return s.keep(s.base, sc)
}

// rest lists the units that are high in the base, in unit order. The caller owns the list. A unit is high or low as a
// whole, so its first holder tells.
func (s *session) rest() []int {
	list := make([]int, 0, len(s.o.Units))
	for u, holders := range s.o.Units {
		if !s.base.Low(holders[0]) {
			list = append(list, u)
		}
	}
	return list
}
