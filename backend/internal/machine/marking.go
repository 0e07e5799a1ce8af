package machine

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
)

// A marking is who sees marks of samples in place of their output rows.
type marking struct {
	marks bounds.Marks
	mark  func(sample int, m metric.Mark)
	row   func(sample int, row []float32)
	rows  map[int]bool // the samples of which row sees the row
}

// Marks is Watch of marks, and of the rows of some samples, where rows are elsewhere and marks are made there; ok is
// false where they are not.
func (f *Members) Marks(ctx context.Context, sums bool, mark func(int, metric.Mark), row func(int, []float32), rows []int) (unwatch func(), ok bool, err error) {
	if !f.judgesThere || f.opts.Metric.IsWhole() {
		return nil, false, nil
	}
	m := &marking{marks: bounds.Margins, mark: mark, row: row, rows: map[int]bool{}}
	if sums {
		m.marks = bounds.Digests
	}
	for _, sample := range rows {
		m.rows[sample] = true
	}
	unwatch, err = f.underAll(ctx)
	f.marking = m
	return unwatch, err == nil, err
}

// runMarked is Run where marks are wanted: blocks with a sample whose row is wanted are run for their rows, and the
// others for marks.
func (f *Members) runMarked(ctx context.Context, job bounds.Job, gains []bounds.Gain) error {
	m, sums := f.marking, f.marking.marks == bounds.Digests
	whole, marked := []int{}, []int{}
	for b := job.From; b < job.To; b++ {
		if f.rowsWanted(b) {
			whole = append(whole, b)
		} else {
			marked = append(marked, b)
		}
	}
	l := bounds.Lease{Base: job.Base, Mask: job.Mask, Rows: true, Only: whole}
	err := f.Each(ctx, l, job.To, func(a bounds.Answer) error {
		gains[a.Block-job.From] = a.Gain
		c, judge := f.cells[a.Block], f.judgeOf(a.Block)
		for slot, sample := range c.samples {
			row := judge.RowOf(a.Rows, slot)
			m.mark(sample, judge.Mark(row, c.own[slot], sums))
			if m.rows[sample] {
				m.row(sample, row)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.Only, l.Marks = marked, m.marks
	err = f.Each(ctx, l, job.To, func(a bounds.Answer) error {
		gains[a.Block-job.From] = a.Gain
		words := metric.MarkWords(sums)
		for slot, sample := range f.samplesOf(a.Block) {
			m.mark(sample, metric.ReadMark(a.Rows[slot*words:(slot+1)*words]))
		}
		return nil
	})
	if err == nil && job.To-job.From == f.blocks() {
		f.tellSize()
	}
	return err
}

// rowsWanted says whether the row of a sample of a block is wanted.
func (f *Members) rowsWanted(block int) bool {
	for _, sample := range f.samplesOf(block) {
		if f.marking.rows[sample] {
			return true
		}
	}
	return false
}
