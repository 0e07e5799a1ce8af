package backend

import (
	"context"
	"slices"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// A tally takes the outputs of all samples and makes one number of them: higher is better.
type tally interface {
	// add takes the rows of some samples; it is called from several goroutines, once a sample in all.
	add(samples []int, rows []float32)
	// score is the number. Errors of a person's command match mistake.Err.
	score(ctx context.Context) (float64, error)
}

// counts is a tally of integers, whose sums do not depend on the order of the samples.
type counts struct {
	j    *judge
	book func(row []float32, s Sample, counts []int64)
	fold func(counts []int64) float64
	mu   sync.Mutex
	sum  []int64
}

func newCounts(j *judge, n int, book func([]float32, Sample, []int64), fold func([]int64) float64) *counts {
	return &counts{j: j, book: book, fold: fold, sum: make([]int64, n)}
}

func (c *counts) add(samples []int, rows []float32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for slot, sample := range samples {
		c.j.each(c.j.rowOf(rows, slot), sample, func(row []float32, s Sample) { c.book(row, s, c.sum) })
	}
}

func (c *counts) score(context.Context) (float64, error) { return c.fold(c.sum), nil }

// gathered is a tally that keeps all rows, by sample.
type gathered struct {
	j    *judge
	rows []float32
	all  func(ctx context.Context, o WholeOutputs) (float64, error)
}

func (g *gathered) add(samples []int, rows []float32) {
	for slot, sample := range samples {
		copy(g.rows[sample*g.j.row:(sample+1)*g.j.row], rows[slot*g.j.row:])
	}
}

func (g *gathered) score(ctx context.Context) (float64, error) {
	return g.all(ctx, WholeOutputs{Rows: g.rows, Dims: g.j.rowDims(), Samples: g.j.samples, Sample: g.j.sample, Labels: g.j.own})
}

// rowDims are the dimensions of one sample's output.
func (j *judge) rowDims() []int64 {
	if len(j.dims) > 1 {
		return slices.Clone(j.dims[1:])
	}
	return []int64{int64(j.row)}
}

// scoreWhole scores rows that are there already.
func (m *Metric) scoreWhole(ctx context.Context, j *judge, rows []float32, samples int) (search.Score, error) {
	t := m.whole(j, samples)
	for i := range samples {
		t.add([]int{i}, rows[i*j.row:(i+1)*j.row])
	}
	v, err := t.score(ctx)
	return search.Score{Value: m.signed(v)}, err
}

// signed turns the metric's own number into the search's, where higher is better.
func (m *Metric) signed(v float64) float64 {
	if m.Lower {
		return 0 - v
	}
	return v
}

// runWhole runs all blocks of a mask for a metric of the whole set. The score is the gain of the last block, all others
// have none, so that the sum over the blocks is the score.
func (e *Evaluator) runWhole(ctx context.Context, j job, gains []bounds.Gain) error {
	t, watched := e.opts.Metric.whole(&e.judge, e.samples), e.watch
	e.watch = func(samples []int, rows []float32) {
		if watched != nil {
			watched(samples, rows)
		}
		t.add(samples, rows)
	}
	defer func() { e.watch = watched }()
	if err := e.runBlocks(ctx, j, 0, len(gains), gains); err != nil {
		return err
	}
	v, err := t.score(ctx)
	if err != nil {
		return err
	}
	clear(gains)
	gains[len(gains)-1].Sum = e.opts.Metric.signed(v)
	return nil
}

// WholeOutputs are the outputs of all samples, as a metric of the whole set gets them.
type WholeOutputs struct {
	Rows    []float32               // one sample's after another's, in the order of the data
	Dims    []int64                 // of one sample's output; nil where samples have different ones
	Shapes  [][]int64               // of each sample's output, where they are different; nil: all have Dims
	Samples int                     // how many there are
	Sample  func(sample int) Sample // what each is compared with
	Labels  *LabelArray             // the labels of all samples, for a metric that takes OwnLabels; nil without
}

// gather makes a metric of the whole set of a function of all outputs.
func gather(all func(ctx context.Context, o WholeOutputs) (float64, error)) func(j *judge, samples int) tally {
	return func(j *judge, samples int) tally {
		return &gathered{j: j, rows: make([]float32, samples*j.row), all: all}
	}
}
