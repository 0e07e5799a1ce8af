package backend

import (
	"context"
	"sort"

	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Outputs runs a mask over all samples and hands every output row to f: once a sample, from several goroutines at
// once, in no order, float32 and row-major, all steps one behind the other. The row is f's only until it returns. A
// context that New's is not under, such as that of the check of what an interrupted search has found, lets it run
// again. The score is that of Score.
func (e *Evaluator) Outputs(ctx context.Context, mask search.Mask, f func(sample int, row []float32)) (search.Score, error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	unwatch, err := e.machine.Watch(ctx, f)
	if err != nil {
		return search.Score{}, err
	}
	defer unwatch()
	return e.Evaluator.Again(ctx, mask)
}

// AllOutputs runs a mask and keeps every sample's output row, at its place, see Places. The slice is new: four bytes a
// value of all samples.
func (e *Evaluator) AllOutputs(ctx context.Context, mask search.Mask) ([]float32, error) {
	if err := e.ready(mask); err != nil {
		return nil, err
	}
	at := e.Places()
	rows := make([]float32, at[e.Samples()])
	_, err := e.Outputs(ctx, mask, func(sample int, values []float32) { copy(rows[at[sample]:], values) })
	return rows, err
}

// Row is the number of values of an output row: of all steps of a sample, one behind the other. Of samples of
// different shapes it is 0 where rows have different lengths, see Places.
func (e *Evaluator) Row() int { return e.machine.Row() }

// Places are where each sample's output row begins, where all of them lie one behind the other in the order of the
// data, and the length of all last.
func (e *Evaluator) Places() []int {
	at := make([]int, 1, e.samples+1)
	for sample := range e.samples {
		at = append(at, at[sample]+e.machine.RowOf(sample))
	}
	return at
}

// Before is the number of samples in so many blocks of the layout, the first ones.
func (e *Evaluator) Before(blocks int) int { return e.machine.Before(blocks) }

// Judged is the number of values that a metric judges at once: an output row, or a step's part of it.
func (e *Evaluator) Judged(m *metric.Metric) int { return e.machine.Judged(m) }

// Arrange runs the network without demotions and lays the samples out anew, those that it gets wrong first, then by
// rising margin, so that trials that fail do so early. It finds NaN on the way: the first sample whose output has
// one, else the first that has one in some tensor, or -1. The order cannot change a count. Metrics that do not count
// hits of classes keep the order of the data. Each of see is shown every output row as by Outputs.
func (e *Evaluator) Arrange(ctx context.Context, see ...func(sample int, row []float32)) (high search.Score, nan int, err error) {
	if err := e.ready(); err != nil {
		return high, -1, err
	}
	margins := make([]float64, e.samples)
	bad, gained := make([]bool, e.samples), make([]float64, e.samples)
	none := search.NewMask(e.holders)
	if _, err := e.machine.WatchNaN(true); err != nil {
		return high, -1, err
	}
	high, err = e.Outputs(ctx, none, func(sample int, row []float32) {
		margins[sample], gained[sample] = e.machine.Margin(row, sample), e.machine.Gain(row, sample)
		for _, v := range row {
			bad[sample] = bad[sample] || v != v
		}
		for _, f := range see {
			f(sample, row)
		}
	})
	seen, werr := e.machine.WatchNaN(false)
	if err == nil {
		err = werr
	}
	if err != nil {
		return high, -1, err
	}
	e.machine.Give(gained)
	nan = -1
	for i := len(bad) - 1; i >= 0; i-- {
		if bad[i] {
			nan = i
		}
	}
	if nan < 0 && seen {
		if nan, err = e.machine.HiddenNaN(ctx); err != nil {
			return high, -1, err
		}
	}
	if !e.opts.Metric.CountsClasses() || e.opts.KeepOrder {
		return high, nan, nil
	}
	order := make([]int, e.samples)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return margins[order[i]] < margins[order[j]] })
	known := e.PackHits(e.KnownHits(none))
	if err := e.machine.LayOut(order); err != nil {
		return high, nan, err
	}
	if h := e.UnpackHits(known); h != nil { // in the new order
		e.RestoreHits(none, h)
	}
	return high, nan, nil
}

// Order is the layout: position to sample. The caller must not change it.
func (e *Evaluator) Order() []int { return e.machine.Order() }
