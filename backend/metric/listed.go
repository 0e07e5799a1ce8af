package metric

import (
	"context"
)

// listed is an Accumulator that keeps some numbers of each sample, or of each step that is judged, in the order of the
// data: what a metric that no sum makes is computed from.
type listed struct {
	j    *Scorer
	per  int
	book func(row []float32, s Sample, numbers []float64)
	fold func(list []float64, per int) float64
	list []float64
}

// lists makes a metric of the whole set of so many numbers of each sample.
func lists(per func(j *Scorer) int, book func(j *Scorer, row []float32, s Sample, numbers []float64), fold func(list []float64, per int) float64) func(*Scorer, int) Accumulator {
	return func(j *Scorer, samples int) Accumulator {
		n := per(j)
		return &listed{j: j, per: n, list: make([]float64, n*samples*j.Judged()), fold: fold,
			book: func(row []float32, s Sample, numbers []float64) { book(j, row, s, numbers) }}
	}
}

func (l *listed) Add(samples []int, rows []float32) {
	judged := l.j.Judged()
	for slot, sample := range samples {
		at := sample * judged * l.per // samples come once each, so that nobody else writes here
		l.j.each(l.j.RowOf(rows, slot), sample, func(row []float32, s Sample) {
			l.book(row, s, l.list[at:at+l.per])
			at += l.per
		})
	}
}

func (l *listed) Score(context.Context) (float64, error) { return l.fold(l.list, l.per), nil }

// column is every per-th number of a list.
func column(list []float64, per, at int) []float64 {
	out := make([]float64, 0, len(list)/per)
	for i := at; i < len(list); i += per {
		out = append(out, list[i])
	}
	return out
}
