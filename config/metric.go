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
	case !c.Commanded() && c.MetricLower:
		return mistake.Errorf("--metric-lower: only a --metric-cmd or --metric-serve has to be told; leave it out")
	case !c.Commanded() && c.MetricName != "":
		return mistake.Errorf("--metric-name: only a --metric-cmd or --metric-serve has no name of its own; leave it out")
	case !c.Commanded() && c.MetricTimeout != 0:
		return mistake.Errorf("--metric-timeout: there is no --metric-cmd or --metric-serve that could take time; leave it out")
	case c.MetricCmd != "" && c.MetricServe != "":
		return mistake.Errorf("--metric-cmd and --metric-serve exclude each other: choose one")
	case c.MetricCmd != "" && c.Metric != "":
		return mistake.Errorf("--metric and --metric-cmd exclude each other: choose one")
	case c.MetricServe != "" && c.Metric != "":
		return mistake.Errorf("--metric and --metric-serve exclude each other: choose one")
	case c.Commanded() && (c.ClassWeights != "" || c.IgnoreLabel != nil):
		return mistake.Errorf("--class-weights and --ignore-label are for built-in metrics: a --metric-cmd or --metric-serve sees to that itself")
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
	if len(c.LabelArrays) == 0 || c.Commanded() {
		return nil
	}
	m, _, err := c.NamedMetric()
	if err == nil && (m == nil || m.Labels != metric.OwnLabels) {
		err = mistake.Errorf("--label-array %s: metrics of the program know which arrays they read; leave it out, or choose a --metric-cmd or --metric-serve", c.LabelArrays[0])
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
	if !c.Commanded() {
		return nil
	}
	timeout := c.MetricTimeout
	if timeout == 0 {
		timeout = defaultMetricTimeout
	}
	return &metric.Command{Line: c.MetricLine(), Serve: c.MetricServe != "", Name: c.MetricName, Lower: c.MetricLower, Timeout: timeout, Start: memory.StartAsGiven}
}

// Commanded tells whether the metric is a command of the user's.
func (c Config) Commanded() bool { return c.MetricLine() != "" }

// MetricLine is the command that is the metric, started for every score or once; empty: it is none.
func (c Config) MetricLine() string {
	if c.MetricServe != "" {
		return c.MetricServe
	}
	return c.MetricCmd
}

// NamedMetric is the metric as far as it is known without data; nil where the default depends on them. A command that
// serves has not been started, and is taken for one of the whole set.
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
