package run

import (
	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/internal/segments"
	"example.org/demote/mistake"
)

// checkClasses refuses a metric of classes for an output that has only one: its score would be the same whatever the
// network.
func (p *prepared) checkClasses(m *metric.Metric, src *segments.Source) error {
	out, known := src.Tensors[p.output]
	dims := backend.SampleFirst(out.Dims, p.Axis)
	if !known || !m.OneClass(dims) {
		return nil
	}
	if m.NeedsLabels && m.Labels == metric.PixelLabels {
		return mistake.Errorf("output %s has one class a pixel, and %s takes the largest of several: every network scores the same; choose --metric label-mse, label-mae, sqnr or mse", p.output, m.Name)
	}
	if m.Name == "cosine" {
		return mistake.Errorf("output %s has one number a sample, and the cosine to one number tells its sign alone; choose --metric sqnr or mse", p.output)
	}
	numbers := int64(1)
	for _, d := range dims[1:] {
		numbers *= d
	}
	if numbers > 1 {
		return mistake.Errorf("output %s has %d numbers a sample, and %s takes as many: every network scores the same; choose --metric top1", p.output, numbers, m.Name)
	}
	return mistake.Errorf("output %s has one number a sample, and %s takes the largest of several: every network scores the same; choose --metric label-mse or label-mae with the wanted numbers as labels, sqnr or mse without, or a --metric-cmd", p.output, m.Name)
}
