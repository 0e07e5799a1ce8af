package metric

import "example.org/demote/mistake"

// LabelOptions change how labels count.
type LabelOptions struct {
	Weights []float64 // of each class, >= 0; nil: all alike
	Partly  bool      // Weights may end before the classes do, which have none then
	// pixels with this label do not count; nil: all do. (Samples with an ignored class are left out of the data.)
	Ignore *int64
}

// With is the metric with weighted classes and an ignored label. The error says if it knows neither.
func (m *Metric) With(o LabelOptions) (*Metric, error) {
	switch {
	case m.weigh == nil && o.Weights != nil:
		return nil, mistake.Errorf("metric %s has no classes to weigh: leave out --class-weights, or choose top1, top5, f1, pixel-accuracy or miou", m.Name)
	case m.weigh == nil && o.Ignore != nil:
		return nil, mistake.Errorf("metric %s has no classes to ignore: leave out --ignore-label, or choose top1, top5, f1, pixel-accuracy or miou", m.Name)
	case m.weigh == nil:
		return m, nil
	}
	c := *m.weigh(m, o)
	c.options = o
	return &c, nil
}

// weight is the weight of a class; classes beyond the list have none.
func (o LabelOptions) weight(class int) float64 {
	switch {
	case o.Weights == nil:
		return 1
	case class < len(o.Weights):
		return o.Weights[class]
	}
	return 0
}

// most is the largest weight.
func (o LabelOptions) most() float64 {
	if o.Weights == nil {
		return 1
	}
	most := 0.0
	for _, w := range o.Weights {
		most = max(most, w)
	}
	return most
}

// weighClasses makes a hit of a countable metric gain the weight of its class; the score is the share of all weight.
func weighClasses(m *Metric, o LabelOptions) *Metric {
	if o.Weights == nil {
		return m
	}
	c, hit := *m, m.gain
	c.Countable, c.rank, c.Best = false, 0, o.most()
	c.ofHit = func(hit float64, s Sample) float64 { return hit * o.weight(int(s.Label)) }
	c.gain = func(row []float32, s Sample) float64 { return c.ofHit(hit(row, s), s) }
	c.scaled = func(j *Scorer, _ int) float64 {
		sum := 0.0
		for _, l := range j.truth.Labels {
			sum += o.weight(int(l))
		}
		return sum
	}
	c.finish = func(sum, scale float64) float64 { return sum / scale }
	return &c
}

// weighF1 weighs the classes of F1.
func weighF1(m *Metric, o LabelOptions) *Metric {
	c := *m
	c.whole = wholeF1(o)
	return &c
}

// wholeF1 is macro F1: the mean over the classes that are labelled or predicted of 2 TP / (2 TP + FP + FN), weighted
// if classes are (van Rijsbergen, Information Retrieval, 1979; the mean as scikit-learn's f1_score has it).
func wholeF1(o LabelOptions) func(j *Scorer, samples int) Accumulator {
	return func(j *Scorer, _ int) Accumulator {
		classes := j.row
		return newCounts(j, 3*classes, func(row []float32, s Sample, counts []int64) {
			got, want := Top1(row), int(s.Label)
			if got == want {
				counts[3*got]++
				return
			}
			counts[3*got+1]++
			counts[3*want+2]++
		}, func(counts []int64) float64 {
			return classMean(o, classes, func(c int) (part, all int64) {
				tp, fp, fn := counts[3*c], counts[3*c+1], counts[3*c+2]
				return 2 * tp, 2*tp + fp + fn
			})
		})
	}
}

// classMean is the weighted mean of part/all over the classes for which there is any; 0 where there is none.
func classMean(o LabelOptions, classes int, of func(class int) (part, all int64)) float64 {
	sum, weights := 0.0, 0.0
	for c := range classes {
		part, all := of(c)
		if all == 0 {
			continue
		}
		w := o.weight(c)
		sum += float64(w * (float64(part) / float64(all)))
		weights += w
	}
	if weights == 0 {
		return 0
	}
	return sum / weights
}
