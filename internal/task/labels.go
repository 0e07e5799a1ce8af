package task

import (
	"strings"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/segments"
	"example.org/demote/mistake"
)

// needLabels refuses data without labels for a metric that needs them.
func (p *Task) needLabels(m *metric.Metric, c config.Config) error {
	if len(c.LabelArrays) > 0 && p.Data.Own() == nil {
		return mistake.Errorf("%s: has no array %s: name arrays that it has with --label-array, or their file with --labels", c.Data, strings.Join(c.LabelArrays, ", "))
	}
	if m.Detects() && p.Data.Own() == nil {
		return mistake.Errorf("%s: metric %s needs boxes, and the data has none: name their file with --labels, %s", c.Data, m.Name, dataset.BoxesHow)
	}
	missing := !p.classLabels()
	switch m.Labels {
	case metric.PixelLabels, metric.TokenLabels:
		missing = p.Data.Pixels() == nil
	case metric.ValueLabels:
		missing = p.Data.Values() == nil
	case metric.OwnLabels, metric.BoxLabels:
		missing = p.Data.Own() == nil
	}
	if m.NeedsLabels && missing {
		return mistake.Errorf("%s: metric %s needs labels, and the data has none: add an array y, name a file with --labels, or choose --metric agreement", c.Data, m.Name)
	}
	return nil
}

// CheckLabels refuses labels that the network's output has no class for.
func (p *Task) CheckLabels(m *metric.Metric, src *segments.Source) error {
	if err := p.checkClasses(m, src); err != nil {
		return err
	}
	out, known := src.Tensors[p.Output]
	if !m.ChecksClasses() || !known || len(out.Dims) == 0 && p.Axis == 0 {
		return nil
	}
	classes := 1
	for _, d := range backend.SampleFirst(out.Dims, p.Axis)[1:] {
		classes *= int(d)
	}
	if p.Held != nil {
		if err := p.Held.CheckLabels(classes); err != nil {
			return err
		}
	}
	return p.Data.CheckLabels(classes)
}

// checkClasses refuses a metric of classes for an output that has only one: its score would be the same whatever the
// network.
func (p *Task) checkClasses(m *metric.Metric, src *segments.Source) error {
	out, known := src.Tensors[p.Output]
	dims := backend.SampleFirst(out.Dims, p.Axis)
	if !known || !m.OneClass(dims) {
		return nil
	}
	if m.NeedsLabels && m.Labels == metric.PixelLabels {
		return mistake.Errorf("output %s has one class a pixel, and %s takes the largest of several: every network scores the same; choose --metric label-mse, label-mae, sqnr or mse", p.Output, m.Name)
	}
	if m.Name == "cosine" {
		return mistake.Errorf("output %s has one number a sample, and the cosine to one number tells its sign alone; choose --metric sqnr or mse", p.Output)
	}
	numbers := int64(1)
	for _, d := range dims[1:] {
		numbers *= d
	}
	if numbers > 1 {
		return mistake.Errorf("output %s has %d numbers a sample, and %s takes as many: every network scores the same; choose --metric top1", p.Output, numbers, m.Name)
	}
	return mistake.Errorf("output %s has one number a sample, and %s takes the largest of several: every network scores the same; choose --metric label-mse or label-mae with the wanted numbers as labels, sqnr or mse without, or a --metric-cmd", p.Output, m.Name)
}
