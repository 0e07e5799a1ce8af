package metric

import (
	"math"

	"example.org/demote/mistake"
)

// LabelOptions change how labels count.
type LabelOptions struct {
	Weights []float64 // of each class, >= 0; nil: all alike
	Partly  bool      // Weights may end before the classes do, which have none then
	// pixels with this label do not count; nil: all do. (Samples with an ignored class are left out of the data.)
	Ignore *int64
	Blank  int    // the class that stands for no token, of cer and wer
	Space  *int64 // the class that ends a word, of wer
}

// space is the class that ends a word.
func (o LabelOptions) space() int32 {
	if o.Space == nil {
		return -1
	}
	return int32(*o.Space)
}

// With is the metric with weighted classes and an ignored label. The error says if it knows neither.
func (m *Metric) With(o LabelOptions) (*Metric, error) {
	switch {
	case m.weigh == nil && o.Weights != nil:
		return nil, mistake.Errorf("metric %s has no classes to weigh: leave out --class-weights, or choose top1, top5, f1, pixel-accuracy or miou", m.Name)
	case m.weigh == nil && o.Ignore != nil:
		return nil, mistake.Errorf("metric %s has no classes to ignore: leave out --ignore-label, or choose top1, top5, f1, pixel-accuracy or miou", m.Name)
	case m.Labels == TokenLabels && m.NeedsLabels && o.Weights != nil:
		return nil, mistake.Errorf("metric %s has no classes to weigh: leave out --class-weights", m.Name)
	case m.words && o.Space == nil:
		return nil, mistake.Errorf("metric %s counts words: say which class ends one, --space N", m.Name)
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
	return confusion(func(classes int, counts []int64) float64 {
		return classMean(o, classes, func(c int) (part, all int64) {
			tp, fp, fn := counts[3*c], counts[3*c+1], counts[3*c+2]
			return 2 * tp, 2*tp + fp + fn
		})
	})
}

// confusion makes a metric of the numbers of samples of each class: right, falsely of it, and missed.
func confusion(of func(classes int, counts []int64) float64) func(j *Scorer, samples int) Accumulator {
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
		}, func(counts []int64) float64 { return of(classes, counts) })
	}
}

// weightedF1 is the mean of the classes' F1, each as often as it is labelled.
func weightedF1(classes int, counts []int64) float64 {
	sum, all := 0.0, 0.0
	for c := range classes {
		tp, fp, fn := float64(counts[3*c]), float64(counts[3*c+1]), float64(counts[3*c+2])
		if tp+fn > 0 {
			sum, all = sum+(tp+fn)*(2*tp/(2*tp+fp+fn)), all+tp+fn
		}
	}
	return sum / all
}

// matthews is the correlation of labels and predictions (Gorodkin, Comparing two K-category assignments, 2004); 0 where
// one of them is always the same.
func matthews(classes int, counts []int64) float64 {
	var right, all, both, predicted, labelled float64
	for c := range classes {
		tp, fp, fn := float64(counts[3*c]), float64(counts[3*c+1]), float64(counts[3*c+2])
		right, all = right+tp, all+tp+fn
		both += (tp + fp) * (tp + fn)
		predicted += (tp + fp) * (tp + fp)
		labelled += (tp + fn) * (tp + fn)
	}
	of := math.Sqrt((all*all - predicted) * (all*all - labelled))
	if of == 0 {
		return 0
	}
	return (right*all - both) / of
}

// anyClass is how many classes the labels of a metric may have that only asks whether two are equal.
func anyClass(int) int { return math.MaxInt }

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
