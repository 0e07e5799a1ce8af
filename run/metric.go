package run

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
	"example.org/demote/internal/memory"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

// defaultMetricTimeout is how long a metric command may take for one score.
const defaultMetricTimeout = 10 * time.Minute

// balanced is the value of --class-weights that gives every class the same say.
const balanced = "balanced"

// checkMetricFlags refuses flags of metrics that cannot be meant, before anything is read.
func (c Config) checkMetricFlags() error {
	switch {
	case c.MetricCmd == "" && c.MetricLower:
		return mistake.Errorf("--metric-lower: only a --metric-cmd has to be told; leave it out")
	case c.MetricCmd == "" && c.MetricTimeout != 0:
		return mistake.Errorf("--metric-timeout: there is no --metric-cmd that could take time; leave it out")
	case c.MetricCmd != "" && c.Metric != "":
		return mistake.Errorf("--metric and --metric-cmd exclude each other: choose one")
	case c.MetricCmd != "" && (c.ClassWeights != "" || c.IgnoreLabel != nil):
		return mistake.Errorf("--class-weights and --ignore-label are for built-in metrics: a --metric-cmd sees to that itself")
	case c.MetricTimeout < 0:
		return mistake.Errorf("--metric-timeout %v: give a time such as 10m", c.MetricTimeout)
	}
	_, err := c.weights()
	return err
}

// weights reads --class-weights; nil for none and for balanced ones, which come from the labels.
func (c Config) weights() ([]float64, error) {
	if c.ClassWeights == "" || c.ClassWeights == balanced {
		return nil, nil
	}
	var list []float64
	sum := 0.0
	for _, field := range strings.Split(c.ClassWeights, ",") {
		w, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil || !(w >= 0 && w <= 1e12) {
			return nil, mistake.Errorf("--class-weights %s: %q is no weight: give balanced, or a number that is not negative for each class, such as 1,1,2.5", c.ClassWeights, field)
		}
		list = append(list, w)
		sum += w
	}
	if sum == 0 {
		return nil, mistake.Errorf("--class-weights %s: every weight is 0; give some class more", c.ClassWeights)
	}
	return list, nil
}

// command is the metric command of a configuration; nil without one.
func (c Config) command() *metric.Command {
	if c.MetricCmd == "" {
		return nil
	}
	timeout := c.MetricTimeout
	if timeout == 0 {
		timeout = defaultMetricTimeout
	}
	return &metric.Command{Line: c.MetricCmd, Lower: c.MetricLower, Timeout: timeout, Start: memory.StartAsGiven}
}

// namedMetric is the metric as far as it is known without data; nil where the default depends on them.
func (c Config) namedMetric() (*metric.Metric, *metric.Command, error) {
	if cmd := c.command(); cmd != nil {
		return cmd.Metric(), cmd, nil
	}
	if c.Metric == "" {
		return nil, nil, nil
	}
	m, err := metric.ByName(c.Metric)
	return m, nil, err
}

// labelKind says how the labels of the data are read for the metric of a configuration.
func (c Config) labelKind() dataset.LabelKind {
	if c.MetricCmd != "" || c.Unscored {
		return dataset.AnyKind
	}
	m, err := metric.ByName(c.Metric)
	switch {
	case err != nil: // among them no name yet, which stands for top1 where there are classes
		return dataset.Classes
	case !m.NeedsLabels || m.Labels == metric.OwnLabels: // labels that nobody compares with may be anything
		return dataset.AnyKind
	case m.Labels == metric.PixelLabels:
		return dataset.Pixels
	case m.Labels == metric.ValueLabels:
		return dataset.Values
	}
	return dataset.Classes
}

// pickMetric is the metric of a configuration on the data that were opened for it, with its classes weighted and its
// command, if it is one.
func (p *prepared) pickMetric(c Config) (*metric.Metric, *metric.Command, error) {
	m, cmd, err := c.namedMetric()
	if err == nil && m == nil {
		m, err = metric.Choose("", p.classLabels())
	}
	if err != nil {
		return nil, nil, err
	}
	if err := p.needLabels(m, c); err != nil {
		return nil, nil, err
	}
	o := metric.LabelOptions{Ignore: c.IgnoreLabel}
	if o.Weights, err = c.weights(); err != nil {
		return nil, nil, err
	}
	if c.ClassWeights == balanced {
		o.Weights, o.Partly = p.balancedWeights(c.IgnoreLabel), true
	}
	m, err = m.With(o)
	return m, cmd, err
}

// strayIgnore says that no label is the one to ignore, which a wrong number would look like.
func (p *prepared) strayIgnore(c Config) []result.Warning {
	if c.IgnoreLabel == nil || !p.data.Labelled() || p.data.Ignored() > 0 {
		return nil
	}
	return []result.Warning{{ID: "ignore-label-unused", Text: fmt.Sprintf("--ignore-label %d: no label of the evaluation data is %d, and all of them count", *c.IgnoreLabel, *c.IgnoreLabel), Cure: "leave it out, or name the label that the data has"}}
}

// balancedWeights give every class that the labels have the same sum of weights: n / (classes * samples of the
// class).
func (p *prepared) balancedWeights(ignore *int64) []float64 {
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
	for _, l := range p.data.Labels() {
		count(l)
	}
	for _, l := range p.data.Pixels() {
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
func (p *prepared) classLabels() bool {
	return p.data.Labels() != nil || len(p.model.States) > 0 && p.data.Pixels() != nil
}
