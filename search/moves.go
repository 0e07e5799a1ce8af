package search

import "math"

// hold is the question whether a candidate holds, and no more: the infinite floor says that the best of those that do
// not is not wanted, so that the evaluator may leave a candidate as soon as it cannot pass.
func (s *session) hold() Bound { return Bound{Above: s.o.Target, Floor: math.Inf(1)} }

// try evaluates the base with the listed units demoted too. It returns whether that mix holds, and its score if so. The
// base stays: move demotes the units. The mix of all units is not evaluated where the endpoints have shown that it
// fails.
func (s *session) try(units []int) (bool, Score, error) {
	c := s.candidates(1)
	c[0].CopyFrom(s.base)
	for _, u := range units {
		c[0].DemoteAll(s.o.Units[u])
	}
	if s.allFails() && c[0].Equal(s.all) {
		s.refuse(units)
		return false, Score{}, nil
	}
	f, err := s.scan(c, s.hold())
	if err == nil && !f.Passed {
		s.reject(units)
	}
	return f.Passed, f.Score, err
}

// reject is refuse of units that were evaluated for it, and says so.
func (s *session) reject(units []int) {
	s.refuse(units)
	s.report(EventRefused, Score{})
}

// refuse records a single unit that did not hold on top of the base, so that improve does not try it again there. A
// group that failed says nothing of its units.
func (s *session) refuse(units []int) {
	if len(units) == 1 {
		s.refused[units[0]] = true
	}
}

// allFails reports whether the endpoints have shown that the mask with every unit demoted does not hold. They have not
// if the 8-bit endpoint is another network, whose score is below the target.
func (s *session) allFails() bool { return !s.o.free && (s.o.Low == nil || s.res.LowRefused) }

// move demotes units as one step of the chain. The mix holds with the score sc.
func (s *session) move(units []int, sc Score) error { return s.exchange(nil, units, sc) }

// exchange promotes some units and demotes others in one step of the chain. The mix after it holds, with the score sc;
// it becomes the base and the best mix. What was refused on top of the old base is forgotten. The error is that of
// Options.Best.
func (s *session) exchange(up, down []int, sc Score) error {
	for i := range len(up) + len(down) {
		step := Step{Group: s.groups, Promoted: i < len(up), Recorded: sc, True: sc, TrueKnown: true}
		if step.Promoted {
			step.Unit = up[i]
			s.base.PromoteAll(s.o.Units[step.Unit])
		} else {
			step.Unit = down[i-len(up)]
			s.base.DemoteAll(s.o.Units[step.Unit])
		}
		step.Holders = s.o.Units[step.Unit]
		s.res.Chain = append(s.res.Chain, step)
	}
	s.groups++
	s.low += len(down) - len(up)
	clear(s.refused)
	if err := s.keep(s.base, sc); err != nil {
		return err
	}
	s.report(EventMove, sc)
	return nil
}

// walk tries the units one at a time in their order. It demotes each one that holds and returns the others. It asks for
// all that are left in one scan, which ends at the first that holds; then the base has moved, and the rest are asked
// for again on top of it. An evaluator may so run several candidates side by side.
func (s *session) walk(units []int) (refused []int, err error) {
	for len(units) > 0 {
		f, err := s.scan(s.singles(units), s.hold())
		if err != nil {
			return refused, err
		}
		looked := len(units)
		if f.Passed {
			looked = f.Index
		}
		for _, u := range units[:looked] {
			s.refused[u] = true
		}
		if !f.Passed {
			s.report(EventRefused, Score{})
			return append(refused, units...), nil
		}
		refused = append(refused, units[:f.Index]...)
		if err := s.move(units[f.Index:f.Index+1], f.Score); err != nil {
			return refused, err
		}
		units = units[f.Index+1:]
	}
	return refused, nil
}

// cost is the sum of the costs of units: what demoting them saves.
func (s *session) cost(units []int) float64 {
	sum := 0.0
	for _, u := range units {
		sum += s.o.Cost[u]
	}
	return sum
}
