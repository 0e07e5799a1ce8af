package backend

import (
	"context"
	"math"
	"sort"

	"demote/search"
)

// Outputs runs a mask over all samples and hands every output row to f: once a sample, from several
// goroutines at once, in no order. The row is f's only until it returns.
// A context that New's is not under, such as that of the check of what an interrupted search has found, lets it run again.
func (e *Evaluator) Outputs(ctx context.Context, mask search.Mask, f func(sample int, row []float32)) (search.Score, error) {
	if err := e.opts.stop.Watch(ctx); err != nil {
		return search.Score{}, err
	}
	e.watch = func(samples []int, rows []float32) {
		for slot, sample := range samples {
			f(sample, e.judge.rowOf(rows, slot))
		}
	}
	defer func() { e.watch = nil }()
	return e.Evaluator.Again(ctx, mask)
}

// Row is the number of values of an output row: of all steps of a sample, one behind the other.
func (e *Evaluator) Row() int { return e.judge.whole() }

// Judged is the number of values that a metric judges at once: an output row, or a step's part of it.
func (e *Evaluator) Judged(m *Metric) int {
	if m.custom {
		return e.judge.whole()
	}
	return e.judge.row
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
		margins[sample], gained[sample] = e.margin(row, sample), e.judge.gain(row, sample)
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
	e.gained = gained
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
	if e.opts.Metric.rank == 0 || e.opts.KeepOrder {
		return high, nan, nil
	}
	order := make([]int, e.samples)
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return margins[order[i]] < margins[order[j]] })
	return high, nan, e.layOut(order)
}

// Order is the layout: position to sample. The caller must not change it.
func (e *Evaluator) Order() []int { return e.data.order }

// margin says how far a sample is from losing its hit: the wanted class's value less the best (for
// top5: the fifth best) of the others; negative if it is none. Of several steps it is the least.
func (e *Evaluator) margin(row []float32, sample int) float64 {
	least := math.Inf(1)
	e.judge.each(row, sample, func(row []float32, s Sample) { least = min(least, e.marginOf(row, s)) })
	return least
}

func (e *Evaluator) marginOf(row []float32, s Sample) float64 {
	want := s.Label
	if e.opts.Metric.NeedsReference {
		want = int64(Top1(s.Reference))
	}
	rank := e.opts.Metric.rank
	if want < 0 || rank == 0 {
		return 0
	}
	best := make([]float64, rank) // the best of the others, falling
	for i := range best {
		best[i] = math.Inf(-1)
	}
	for i, v := range row {
		if int64(i) == want {
			continue
		}
		x := float64(v)
		for k := range best {
			if x > best[k] {
				x, best[k] = best[k], x
			}
		}
	}
	return float64(row[want]) - best[rank-1]
}
