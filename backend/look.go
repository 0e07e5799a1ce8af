package backend

import (
	"context"
	"slices"

	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// A Look is what somebody wants of the output rows of all samples. Rows that are on another machine stay there as far
// as marks of them will do.
type Look struct {
	// is told a mark of each sample, from several goroutines at once; with Margins: all of it but the sum, with Sums:
	// that too; else whether there is a NaN, and the class
	Mark          func(sample int, m Mark)
	Margins, Sums bool
	// is shown output rows, as by Outputs, behind their marks; nil: none are wanted
	Row  func(sample int, row []float32)
	Rows []int // samples whose rows are wanted, where Row is given; nil: of all
}

// A Mark is what is known of a sample's output row, for those who do not need the row.
type Mark = metric.Mark

// Show shows a row to who wants it.
func (l *Look) Show(sample int, row []float32) {
	if l.Row != nil && (l.Rows == nil || slices.Contains(l.Rows, sample)) {
		l.Row(sample, row)
	}
}

// marking is a machine that may have marks and not rows.
type marking interface {
	Marks(ctx context.Context, sums bool, mark func(int, Mark), row func(int, []float32), rows []int) (unwatch func(), ok bool, err error)
}

// Look runs a mask over all samples, as Outputs does, for what l wants.
func (e *Evaluator) Look(ctx context.Context, mask search.Mask, l Look) (search.Score, error) {
	if err := e.ready(mask); err != nil {
		return search.Score{}, err
	}
	if m, is := e.machine.(marking); is && (l.Row == nil || l.Rows != nil) {
		unwatch, ok, err := m.Marks(ctx, l.Sums, l.Mark, l.Row, l.Rows)
		if err != nil {
			return search.Score{}, err
		}
		if ok {
			defer unwatch()
			return e.Evaluator.Again(ctx, mask)
		}
	}
	return e.Outputs(ctx, mask, func(sample int, row []float32) {
		m := metric.Seen(row, l.Sums)
		if l.Margins {
			m.Verdict = e.machine.Verdict(row, sample)
			m.Margin, m.Right = e.machine.Margin(row, sample, m.Verdict), e.right(m.Verdict)
		}
		l.Mark(sample, m)
		l.Show(sample, row)
	})
}
