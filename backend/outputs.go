package backend

import (
	"context"
	"slices"
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
// one, else the first that has one in some tensor, or -1. The order cannot change a score. Metrics whose sums
// of floats depend on it keep the order of the data. One look, if any, is told what it wants.
func (e *Evaluator) Arrange(ctx context.Context, see ...Look) (high search.Score, nan int, err error) {
	if err := e.ready(); err != nil {
		return high, -1, err
	}
	margins := make([]float64, e.samples)
	bad, gained := make([]bool, e.samples), make([]metric.Verdict, e.samples)
	none := search.NewMask(e.holders)
	e.machine.Fleeting(e.arranges())
	defer e.machine.Fleeting(false)
	if _, err := e.machine.WatchNaN(true); err != nil {
		return high, -1, err
	}
	l := Look{Margins: true, Mark: func(sample int, m Mark) {
		margins[sample], bad[sample], gained[sample] = m.Margin, m.NaN, m.Verdict
		for _, other := range see {
			other.Mark(sample, m)
		}
	}}
	if len(see) > 0 {
		l.Row, l.Rows = see[0].Row, see[0].Rows
	}
	high, err = e.Look(ctx, none, l)
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
	if !e.arranges() {
		return high, nan, nil
	}
	return high, nan, e.layOutHead(margins, high.Total-high.Count)
}

// arranges tells whether the order of the samples is chosen: the score does not depend on it.
func (e *Evaluator) arranges() bool { return e.opts.Metric.Arranges() && !e.opts.KeepOrder }

// layOut puts the samples into an order, and with them the outcomes that are known.
func (e *Evaluator) layOut(order []int) error {
	return e.Relaid(e.PackHits, func() error { return e.machine.LayOut(order) }, e.UnpackHits)
}

// byMargin lists the samples by rising margin.
func byMargin(margins []float64) []int {
	order := make([]int, len(margins))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return margins[order[i]] < margins[order[j]] })
	return order
}

// ArrangeFor implements search.ArrangingEvaluator: it runs the mask and lays the samples out by their margins under it,
// those that it gets wrong first. Full scores stay known; the progress of unfinished trials is dropped, since blocks
// have other samples now. It does nothing where Arrange keeps the order, or trials run to their end.
func (e *Evaluator) ArrangeFor(ctx context.Context, mask search.Mask) error {
	if !e.arranges() || e.opts.Naive {
		return e.ready(mask)
	}
	_, err := e.ScoreArranged(ctx, mask)
	return err
}

// ScoreArranged is ArrangeFor that returns the score of the mask as well, which is run in any case.
func (e *Evaluator) ScoreArranged(ctx context.Context, mask search.Mask) (search.Score, error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	if !e.arranges() || e.opts.Naive {
		return e.Score(ctx, mask)
	}
	margins := make([]float64, e.samples)
	e.machine.Fleeting(true)
	defer e.machine.Fleeting(false)
	score, err := e.Look(ctx, mask, Look{Margins: true, Mark: func(sample int, m Mark) { margins[sample] = m.Margin }})
	if err != nil {
		return score, err
	}
	if e.head, e.front = 0, 0; mask.Count() == 0 {
		err = e.layOutHead(margins, score.Total-score.Count)
	} else {
		err = e.layOut(byMargin(margins))
	}
	if err != nil {
		return score, err
	}
	e.ForgetUnfinished()
	if e.Arranged == nil {
		return score, nil
	}
	return score, e.Arranged(mask)
}

// ArrangeLike lays the samples out in the order that another evaluator of the same samples and metric has found, before
// the first trial. It does nothing where ArrangeFor does nothing.
func (e *Evaluator) ArrangeLike(order []int) error {
	if err := e.ready(); err != nil || !e.arranges() || e.opts.Naive {
		return err
	}
	return e.layOut(slices.Clone(order))
}

// Order is the layout: position to sample. The caller must not change it.
func (e *Evaluator) Order() []int { return e.machine.Order() }
