package config

import (
	"strconv"
	"strings"
	"time"

	"example.org/demote/backend/metric"
	"example.org/demote/internal/memory"
	"example.org/demote/mistake"
)

// defaultMetricTimeout is how long a metric command may take for one score.
const defaultMetricTimeout = 10 * time.Minute

// Balanced is the value of --class-weights that gives every class the same say.
const Balanced = "balanced"

// CheckMetricFlags refuses flags of metrics that cannot be meant, before anything is read.
func (c Config) CheckMetricFlags() error {
	switch {
	case c.MetricCmd == "" && c.MetricLower:
		return mistake.Errorf("--metric-lower: only a --metric-cmd has to be told; leave it out")
	case c.MetricCmd == "" && c.MetricName != "":
		return mistake.Errorf("--metric-name: only a --metric-cmd has no name of its own; leave it out")
	case c.MetricCmd == "" && c.MetricTimeout != 0:
		return mistake.Errorf("--metric-timeout: there is no --metric-cmd that could take time; leave it out")
	case c.MetricCmd != "" && c.Metric != "":
		return mistake.Errorf("--metric and --metric-cmd exclude each other: choose one")
	case c.MetricCmd != "" && (c.ClassWeights != "" || c.IgnoreLabel != nil):
		return mistake.Errorf("--class-weights and --ignore-label are for built-in metrics: a --metric-cmd sees to that itself")
	case c.MetricName != "" && metric.CheckName(c.MetricName) != nil:
		return mistake.Errorf("--metric-name: %w", metric.CheckName(c.MetricName))
	case c.MetricTimeout < 0:
		return mistake.Errorf("--metric-timeout %v: give a time such as 10m", c.MetricTimeout)
	}
	if err := c.checkLabelArrays(); err != nil {
		return err
	}
	if err := c.checkSpelling(); err != nil {
		return err
	}
	if err := c.checkDetection(); err != nil {
		return err
	}
	_, err := c.Weighing()
	return err
}

// checkSpelling refuses flags of metrics of sequences that cannot be meant.
func (c Config) checkSpelling() error {
	switch {
	case c.Blank != 0 && c.Metric != "cer" && c.Metric != "wer":
		return mistake.Errorf("--blank is for --metric cer and wer: leave it out")
	case c.Space != nil && c.Metric != "wer":
		return mistake.Errorf("--space is for --metric wer: leave it out")
	}
	return nil
}

// checkLabelArrays refuses names of label arrays that no metric reads.
func (c Config) checkLabelArrays() error {
	if len(c.LabelArrays) == 0 || c.MetricCmd != "" {
		return nil
	}
	m, _, err := c.NamedMetric()
	if err == nil && (m == nil || m.Labels != metric.OwnLabels) {
		err = mistake.Errorf("--label-array %s: metrics of the program know which arrays they read; leave it out, or choose a --metric-cmd", c.LabelArrays[0])
	}
	return err
}

// Weighing reads --class-weights; nil for none and for balanced ones, which come from the labels.
func (c Config) Weighing() ([]float64, error) {
	if c.ClassWeights == "" || c.ClassWeights == Balanced {
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
	return &metric.Command{Line: c.MetricCmd, Name: c.MetricName, Lower: c.MetricLower, Timeout: timeout, Start: memory.StartAsGiven}
}

// NamedMetric is the metric as far as it is known without data; nil where the default depends on them.
func (c Config) NamedMetric() (*metric.Metric, *metric.Command, error) {
	if cmd := c.command(); cmd != nil {
		return cmd.Metric(), cmd, nil
	}
	if c.Metric == "" {
		return nil, nil, nil
	}
	m, err := metric.ByName(c.Metric)
	if err == nil && m.Detects() && c.Decode != "" {
		var d metric.Detection
		if d, err = c.Detection(); err == nil {
			m = m.Detecting(d)
		}
	}
	return m, nil, err
}
