package backend

import (
	"context"

	"example.org/demote/backend/bounds"
)

// runner is what a goroutine of the pool does with a job: what the same worker of the block's own shape does.
func (s *shapes) runner(worker int) func(job) report {
	return func(j job) report {
		p := s.blocks[j.block]
		if !j.own {
			j.first, j.trial = s.ready[p.member].first, s.ready[p.member].trial
		}
		j.block = p.at
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
	return e.pool.run(ctx, job{mask: b.Mask}, b.From, b.To, nil, gains, e.booked)
}

// runShapedWhole is runWhole for samples of different shapes.
func (e *Evaluator) runShapedWhole(ctx context.Context, b bounds.Job, gains []bounds.Gain) error {
	metric := e.opts.Metric
	var tallies []tally
	for _, m := range e.shapes.members {
		t, watched := metric.whole(&m.judge, m.samples), m.watch
		tallies = append(tallies, t)
		m.watch = func(samples []int, rows []float32) {
			if watched != nil {
				watched(samples, rows)
			}
			t.add(samples, rows)
		}
		defer func() { m.watch = watched }()
	}
	if err := e.pool.run(ctx, job{mask: b.Mask}, b.From, b.To, nil, gains, e.booked); err != nil {
		return err
	}
	v, err := e.tallied(ctx, tallies)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = metric.signed(v)
	return nil
}

// tallied is the number that the tallies of all shapes make together.
func (e *Evaluator) tallied(ctx context.Context, list []tally) (float64, error) {
	switch first := list[0].(type) {
	case *counts:
		for _, other := range list[1:] {
			for i, n := range other.(*counts).sum {
				first.sum[i] += n
			}
		}
		return first.score(ctx)
	case *gathered:
		return first.all(ctx, e.outputsOf(list))
	}
	panic("backend: a tally that cannot be added up")
}

// outputsOf are the outputs that the tallies of all shapes have gathered, in the order of the data.
func (e *Evaluator) outputsOf(list []tally) WholeOutputs {
	s := e.shapes
	o := WholeOutputs{Samples: e.samples, Labels: e.opts.Own, Sample: func(sample int) Sample {
		p := s.samples[sample]
		return s.members[p.member].judge.sample(p.at)
	}}
	differ := false
	first := s.members[0].judge.rowDims()
	for sample, p := range s.samples {
		j := &s.members[p.member].judge
		o.Rows = append(o.Rows, list[p.member].(*gathered).rows[p.at*j.row:(p.at+1)*j.row]...)
		o.Shapes = append(o.Shapes, j.rowDims())
		for i, d := range o.Shapes[sample] {
			differ = differ || d != first[i]
		}
	}
	if !differ {
		o.Dims, o.Shapes = first, nil
	}
	return o
}
