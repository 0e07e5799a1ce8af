package task

import (
	"context"
	"fmt"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/result"
)

// LabelKind says how the labels of the data are read for the metric of a configuration.
func LabelKind(c config.Config) dataset.LabelKind {
	if c.Commanded() || c.Unscored {
		return dataset.AnyKind
	}
	m, err := metric.ByName(c.Metric)
	switch {
	case err != nil: // among them no name yet, which stands for top1 where there are classes
		return dataset.Classes
	case !m.NeedsLabels || m.Labels == metric.OwnLabels: // labels that nobody compares with may be anything
		return dataset.AnyKind
	case m.Labels == metric.BoxLabels:
		return dataset.Boxes
	case m.Labels == metric.PixelLabels || m.Labels == metric.TokenLabels:
		return dataset.Pixels
	case m.Labels == metric.ValueLabels:
		return dataset.Values
	}
	return dataset.Classes
}

// PickMetric is the metric of a configuration on the data that were opened for it, with its classes weighted and its
// command, if it is one. A command that serves is started; the caller closes it.
func (p *Task) PickMetric(ctx context.Context, c config.Config) (*metric.Metric, *metric.Command, error) {
	m, cmd, err := c.NamedMetric()
	if err == nil && m == nil {
		m, err = metric.Choose("", p.classLabels())
	}
	if err != nil {
		return nil, nil, err
	}
	if err := p.needLabels(m, c); err != nil {
		return nil, nil, err
	}
	if cmd != nil {
		m, err = cmd.Open(ctx)
		return m, cmd, err
	}
	if m.Detects() {
		m = m.On(p.Data.ImageSize())
	}
	o := metric.LabelOptions{Ignore: c.IgnoreLabel, Blank: c.Blank, Space: c.Space}
	if o.Weights, err = c.Weighing(); err != nil {
		return nil, nil, err
	}
	if c.ClassWeights == config.Balanced {
		o.Weights, o.Partly = p.balancedWeights(c.IgnoreLabel), true
	}
	m, err = m.With(o)
	return m, cmd, err
}

// StrayIgnore says that no label is the one to ignore, which a wrong number would look like.
func (p *Task) StrayIgnore(c config.Config) []result.Warning {
	if c.IgnoreLabel == nil || !p.Data.Labelled() || p.Data.Ignored() > 0 {
		return nil
	}
	return []result.Warning{{ID: "ignore-label-unused", Text: fmt.Sprintf("--ignore-label %d: no label of the evaluation data is %d, and all of them count", *c.IgnoreLabel, *c.IgnoreLabel), Cure: "leave it out, or name the label that the data has"}}
}

// balancedWeights give every class that the labels have the same sum of weights: n / (classes * samples of the
// class).
func (p *Task) balancedWeights(ignore *int64) []float64 {
	var counts []float64
	all := 0.0
	count := func(class int64) {
		if class < 0 || ignore != nil && class == *ignore || class > 1<<20 {
			return
		}
		for int64(len(counts)) <= class {
			counts = append(counts, 0)
		}
		counts[class]++
		all++
	}
	for _, l := range p.Data.Labels() {
		count(l)
	}
	for _, l := range p.Data.Pixels() {
		count(int64(l))
	}
	classes := 0.0
	for _, n := range counts {
		if n > 0 {
			classes++
		}
	}
	weights := make([]float64, len(counts))
	for i, n := range counts {
		if n > 0 {
			weights[i] = all / (classes * n)
		}
	}
	return weights
}

// classLabels tells whether the data have a class for each sample, or for each of its steps.
func (p *Task) classLabels() bool {
	return p.Data.Labels() != nil || len(p.Model.States) > 0 && p.Data.Pixels() != nil
}
