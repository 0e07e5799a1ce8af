package search

import "sort"

// A front decides the groups of gallop on a part of the samples, see FrontEvaluator. A group whose mix has more samples
// wrong there than the target allows in all is refused, as all samples would refuse it. One that leaves something over
// is kept tentatively, and the next groups are tried on top of it; only the last mix of such groups is scored in full.
// If that holds, all of them are one step of the chain. If not, the last mix among them that holds is found by halves,
// and the strategy goes on from there without a front. So what becomes the base was scored in full, always.
//
// A search with a budget, which may end any moment, has no front, and neither has one that shows the way to its result.
type front struct {
	ev      FrontEvaluator // nil: every group is scored in full
	allowed int            // samples that may be wrong
	reserve int            // of these, those that are kept for the rest of the samples
	kept    []tentative    // on top of the session's base
	base    Mask           // the session's base with them
}

// tentative is a group that was kept by the front.
type tentative struct {
	units  []int
	before galloping // what it was taken from
}

// frontReserve divides the samples that the target allows beyond those that the base has wrong, to give what is kept
// for the rest of the samples, beside one.
const frontReserve = 20

// frontOfBase is the front for mixes on top of the base.
func (s *session) frontOfBase() (f front, err error) {
	ev, is := s.ev.(FrontEvaluator)
	if !is || s.o.Budget != (Budget{}) || s.o.Curve || s.o.free {
		return f, nil
	}
	sc, err := s.ev.Score(s.ctx, s.base) // known
	if err != nil || !s.holds(sc) {
		return f, err
	}
	least := sort.Search(sc.Total, func(count int) bool { return s.holds(Score{Count: count, Total: sc.Total}) })
	f.allowed = sc.Total - least
	if _, ok, err := ev.Front(s.ctx, s.base, s.base, f.allowed); !ok || err != nil {
		return front{}, err
	}
	f.ev, f.base = ev, s.base.Clone()
	f.reserve = 1 + (sc.Count-least)/frontReserve
	return f, nil
}

// units lists those of the groups that are kept, in their order.
func (f *front) units(kept []tentative) (list []int) {
	for _, t := range kept {
		list = append(list, t.units...)
	}
	return list
}

// try decides a group on top of what is kept. A group that was scored in full, and holds, has moved the base.
func (f *front) try(s *session, g galloping) (held bool, err error) {
	group := g.group()
	if f.ev == nil {
		ok, sc, err := s.try(group)
		if ok && err == nil {
			err = s.move(group, sc)
		}
		return ok, err
	}
	units := append(f.units(f.kept), group...)
	mask := s.moved(nil, units)
	if s.allFails() && mask.Equal(s.all) {
		s.refuse(group)
		return false, nil
	}
	wrong, _, err := f.ev.Front(s.ctx, f.base, mask, f.allowed)
	if err != nil {
		return false, err
	}
	s.seen++
	s.res.Evaluations++
	if wrong > f.allowed {
		s.reject(group)
		return false, nil
	}
	if wrong <= f.allowed-f.reserve {
		f.kept = append(f.kept, tentative{group, g})
		f.base.CopyFrom(mask)
		clear(s.refused)
		return true, nil
	}
	found, err := s.ask(f.base, []Mask{mask}, s.hold()) // it counts as one evaluation with its front
	switch {
	case err != nil:
		return false, err
	case !found.Passed:
		s.reject(group)
		return false, nil
	}
	f.kept = f.kept[:0]
	f.base.CopyFrom(mask)
	return true, s.move(units, found.Score)
}

// settle scores the mix of what is kept in full, and moves the base there. If it does not hold, the base moves to the
// last of the mixes before it that is found to hold, and settle returns the galloping that goes on from there. g is
// where it has come to.
func (f *front) settle(s *session, g galloping) (back galloping, ok bool, err error) {
	if len(f.kept) == 0 {
		return g, true, nil
	}
	// holding of the groups hold together, failing of them do not
	holding, failing, best := 0, len(f.kept)+1, Score{}
	for at := len(f.kept); failing-holding > 1; at = (holding + failing) / 2 {
		found, err := s.ask(f.base, []Mask{s.moved(nil, f.units(f.kept[:at]))}, s.hold())
		switch {
		case err != nil:
			return g, false, err
		case found.Passed:
			holding, best = at, found.Score
		default:
			failing = at
		}
	}
	kept := f.kept
	f.kept = nil
	if holding > 0 {
		if err := s.move(f.units(kept[:holding]), best); err != nil {
			return g, false, err
		}
	}
	all := holding == len(kept)
	if !all {
		g = kept[holding].before
	}
	clear(s.refused) // but what was tried on top of the mix that is the base now
	for _, u := range g.skipped[g.since:] {
		s.refused[u] = true
	}
	if all {
		return g, true, nil
	}
	f.ev = nil
	s.reject(g.group())
	return g.next(false), false, nil
}
