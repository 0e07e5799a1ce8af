package metric

import (
	"context"

	"example.org/demote/mistake"
)

// Parts are samples of different shapes, each judged beside those of its own shape.
type Parts struct {
	Judges []*Scorer
	Of     func(sample int) (judge, at int) // who judges a sample of all, and which of its own it is
	Labels []LabelArray                     // of all samples, for a metric that takes OwnLabels; nil without
}

// Score is the number that the tallies of all judges make together.
func (p *Parts) Score(ctx context.Context, list []Accumulator) (float64, error) {
	switch first := list[0].(type) {
	case *listed:
		var all []float64
		for _, l := range list {
			all = append(all, l.(*listed).list...)
		}
		return first.fold(all, first.per), nil
	case *gathered:
		return first.all(ctx, p.outputs(list))
	case *served:
		return first.scoreWith(ctx, list[1:])
	}
	panic("metric: a tally that cannot be added up")
}

// outputs are the outputs that the tallies have gathered, in the order of the data.
func (p *Parts) outputs(list []Accumulator) WholeOutputs {
	n := 0
	for _, j := range p.Judges {
		n += j.samples
	}
	o := WholeOutputs{Samples: n, Labels: first(p.Labels), Arrays: p.Labels, Sample: func(sample int) Sample {
		judge, at := p.Of(sample)
		return p.Judges[judge].sample(at)
	}}
	differ := false
	first := p.Judges[0].rowDims()
	for sample := range n {
		judge, at := p.Of(sample)
		j := p.Judges[judge]
		o.Rows = append(o.Rows, list[judge].(*gathered).rows[at*j.row:(at+1)*j.row]...)
		o.Shapes = append(o.Shapes, j.rowDims())
		for i, d := range o.Shapes[sample] {
			differ = differ || d != first[i]
		}
	}
	if !differ {
		o.Dims, o.Shapes = first, nil
	}
	return o
}

// Check refuses a metric that outputs of different shapes leave without a meaning.
func (p *Parts) Check() error {
	first := p.Judges[0]
	m := first.metric
	for _, j := range p.Judges[1:] {
		switch {
		case j.parts != nil:
			return mistake.Errorf("metric %s reads %d outputs, and samples have shapes of their own: give samples of one shape, or --pad", m.Name, len(j.parts))
		case len(j.dims) != len(first.dims):
			return mistake.Errorf("output %s has shape %v for some samples and %v for others: give samples of one shape, or --pad", j.output, first.dims[1:], j.dims[1:])
		case (m.ChecksClasses() || j.truth.Pixels != nil && m.folds != nil) && j.classes() != first.classes():
			return mistake.Errorf("output %s has %d classes for some samples and %d for others: give samples of one shape, or choose --metric sqnr", j.output, first.classes(), j.classes())
		case m.Name == "psnr" || m.Name == "ssim" || m.NeedsLabels && m.Labels == ValueLabels && m.IsWhole() && !m.custom && j.row != first.row:
			return mistake.Errorf("metric %s compares all samples with each other, and they have different shapes: choose --metric label-mse, or give --pad", m.Name)
		case m.NeedsReference && m.IsWhole() && j.row != first.row:
			return mistake.Errorf("metric %s takes all outputs at once, and they have different shapes: choose --metric sqnr, mse or cosine", m.Name)
		}
	}
	return nil
}
