package machine

import (
	"context"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// Rule implements Machine.
func (f *Members) Rule() (rule *bounds.Rule, err error) {
	var sizes []int
	for _, c := range f.cells {
		sizes = append(sizes, len(c.samples))
	}
	judges := f.judges()
	f.rule, err = metric.RuleOf(judges, sizes, looks(f.can, judges[0].Served()))
	return f.rule, err
}

// loss implements layout.
func (f *Members) loss(block int, g bounds.Gain) int {
	if f.rule == nil || f.rule.Kind != bounds.Counted {
		return 0
	}
	return f.rule.Sizes[block] - g.Count
}

// Run implements bounds.Machine.
func (f *Members) Run(ctx context.Context, job bounds.Job, gains []bounds.Gain) error {
	if f.differ != nil {
		return f.differ
	}
	f.recruit()
	if f.reserve != nil && job.To-job.From == f.blocks() {
		if err := f.lookAgain(ctx, job.Mask); err != nil {
			return err
		}
	}
	if f.marking != nil {
		return f.runMarked(ctx, job, gains)
	}
	l := bounds.Lease{Base: job.Base, Mask: job.Mask, From: job.From, Rows: f.watch != nil}
	var tallies []metric.Accumulator
	if f.opts.Metric.IsWhole() && job.To-job.From == f.blocks() {
		l.Rows = true
		for _, s := range f.shapes {
			tallies = append(tallies, s.judge.NewAccumulator())
		}
	}
	err := f.Each(ctx, l, job.To, func(a bounds.Answer) error {
		gains[a.Block-job.From] = a.Gain
		c, judge := f.cells[a.Block], f.judgeOf(a.Block)
		if f.watch != nil {
			for slot, sample := range c.samples {
				f.watch(sample, judge.RowOf(a.Rows, slot))
			}
		}
		if tallies != nil {
			tallies[c.shape].Add(c.own, a.Rows)
		}
		return nil
	})
	if err == nil && job.To-job.From == f.blocks() {
		f.tellSize()
	}
	if err != nil || tallies == nil {
		return err
	}
	v, err := f.score(ctx, tallies)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = f.opts.Metric.Signed(v)
	return nil
}

// score is what the tallies of all shapes come to.
func (f *Members) score(ctx context.Context, tallies []metric.Accumulator) (float64, error) {
	if f.judged != nil {
		return f.judged.Score(ctx, tallies)
	}
	return tallies[0].Score(ctx)
}

// Apart implements Machine.
func (f *Members) Apart(ctx context.Context, mask search.Mask) (sum float64, count int, err error) {
	for _, s := range f.shapes {
		rows := func(ctx context.Context, mask search.Mask, blocks []int) (map[int][]float32, error) {
			return f.rowsOfBlocks(ctx, mask, s, blocks)
		}
		l := laid{samples: s.from.Len(), size: s.opts.Block, row: s.judge.Length(), rows: rows}
		own, n, err := l.apart(ctx, mask, &s.far, f.head, s.opts.Look)
		if err != nil {
			return 0, 0, err
		}
		sum, count = sum+own, count+n
	}
	return sum, count, nil
}

// rowsOfBlocks are the outputs of some blocks of a mask, by their number among those of a shape, without the padding.
func (f *Members) rowsOfBlocks(ctx context.Context, mask search.Mask, s *shaping, blocks []int) (map[int][]float32, error) {
	rows := make(map[int][]float32, len(blocks))
	all, err := f.rowsOf(ctx, mask, pick(s.blocks, blocks))
	for _, b := range blocks {
		rows[b] = all[s.blocks[b]]
	}
	return rows, err
}

// rowsOf are the outputs of some blocks of a mask, by block, without the padding.
func (f *Members) rowsOf(ctx context.Context, mask search.Mask, blocks []int) (map[int][]float32, error) {
	rows := make(map[int][]float32, len(blocks))
	l := bounds.Lease{Base: mask, Mask: mask, Only: blocks, Rows: true, Unjudged: true}
	return rows, f.Each(ctx, l, f.blocks(), func(a bounds.Answer) error {
		rows[a.Block] = a.Rows
		return nil
	})
}

// Watch implements Machine.
func (f *Members) Watch(ctx context.Context, see func(sample int, row []float32)) (unwatch func(), err error) {
	unwatch, err = f.underAll(ctx)
	f.watch = see
	return unwatch, err
}

// underAll has another context end what runs from now on, until back is called: nobody watches then.
func (f *Members) underAll(ctx context.Context) (back func(), err error) {
	var backs []func()
	back = func() {
		f.watch, f.marking = nil, nil
		for _, back := range backs {
			back()
		}
	}
	for _, m := range f.members() {
		one, err := m.under(ctx)
		if err != nil {
			back()
			return nil, err
		}
		backs = append(backs, one)
	}
	return back, nil
}
