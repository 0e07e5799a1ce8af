package machine

import (
	"context"
	"crypto/sha256"

	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Row implements Machine.
func (s *Shaped) Row() int { return rowOf(s.judges()) }

// rowOf is the length of all output rows that judges read; 0 where they have different ones.
func rowOf(judges []*metric.Scorer) int {
	n := judges[0].Length()
	for _, j := range judges[1:] {
		if j.Length() != n {
			return 0
		}
	}
	return n
}

// Plan chooses the cuts of every member, and sums up.
func (s *Shaped) Plan() (all Plan, err error) {
	seconds, expected := 0.0, 0.0
	for _, m := range s.members {
		p, err := m.Plan()
		if err != nil {
			return all, err
		}
		took := p.Whole * float64(m.data.Len())
		all.Wholes = append(all.Wholes, p.Whole)
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

// SelfTest is SelfTest of every member, until one shows a dependence.
func (s *Shaped) SelfTest() (dep *Dependence, err error) {
	for _, m := range s.members {
		if dep, err = m.SelfTest(); dep != nil || err != nil {
			return dep, err
		}
	}
	return nil, nil
}

// Bits implements Machine.
func (s *Shaped) Bits() []byte {
	h := sha256.New()
	for _, m := range s.members {
		if m.bits == nil {
			return nil
		}
		h.Write(m.bits)
	}
	return h.Sum(nil)
}

// HiddenNaN is the first sample of all, as a member's hiddenNaN finds them.
func (s *Shaped) HiddenNaN(ctx context.Context) (int, error) {
	first := -1
	for i, m := range s.members {
		at, err := m.HiddenNaN(ctx)
		if err != nil {
			return -1, err
		}
		if at >= 0 && (first < 0 || s.of[i][at] < first) {
			first = s.of[i][at]
		}
	}
	return first, nil
}

// Give tells the members what their samples gain without demotions.
func (s *Shaped) Give(gained []metric.Verdict) {
	for i, m := range s.members {
		m.gained = pick(gained, s.of[i])
	}
}

// HasHead implements Machine: samples of several shapes have no head.
func (s *Shaped) HasHead(int) {}

// Fleeting implements Machine.
func (s *Shaped) Fleeting(on bool) {
	for _, m := range s.members {
		m.fleeting = on
	}
}

// LayOut lays the samples of each member out in an order of all of them.
func (s *Shaped) LayOut(order []int) error {
	orders := make([][]int, len(s.members))
	for _, sample := range order {
		p := s.samples[sample]
		orders[p.member] = append(orders[p.member], p.at)
	}
	for i, m := range s.members {
		if err := m.LayOut(orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// Order is the layout of all samples, block by block.
func (s *Shaped) Order() (list []int) {
	for _, p := range s.blocks {
		for _, at := range s.members[p.member].data.SamplesOf(p.at) {
			list = append(list, s.of[p.member][at])
		}
	}
	return list
}

// Count implements Machine.
func (s *Shaped) Count(all *Stats) {
	own := s.stats
	all.Busy, all.NoOps, all.Blocks = all.Busy+own.Busy, all.NoOps+own.NoOps, all.Blocks+own.Blocks
	all.Samples, all.Parts, all.Moved, all.Restored = all.Samples+own.Samples, all.Parts+own.Parts, all.Moved+own.Moved, all.Restored+own.Restored
	for _, m := range s.members {
		m.Count(all)
	}
}

// RowOf implements Machine.
func (s *Shaped) RowOf(sample int) int { return s.members[s.samples[sample].member].judge.Length() }

// Judged implements Machine.
func (s *Shaped) Judged(m *metric.Metric) int { return s.members[0].Judged(m) }

// Steps implements Machine.
func (s *Shaped) Steps() int { return s.members[0].Steps() }

// Verdict implements Machine.
func (s *Shaped) Verdict(row []float32, sample int) metric.Verdict {
	p := s.samples[sample]
	return s.members[p.member].Verdict(row, p.at)
}

// GainOfHit implements Machine.
func (s *Shaped) GainOfHit(hit bool, sample int) (gain float64, ok bool) {
	p := s.samples[sample]
	return s.members[p.member].GainOfHit(hit, p.at)
}

// Margin implements Machine.
func (s *Shaped) Margin(row []float32, sample int, v metric.Verdict) float64 {
	p := s.samples[sample]
	return s.members[p.member].Margin(row, p.at, v)
}

// Before implements Machine.
func (s *Shaped) Before(blocks int) (samples int) {
	for _, p := range s.blocks[:blocks] {
		samples += len(s.members[p.member].data.SamplesOf(p.at))
	}
	return samples
}

// Watch implements Machine.
func (s *Shaped) Watch(ctx context.Context, f func(sample int, row []float32)) (unwatch func(), err error) {
	var all []func()
	unwatch = func() {
		for _, own := range all {
			own()
		}
	}
	for i, m := range s.members {
		own, err := m.Watch(ctx, func(sample int, row []float32) { f(s.of[i][sample], row) })
		if err != nil {
			unwatch()
			return nil, err
		}
		all = append(all, own)
	}
	return unwatch, nil
}

// Apart implements Machine.
func (s *Shaped) Apart(ctx context.Context, mask search.Mask) (sum float64, count int, err error) {
	err = s.eachOf(func(m *Single) error {
		own, n, err := m.Apart(ctx, mask)
		sum, count = sum+own, count+n
		return err
	})
	return sum, count, err
}
