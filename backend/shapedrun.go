package backend

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
)

// runner is what a goroutine of the pool does with a job: what the same worker of the block's own shape does.
func (s *shapes) runner(worker int) func(store.Job) report {
	return func(j store.Job) report {
		p := s.blocks[j.Block]
		if !j.Own {
			j.First, j.Trial = s.ready[p.member].First, s.ready[p.member].Trial
		}
		j.Block = p.at
		return s.members[p.member].runners[worker](j)
	}
}

// runShaped is Run for samples of different shapes.
func (e *Evaluator) runShaped(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	s := e.shapes
	concerned := make([]bool, len(s.members))
	for _, p := range s.blocks[b.From:b.To] {
		if m := s.members[p.member]; !concerned[p.member] {
			concerned[p.member] = true
			if !b.Base.Equal(b.Mask) {
				m.stand(b.Base)
			}
			s.ready[p.member] = m.jobOf(b.Mask)
		}
	}
	if e.opts.Metric.IsWhole() && b.To-b.From == len(s.blocks) {
		return e.runShapedWhole(ctx, b, gains)
	}
	return e.pool.run(ctx, store.Job{Mask: b.Mask}, b.From, b.To, nil, gains, e.booked)
}

// runShapedWhole is runWhole for samples of different shapes.
func (e *Evaluator) runShapedWhole(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	var tallies []metric.Tally
	for _, m := range e.shapes.members {
		t, watched := m.judge.Tally(), m.watch
		tallies = append(tallies, t)
		m.watch = func(samples []int, rows []float32) {
			if watched != nil {
				watched(samples, rows)
			}
			t.Add(samples, rows)
		}
		defer func() { m.watch = watched }()
	}
	if err := e.pool.run(ctx, store.Job{Mask: b.Mask}, b.From, b.To, nil, gains, e.booked); err != nil {
		return err
	}
	v, err := e.shapes.judged.Score(ctx, tallies)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = e.opts.Metric.Signed(v)
	return nil
}
