package metric

import "example.org/demote/backend/bounds"

// counts tells whether a pixel with that label counts.
func (o LabelOptions) counts(label int32) bool { return o.Ignore == nil || *o.Ignore != int64(label) }

// pixelClass is the class of a pixel: the first maximum over the classes, which are the first axis of the row.
func pixelClass(row []float32, classes, pixels, at int) int {
	best, most := 0, row[at]
	for c := 1; c < classes; c++ {
		if v := row[c*pixels+at]; v > most {
			best, most = c, v
		}
	}
	return best
}

// weighPixels makes pixel-accuracy: the weight of the pixels whose class is right, of that of all that count.
func weighPixels(m *Metric, o LabelOptions) *Metric {
	c := ofPixels(m, o, byClass{score: func(n matches) float64 {
		part, all := n.weightOf(o, both), n.weightOf(o, wanted)
		if all == 0 {
			return 0
		}
		return part / all
	}})
	folds := c.folds
	c.folds = func(judges []*Scorer) (bounds.Fold, error) {
		f, err := folds(judges)
		if err != nil {
			return nil, err
		}
		for class, n := range f.(*classFold).all {
			if n > 0 && o.weight(class) > 0 {
				return f, nil
			}
		}
		return nil, nothingCounts(m)
	}
	return c
}

// weightOf is the weight of all pixels that are counted in one of the numbers of their class.
func (n matches) weightOf(o LabelOptions, number int) (sum float64) {
	for c := range len(n) / perClass {
		sum += float64(o.weight(c) * float64(n[perClass*c+number]))
	}
	return sum
}

// weighIoU makes miou, the mean over the classes that are labelled or predicted of the pixels in both over those in
// either (Everingham et al., The PASCAL VOC Challenge, 2010), weighted if classes are. Pixels that do not count are
// in neither.
func weighIoU(m *Metric, o LabelOptions) *Metric {
	return ofPixels(m, o, meanOf(o, func(both, found, wanted int64) (part, all int64) { return both, found + wanted - both }))
}

// weighDice makes dice: of two such sets of pixels twice those in both over the sum of their sizes, which is F1.
func weighDice(m *Metric, o LabelOptions) *Metric {
	return ofPixels(m, o, meanOf(o, func(both, found, wanted int64) (part, all int64) { return 2 * both, found + wanted }))
}

// ofPixels makes a metric of the pixels that are labelled as each class, that are predicted as it, and that are both.
func ofPixels(m *Metric, o LabelOptions, by byClass) *Metric {
	c := *m
	by.wanted = func(j *Scorer, n []int64) { j.countPixels(o, n) }
	c.outcome = func(j *Scorer, row []float32, sample int) bounds.Outcome {
		classes := j.classes()
		n := make([]int32, perClass*classes)
		j.each(row, sample, func(row []float32, s Sample) {
			for at, want := range s.Pixels {
				if !o.counts(want) {
					continue
				}
				got := pixelClass(row, classes, len(s.Pixels), at)
				n[perClass*got+found]++
				n[perClass*int(want)+wanted]++
				if got == int(want) {
					n[perClass*got+both]++
				}
			}
		})
		return outcomeOf(n)
	}
	c.adds = (*Scorer).classes
	c.folds = func(judges []*Scorer) (bounds.Fold, error) { return by.foldOf(judges, judges[0].classes()), nil }
	c.margin = func(j *Scorer, _ []float32, _ int, v Verdict) float64 { return 0 - j.lost(v.Outcome, o) }
	return &c
}

// countPixels adds up the pixels that count, by their label.
func (j *Scorer) countPixels(o LabelOptions, n []int64) {
	for _, want := range j.truth.Pixels {
		if o.counts(want) {
			n[want]++
		}
	}
}

// lost is about what a sample takes from the score, if all others are right: its false pixels of each class over those
// that are labelled as it.
func (j *Scorer) lost(outcome bounds.Outcome, o LabelOptions) (sum float64) {
	for ; len(outcome) > 0; outcome = outcome[1+perClass:] {
		class, n := int(outcome[0]), outcome[1:]
		sum += o.weight(class) * float64(n[found]+n[wanted]-2*n[both]) / float64(max(1, j.labelled[class]))
	}
	return sum
}
