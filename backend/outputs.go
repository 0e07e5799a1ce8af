package backend

import (
	"context"
	"sort"

	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Outputs runs a mask over all samples and hands every output row to f: once a sample, from several
// goroutines at once, in no order. The row is f's only until it returns.
// A context that New's is not under, such as that of the check of what an interrupted search has found, lets it run again.
func (e *Evaluator) Outputs(ctx context.Context, mask search.Mask, f func(sample int, row []float32)) (search.Score, error) {
	for i, m := range e.each() {
		if err := m.device.Watch(ctx); err != nil {
			return search.Score{}, err
		}
		m.watch = func(samples []int, rows []float32) {
			for slot, sample := range samples {
				if e.shapes != nil {
					sample = e.shapes.of[i][sample]
				}
				f(sample, m.judge.RowOf(rows, slot))
			}
		}
		defer func() { m.watch = nil }()
	}
	return e.Evaluator.Again(ctx, mask)
}

// Row is the number of values of an output row: of all steps of a sample, one behind the other. Of samples of different shapes it is 0
// where rows have different lengths, see Places.
func (e *Evaluator) Row() int {
	if e.shapes != nil {
		return e.shapes.row()
	}
	return e.judge.Length()
}

// Places are where each sample's output row begins, where all of them lie one behind the other in the order of the data, and the
// length of all last.
func (e *Evaluator) Places() []int {
	at := make([]int, 1, e.samples+1)
	for sample := range e.samples {
		at = append(at, at[sample]+e.rowLength(sample))
	}
	return at
}

// Before is the number of samples in so many blocks of the layout, the first ones.
func (e *Evaluator) Before(blocks int) (samples int) {
	if e.shapes == nil {
		return min(blocks*e.opts.Block, e.samples)
	}
	for _, p := range e.shapes.blocks[:blocks] {
		samples += len(e.shapes.members[p.member].data.SamplesOf(p.at))
	}
	return samples
}

// rowLength is the number of values of a sample's output row.
func (e *Evaluator) rowLength(sample int) int {
	if e.shapes != nil {
		return e.shapes.members[e.shapes.samples[sample].member].judge.Length()
	}
	return e.judge.Length()
}

// gainOf is what an output row of a sample gains.
func (e *Evaluator) gainOf(row []float32, sample int) float64 {
	if e.shapes != nil {
		p := e.shapes.samples[sample]
		return e.shapes.members[p.member].gainOf(row, p.at)
	}
	return e.judge.Gain(row, sample)
}

// Judged is the number of values that a metric judges at once: an output row, or a step's part of it.
func (e *Evaluator) Judged(m *metric.Metric) int {
	if m.Registered() {
		return e.judge.Length()
	}
	return e.judge.Row()
}

// Arrange runs the network without demotions and lays the samples out anew, those that it gets
// wrong first, then by rising margin, so that trials that fail do so early. It finds NaN on the
// way: the first sample whose output has one, else the first that has one in some tensor, or -1. The
// order cannot change a count. Metrics that do not count hits of classes keep the order of the data. Each of see is shown
// every output row as by Outputs.
func (e *Evaluator) Arrange(ctx context.Context, see ...func(sample int, row []float32)) (high search.Score, nan int, err error) {
	margins := make([]float64, e.samples)
	bad, gained := make([]bool, e.samples), make([]float64, e.samples)
	none := search.NewMask(e.source.Holders())
	if _, err := e.watchNaN(true); err != nil {
		return high, -1, err
	}
	high, err = e.Outputs(ctx, none, func(sample int, row []float32) {
		margins[sample], gained[sample] = e.margin(row, sample), e.gainOf(row, sample)
		for _, v := range row {
			bad[sample] = bad[sample] || v != v
		}
		for _, f := range see {
			f(sample, row)
		}
	})
	seen, werr := e.watchNaN(false)
	if err == nil {
		err = werr
	}
	if err != nil {
		return high, -1, err
	}
	if e.gained = gained; e.shapes != nil {
		e.shapes.give(gained)
	}
	nan = -1
	for i := len(bad) - 1; i >= 0; i-- {
		if bad[i] {
			nan = i
		}
	}
	if nan < 0 && seen {
		if nan, err = e.hiddenNaN(ctx); err != nil {
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
	if e.shapes != nil {
		return high, nan, e.shapes.layOut(order)
	}
	return high, nan, e.layOut(order)
}

// Order is the layout: position to sample. The caller must not change it.
func (e *Evaluator) Order() []int {
	if e.shapes != nil {
		return e.shapes.order()
	}
	return e.data.Order
}

// margin says how far a sample is from losing its hit, see metric.Judge.
func (e *Evaluator) margin(row []float32, sample int) float64 {
	if e.shapes != nil {
		p := e.shapes.samples[sample]
		return e.shapes.members[p.member].margin(row, p.at)
	}
	return e.judge.Margin(row, sample)
}
