package backend

import "context"

// row is the length of all output rows; 0 where they have different ones.
func (s *shapes) row() int {
	n := s.members[0].judge.Length()
	for _, m := range s.members[1:] {
		if m.judge.Length() != n {
			return 0
		}
	}
	return n
}

// plan chooses the cuts of every member, and sums up.
func (s *shapes) plan() (all Plan, err error) {
	seconds, expected := 0.0, 0.0
	for _, m := range s.members {
		p, err := m.Plan()
		if err != nil {
			return all, err
		}
		took := p.Whole * float64(m.data.Len())
		seconds, expected = seconds+took, expected+took*p.Expected
		all.Parts, all.Bytes, all.Blocked = all.Parts+p.Parts, all.Bytes+p.Bytes, all.Blocked+p.Blocked
		if all.Cuts == nil || len(p.Cuts) > len(all.Cuts) {
			all.Cuts = p.Cuts
		}
	}
	all.Whole = seconds / float64(len(s.blocks))
	if seconds > 0 {
		all.Expected = expected / seconds
	}
	return all, nil
}

// selfTest is SelfTest of every member, until one shows a dependence.
func (s *shapes) selfTest() (dep *Dependence, err error) {
	for _, m := range s.members {
		if dep, err = m.SelfTest(); dep != nil || err != nil {
			return dep, err
		}
	}
	return nil, nil
}

// hiddenNaN is the first sample of all, as a member's hiddenNaN finds them.
func (s *shapes) hiddenNaN(ctx context.Context) (int, error) {
	first := -1
	for i, m := range s.members {
		at, err := m.hiddenNaN(ctx)
		if err != nil {
			return -1, err
		}
		if at >= 0 && (first < 0 || s.of[i][at] < first) {
			first = s.of[i][at]
		}
	}
	return first, nil
}

// give tells the members what their samples gain without demotions.
func (s *shapes) give(gained []float64) {
	for i, m := range s.members {
		m.gained = pick(gained, s.of[i])
	}
}

// layOut lays the samples of each member out in an order of all of them.
func (s *shapes) layOut(order []int) error {
	orders := make([][]int, len(s.members))
	for _, sample := range order {
		p := s.samples[sample]
		orders[p.member] = append(orders[p.member], p.at)
	}
	for i, m := range s.members {
		if err := m.layOut(orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// order is the layout of all samples, block by block.
func (s *shapes) order() (list []int) {
	for _, p := range s.blocks {
		for _, at := range s.members[p.member].data.SamplesOf(p.at) {
			list = append(list, s.of[p.member][at])
		}
	}
	return list
}

// count adds what the members have done to the counts of the whole, which has none of the runtime's seconds itself.
func (s *shapes) count(all *Stats) {
	for _, m := range s.members {
		own := m.stats
		all.Blocks, all.Samples, all.Parts, all.Moved = all.Blocks+own.Blocks, all.Samples+own.Samples, all.Parts+own.Parts, all.Moved+own.Moved
		all.Restored, all.NoOps, all.Busy = all.Restored+own.Restored, all.NoOps+own.NoOps, all.Busy+own.Busy
		all.Runtime += m.ran + m.chain.Seconds()
	}
}
