package metric

import (
	"context"
	"slices"

	"example.org/demote/search"
)

// An Accumulator takes the outputs of all samples and makes one number of them: higher is better.
type Accumulator interface {
	// Add takes the rows of some samples; it is called from several goroutines, once a sample in all.
	Add(samples []int, rows []float32)
	// Score is the number. Errors of a user's command match mistake.Err.
	Score(ctx context.Context) (float64, error)
}

// gathered is an Accumulator that keeps all rows, by sample.
type gathered struct {
	j    *Scorer
	rows []float32
	all  func(ctx context.Context, o WholeOutputs) (float64, error)
}

func (g *gathered) Add(samples []int, rows []float32) {
	for slot, sample := range samples {
		copy(g.rows[sample*g.j.row:(sample+1)*g.j.row], rows[slot*g.j.row:])
	}
}

func (g *gathered) Score(ctx context.Context) (float64, error) {
	return g.all(ctx, WholeOutputs{Rows: g.rows, Dims: g.j.rowDims(), Samples: g.j.samples, Sample: g.j.sample, Arrays: g.j.truth.Own, Labels: first(g.j.truth.Own), Parts: g.j.parts})
}

// rowDims are the dimensions of one sample's output.
func (j *Scorer) rowDims() []int64 {
	if len(j.dims) > 1 {
		return slices.Clone(j.dims[1:])
	}
	return []int64{int64(j.row)}
}

// NewAccumulator begins to score all samples, by a metric of the whole set.
func (j *Scorer) NewAccumulator() Accumulator { return j.metric.whole(j, j.samples) }

// scoreWhole scores rows that are there already.
func (m *Metric) scoreWhole(ctx context.Context, j *Scorer, rows []float32, samples int) (search.Score, error) {
	t := m.whole(j, samples)
	for i := range samples {
		t.Add([]int{i}, rows[i*j.row:(i+1)*j.row])
	}
	v, err := t.Score(ctx)
	return search.Score{Value: m.Signed(v)}, err
}

// Signed turns the metric's own number into the search's, where higher is better.
func (m *Metric) Signed(v float64) float64 {
	if m.Lower {
		return 0 - v
	}
	return v
}

// WholeOutputs are the outputs of all samples, as a metric of the whole set gets them.
type WholeOutputs struct {
	Rows    []float32               // one sample's after another's, in the order of the data
	Dims    []int64                 // of one sample's output; nil where samples have different ones
	Shapes  [][]int64               // of each sample's output, where they are different; nil: all have Dims
	Samples int                     // how many there are
	Sample  func(sample int) Sample // what each is compared with
	Labels  *LabelArray             // the labels of all samples, for a metric that takes OwnLabels; nil without
	Arrays  []LabelArray            // all arrays of them, of which Labels is the first
	Parts   []Part                  // where each of several outputs lies in a sample's row; nil: the metric reads one
}

// first is the first array of labels; nil without.
func first(list []LabelArray) *LabelArray {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

// gather makes a metric of the whole set of a function of all outputs.
func gather(all func(ctx context.Context, o WholeOutputs) (float64, error)) func(j *Scorer, samples int) Accumulator {
	return func(j *Scorer, samples int) Accumulator {
		return &gathered{j: j, rows: make([]float32, samples*j.row), all: all}
	}
}
