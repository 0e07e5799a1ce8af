package engine

import (
	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/dataset"
)

// GiveLabels gives the options of an evaluator the labels that a set has, as the metric of the options takes them.
func GiveLabels(o *backend.Options, set *dataset.Set) {
	o.Labels, o.Pixels, o.Values, o.LabelDims = set.Labels(), set.Pixels(), set.Values(), set.LabelDims()
	o.Own, o.Numbers = nil, nil
	for sample := range set.Len() {
		o.Numbers = append(o.Numbers, set.Number(sample))
	}
	for _, a := range set.Own() {
		o.Own = append(o.Own, metric.LabelArray(a))
	}
	if o.Metric.TakesClasses() && o.Labels == nil { // a class a step
		for _, class := range o.Pixels {
			o.Labels = append(o.Labels, int64(class))
		}
		o.Pixels = nil
	}
}
