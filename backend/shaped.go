package backend

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
	"example.org/demote/backend/metric"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// A Shape is the samples of an evaluation that have one shape, with the network whose shapes are fixed to a block of them.
type Shape struct {
	Source  device.Source
	Samples device.Samples
	Of      []int // the number that each of them has among the samples of all shapes
	Block   int   // the batch of the Source
}

// shapes are the evaluators of the shapes that samples have. Each has its own sessions, data and stored activations; what decides is in
// front of them all, and does not know of it.
type shapes struct {
	members []*Evaluator
	of      [][]int // by member: the number of each of its samples among all
	blocks  []place // by block of all: whose block it is
	samples []place // by sample
	judged  *metric.Parts
	ready   []store.Job // by member: what the blocks of the job under way have in common there
}

// place is a block or a sample of a member.
type place struct{ member, at int }

// NewShaped is New for samples of several shapes, each of which is run with samples of its own shape. Labels and references are those
// of all samples. The device must have the trait Shapes.
func NewShaped(ctx context.Context, list []Shape, records []quant.Record, o Options) (_ *Evaluator, err error) {
	n := 0
	for _, s := range list {
		n += len(s.Of)
	}
	if o, err = o.fit(n); err != nil {
		return nil, err
	}
	if !o.kind().Shapes {
		return nil, mistake.Errorf("--device %s: samples of different shapes run on the CPU: choose --device cpu, or give the value that fills up the smaller ones, --pad NAME=0", o.Device)
	}
	e := &Evaluator{opts: o, samples: n, source: list[0].Source, inputs: list[0].Source.Inputs(), records: records, shapes: &shapes{samples: make([]place, n)}}
	if e.booked = e.book; o.Reference != nil && len(o.Places) != n+1 {
		return nil, fmt.Errorf("backend: %d places of reference rows for %d samples", len(o.Places), n)
	}
	defer func() {
		if err != nil {
			e.Close()
		}
	}()
	s := e.shapes
	for at, shape := range list {
		for i, sample := range shape.Of {
			s.samples[sample] = place{at, i}
		}
		m, err := New(ctx, shape.Source, shape.Samples, records, o.of(shape, n))
		if err != nil {
			return nil, err
		}
		s.members, s.of = append(s.members, m), append(s.of, shape.Of)
	}
	e.judge = s.members[0].judge
	s.judged = &metric.Parts{Labels: o.Own, Of: func(sample int) (judge, at int) { return s.samples[sample].member, s.samples[sample].at }}
	for _, m := range s.members {
		s.judged.Judges = append(s.judged.Judges, m.judge)
	}
	if err := s.judged.Check(); err != nil {
		return nil, err
	}
	s.ready = make([]store.Job, len(s.members))
	s.mix()
	rule, err := metric.RuleOf(s.judged.Judges, s.sizes(), looks(o.kind().Traits))
	if err != nil {
		return nil, err
	}
	var runners []func(store.Job) report
	for worker := range o.Workers {
		runners = append(runners, s.runner(worker))
	}
	e.pool = newPool(runners)
	e.Evaluator = bounds.NewEvaluator(e, rule)
	return e, nil
}

// of are the options of the evaluator of one shape, of so many samples in all.
func (o Options) of(s Shape, samples int) Options {
	own := o
	own.Block, own.lanes, own.share = s.Block, o.Workers, float64(len(s.Of))/float64(samples)
	own.Cache = int64(float64(o.Cache) * own.share)
	own.Truth, own.Places = o.Truth.Of(s.Of, samples, o.Places), nil
	return own
}

// mix orders the blocks: those of each shape in their own order, the shapes among each other, so that what lies in front in one of them
// lies in front of all.
func (s *shapes) mix() {
	for at, m := range s.members {
		for b := range m.data.Len() {
			s.blocks = append(s.blocks, place{at, b})
		}
	}
	middle := func(p place) float64 { return (float64(p.at) + 0.5) / float64(s.members[p.member].data.Len()) }
	slices.SortStableFunc(s.blocks, func(a, b place) int { return cmp.Compare(middle(a), middle(b)) })
}

// sizes are the numbers of samples of all blocks, without the padding.
func (s *shapes) sizes() []int {
	sizes := make([]int, len(s.blocks))
	for i, p := range s.blocks {
		sizes[i] = len(s.members[p.member].data.SamplesOf(p.at))
	}
	return sizes
}

// eachOf calls f for every member, until one has an error.
func (s *shapes) eachOf(f func(m *Evaluator) error) error {
	for _, m := range s.members {
		if err := f(m); err != nil {
			return err
		}
	}
	return nil
}

// each are the evaluators that run networks: of each shape one.
func (e *Evaluator) each() []*Evaluator {
	if e.shapes != nil {
		return e.shapes.members
	}
	return []*Evaluator{e}
}

// Close closes all members. It may be called more than once.
func (s *shapes) Close() {
	for _, m := range s.members {
		m.Close()
	}
}
