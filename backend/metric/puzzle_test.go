package metric

import (
	"context"
	"math"
	"math/rand/v2"

	"example.org/demote/backend/bounds"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// A puzzle is a lookup-table model whose outputs a metric of outcomes judges: where the table is wrong of a sample, or
// a pixel, the output is another class, or NaN.
type puzzle struct {
	judge  *Scorer
	table  *searchtest.Table
	row    func(mask search.Mask, sample int) []float32
	rule   *bounds.Rule
	starts []int
	order  []int // of the samples
}

// puzzles are the metrics of which random puzzles are made, with what makes one from a table.
var puzzles = map[string]func(rng *rand.Rand, name string, t *searchtest.Table) *puzzle{
	"f1": classPuzzle, "weighted-f1": classPuzzle, "mcc": classPuzzle, "miou": pixelPuzzle, "dice": pixelPuzzle, "pixel-accuracy": pixelPuzzle, "token-accuracy": pixelPuzzle, "map": boxPuzzle, "map50": boxPuzzle,
}

// newPuzzle lays the samples of a judge out in random blocks.
func newPuzzle(rng *rand.Rand, j *Scorer, t *searchtest.Table, row func(search.Mask, int) []float32) *puzzle {
	p := &puzzle{judge: j, table: t, row: row, order: rng.Perm(j.samples)}
	var sizes []int
	for at := 0; at < j.samples; {
		n := min(j.samples-at, 1+rng.IntN(9))
		p.starts, sizes = append(p.starts, at), append(sizes, n)
		at += n
	}
	if err := j.Check(); err != nil {
		panic(err)
	}
	var err error
	if p.rule, err = RuleOf([]*Scorer{j}, sizes, 1); err != nil {
		panic(err)
	}
	return p
}

// labelled are labels of some of the classes, not always of all.
func labelled(rng *rand.Rand, n, classes int) []int64 {
	used := rng.Perm(classes)[:1+rng.IntN(classes)]
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(used[rng.IntN(len(used))])
	}
	return list
}

// weights are random weights of classes, some of them 0; nil: there are none.
func weights(rng *rand.Rand, classes int) (list []float64) {
	if rng.IntN(2) == 0 {
		return nil
	}
	for range classes {
		list = append(list, float64(rng.IntN(3))*rng.Float64())
	}
	return list
}

// guess is the class that a table's sample is taken for.
func guess(t *searchtest.Table, mask search.Mask, at, label, classes int) int {
	if t.Correct(mask, at) {
		return label
	}
	return int(math.Abs(t.Margin(mask, at))*1e6) % classes
}

func classPuzzle(rng *rand.Rand, name string, t *searchtest.Table) *puzzle {
	classes := 1 + rng.IntN(5)
	m, err := ByName(name)
	if err != nil {
		panic(err)
	}
	if name == "f1" {
		if m, err = m.With(LabelOptions{Weights: weights(rng, classes)}); err != nil {
			panic(err)
		}
	}
	j := NewScorer(m, Truth{Labels: labelled(rng, t.Samples, classes)}, t.Samples)
	j.Read(Output{Name: "y", Dims: []int64{2, int64(classes)}, Slots: 2})
	return newPuzzle(rng, j, t, func(mask search.Mask, sample int) []float32 {
		row := make([]float32, classes)
		if t.Margin(mask, sample) < -1 { // nothing is larger than the first
			row[0] = float32(math.NaN())
			return row
		}
		row[guess(t, mask, sample, int(j.truth.Labels[sample]), classes)] = 1
		return row
	})
}

// pixelPuzzle is of pixels, or of tokens, which are the same with the classes last.
func pixelPuzzle(rng *rand.Rand, name string, t *searchtest.Table) *puzzle {
	classes, pixels := 1+rng.IntN(4), 1+rng.IntN(4)
	samples := max(1, t.Samples/pixels)
	pixels = t.Samples / samples
	o, tokens := LabelOptions{Weights: weights(rng, classes)}, name == "token-accuracy"
	if tokens {
		o.Weights = nil
	}
	truth := Truth{LabelDims: []int64{int64(pixels)}}
	for _, l := range labelled(rng, samples*pixels, classes) {
		truth.Pixels = append(truth.Pixels, int32(l))
	}
	if ignored := int64(-1); rng.IntN(2) == 0 {
		o.Ignore = &ignored
		for i := range truth.Pixels {
			if rng.IntN(4) == 0 {
				truth.Pixels[i] = -1
			}
		}
	}
	if truth.Pixels[0] = max(0, truth.Pixels[0]); o.Weights != nil { // something counts
		o.Weights[truth.Pixels[0]] = 0.7
	}
	m, err := ByName(name)
	if err == nil {
		m, err = m.With(o)
	}
	if err != nil {
		panic(err)
	}
	j := NewScorer(m, truth, samples)
	dims := []int64{2, int64(classes), int64(pixels)}
	if tokens {
		dims = []int64{2, int64(pixels), int64(classes)}
	}
	j.Read(Output{Name: "y", Dims: dims, Slots: 2})
	return newPuzzle(rng, j, t, func(mask search.Mask, sample int) []float32 {
		row := make([]float32, classes*pixels)
		for at := range pixels {
			label := max(0, int(truth.Pixels[sample*pixels+at]))
			if c := guess(t, mask, sample*pixels+at, label, classes); tokens {
				row[at*classes+c] = 1
			} else {
				row[c*pixels+at] = 1
			}
		}
		return row
	})
}

// outcomes are those of some samples under a mask.
func (p *puzzle) outcomes(mask search.Mask, samples []int) []bounds.Outcome {
	var rows []float32
	for _, s := range samples {
		rows = append(rows, p.row(mask, s)...)
	}
	return p.judge.Block(rows, samples).Outcomes
}

// Run implements bounds.Machine.
func (p *puzzle) Run(_ context.Context, job bounds.Job, gains []bounds.Gain) error {
	for i := range gains {
		from := p.starts[job.From+i]
		gains[i].Outcomes = p.outcomes(job.Mask, p.order[from:from+p.rule.Sizes[job.From+i]])
	}
	return nil
}

// full is the score of all samples, one block after another in the order of the data.
func (p *puzzle) full(_ context.Context, mask search.Mask) (search.Score, error) {
	var all []int
	for s := range p.judge.samples {
		all = append(all, s)
	}
	return search.Score{Value: p.rule.Fold.Score(p.rule.Fold.Add(nil, p.outcomes(mask, all)))}, nil
}

// evaluator is a puzzle as a search sees it.
type evaluator struct {
	*bounds.Evaluator
	table *searchtest.Table
}

func (e evaluator) Distance(ctx context.Context, m search.Mask) (float64, error) {
	return e.table.Distance(ctx, m)
}

// target is a score near that of the network without demotions, one that occurs, or one beside it.
func (p *puzzle) target(rng *rand.Rand, o search.Options) float64 {
	mask := o.Pinned.Clone()
	for range rng.IntN(3) {
		mask.Demote(rng.IntN(mask.Len()))
	}
	s, _ := p.full(context.Background(), mask)
	switch rng.IntN(4) {
	case 0:
		return math.Nextafter(s.Value, -1)
	case 1:
		return math.Nextafter(s.Value, 2)
	case 2:
		return s.Value - 0.1*rng.Float64()
	}
	return s.Value
}
