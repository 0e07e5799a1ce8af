package machine

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
)

// Rule implements Machine.
func (e *Single) Rule() (*bounds.Rule, error) {
	return metric.RuleOf([]*metric.Scorer{e.judge}, e.data.Sizes(), looks(e.can, e.judge.Served()))
}

// HasHead implements Machine.
func (e *Single) HasHead(samples int) { e.head, e.far = samples, nil }

// Fleeting implements Machine.
func (e *Single) Fleeting(on bool) { e.fleeting = on }

// Watch implements Machine.
func (e *Single) Watch(ctx context.Context, f func(sample int, row []float32)) (unwatch func(), err error) {
	back, err := e.under(ctx)
	if err != nil {
		return nil, err
	}
	e.watch = func(samples []int, rows []float32) {
		for slot, sample := range samples {
			f(sample, e.judge.RowOf(rows, slot))
		}
	}
	return func() {
		e.watch = nil
		back()
	}, nil
}

// under has another context end what runs from now on, until back is called.
func (e *Single) under(ctx context.Context) (back func(), err error) {
	before := e.ctx
	if err := e.device.Watch(ctx); err != nil {
		return nil, err
	}
	e.ctx = ctx
	return func() {
		e.ctx = before
		_ = e.device.Watch(before) // fails where the device is closed: then nothing runs any more
	}, nil
}

// Row implements Machine.
func (e *Single) Row() int { return e.judge.Length() }

// RowOf implements Machine.
func (e *Single) RowOf(int) int { return e.judge.Length() }

// Judged implements Machine.
func (e *Single) Judged(m *metric.Metric) int { return judgedBy(e.judge, m) }

func judgedBy(j *metric.Scorer, m *metric.Metric) int {
	if m.Registered() {
		return j.Length()
	}
	return j.Row()
}

// Steps implements Machine.
func (e *Single) Steps() int { return e.judge.Judged() }

// Verdict implements Machine.
func (e *Single) Verdict(row []float32, sample int) metric.Verdict {
	return e.judge.Verdict(row, sample)
}

// Margin implements Machine.
func (e *Single) Margin(row []float32, sample int, v metric.Verdict) float64 {
	return e.judge.Margin(row, sample, v)
}

// GainOfHit implements Machine.
func (e *Single) GainOfHit(hit bool, sample int) (gain float64, ok bool) {
	return e.judge.GainOfHit(hit, sample)
}

// Give implements Machine.
func (e *Single) Give(gained []metric.Verdict) { e.gained = gained }

// Order implements Machine.
func (e *Single) Order() []int { return e.data.Order }

// Before implements Machine.
func (e *Single) Before(blocks int) int { return min(blocks*e.opts.Block, e.samples) }

// Threads is the number of threads of the runtime that a worker has.
func (e *Single) Threads() int { return e.opts.Threads }
