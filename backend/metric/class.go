package metric

import (
	"math"

	"example.org/demote/backend/bounds"
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

// weighF1 makes F1, and weighs its classes.
func weighF1(m *Metric, o LabelOptions) *Metric { return ofClasses(m, macroF1(o)) }

// macroF1 is macro F1: the mean over the classes that are labelled or predicted of 2 TP / (2 TP + FP + FN), weighted
// if classes are (van Rijsbergen, Information Retrieval, 1979; the mean as scikit-learn's f1_score has it).
func macroF1(o LabelOptions) byClass {
	return meanOf(o, func(both, found, wanted int64) (part, all int64) { return 2 * both, found + wanted })
}

// ofClasses makes a metric of the classes of samples, or of steps.
func ofClasses(m *Metric, by byClass) *Metric {
	c := *m
	by.wanted = func(j *Scorer, n []int64) {
		for _, l := range j.truth.Labels {
			n[l]++
		}
	}
	c.outcome = func(j *Scorer, row []float32, sample int) (o bounds.Outcome) {
		j.each(row, sample, func(row []float32, s Sample) {
			got, want := int32(Top1(row)), int32(s.Label)
			if got == want {
				o = append(o, got, 1, 1, 1)
				return
			}
			o = append(o, got, 0, 1, 0, want, 0, 0, 1)
		})
		return o
	}
	c.adds = (*Scorer).classes
	c.folds = func(judges []*Scorer) (bounds.Fold, error) { return by.foldOf(judges, judges[0].classes()), nil }
	c.margin = func(j *Scorer, row []float32, sample int, _ Verdict) float64 { return j.leastMargin(row, sample, 1) }
	return &c
}

// weightedF1 is the mean of the classes' F1, each as often as it is labelled. The labels of a finished trial are those
// of the data, so that what holds of classFold's bounds holds with them for weights.
func weightedF1(n matches) float64 {
	sum, all := 0.0, 0.0
	for c := 0; c < len(n); c += perClass {
		tp, got, want := float64(n[c+both]), float64(n[c+found]), float64(n[c+wanted])
		if want > 0 {
			sum, all = sum+float64(want*(2*tp/(got+want))), all+want
		}
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// anyClass is how many classes the labels of a metric may have that only asks whether two are equal.
func anyClass(int) int { return math.MaxInt }

// meanOf makes a score of matches by classMean.
func meanOf(o LabelOptions, of func(both, found, wanted int64) (part, all int64)) byClass {
	return byClass{score: func(n matches) float64 { return classMean(o, n, of) }}
}

// classMean is the weighted mean of part/all over the classes for which there is any; 0 where there is none.
func classMean(o LabelOptions, n matches, of func(both, found, wanted int64) (part, all int64)) float64 {
	sum, weights := 0.0, 0.0
	for c := range len(n) / perClass {
		part, all := of(n[perClass*c+both], n[perClass*c+found], n[perClass*c+wanted])
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
