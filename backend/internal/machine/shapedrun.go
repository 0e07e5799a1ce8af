package machine

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// runner is what a goroutine of the pool does with a job: what the same worker of the block's own shape does.
func (s *Shaped) runner(worker int) func(store.Job) report {
	return func(j store.Job) report {
		p := s.blocks[j.Block]
		if !j.Own {
			ready := s.ready[p.member]
			j.First, j.Trial, j.Alone, j.Fleeting = ready.First, ready.Trial, ready.Alone, ready.Fleeting
		}
		j.Block = p.at
		return s.members[p.member].runners[worker](j)
	}
}

// Workers implements bounds.Workers.
func (s *Shaped) Workers() int { return s.opts.Workers }

// Start implements bounds.Workers.
func (s *Shaped) Start(b bounds.Job, hand search.Mask, ticket int, gain *bounds.Gain) {
	s.pool.jobs <- s.members[s.blocks[b.From].member].ahead(b, hand, ticket, gain)
}

// Finish implements bounds.Workers.
func (s *Shaped) Finish() (ticket int, work float64, err error) {
	return s.pool.finish(&s.stats)
}

// Run implements bounds.Machine.
func (s *Shaped) Run(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	concerned := make([]bool, len(s.members))
	for _, p := range s.blocks[b.From:b.To] {
		if m := s.members[p.member]; !concerned[p.member] {
			concerned[p.member] = true
			s.ready[p.member] = m.jobOn(b)
		}
	}
	if s.opts.Metric.IsWhole() && b.To-b.From == len(s.blocks) {
		return s.runWhole(ctx, b, gains)
	}
	return s.pool.run(ctx, store.Job{Mask: b.Mask}, b.From, b.To, nil, gains, s.booked)
}

// runWhole is that of a Single for samples of different shapes.
func (s *Shaped) runWhole(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	var tallies []metric.Accumulator
	for _, m := range s.members {
		t, watched := m.judge.NewAccumulator(), m.watch
		tallies = append(tallies, t)
		m.watch = func(samples []int, rows []float32) {
			if watched != nil {
				watched(samples, rows)
			}
			t.Add(samples, rows)
		}
		defer func() { m.watch = watched }()
	}
	if err := s.pool.run(ctx, store.Job{Mask: b.Mask}, b.From, b.To, nil, gains, s.booked); err != nil {
		return err
	}
	v, err := s.judged.Score(ctx, tallies)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = s.opts.Metric.Signed(v)
	return nil
}
