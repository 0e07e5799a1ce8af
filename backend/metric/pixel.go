package metric

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
	c := *m
	c.gain = func(row []float32, s Sample) float64 {
		pixels, sum := len(s.Pixels), 0.0
		for at, want := range s.Pixels {
			if o.counts(want) && pixelClass(row, len(row)/pixels, pixels, at) == int(want) {
				sum += o.weight(int(want))
			}
		}
		return sum
	}
	c.scaled = func(j *Scorer, _ int) float64 {
		sum := 0.0
		for _, want := range j.truth.Pixels {
			if o.counts(want) {
				sum += o.weight(int(want))
			}
		}
		return sum
	}
	c.finish = func(sum, scale float64) float64 { return sum / scale }
	c.Best = o.most() // of a pixel; New multiplies it by their number
	return &c
}

// weighIoU makes miou, the mean over the classes that are labelled or predicted of the pixels in both over those in
// either (Everingham et al., The PASCAL VOC Challenge, 2010), weighted if classes are. Pixels that do not count are
// in neither.
func weighIoU(m *Metric, o LabelOptions) *Metric {
	return ofPixels(m, o, func(both, either int64) (part, all int64) { return both, either })
}

// weighDice makes dice: of two such sets of pixels twice those in both over the sum of their sizes, which is F1.
func weighDice(m *Metric, o LabelOptions) *Metric {
	return ofPixels(m, o, func(both, either int64) (part, all int64) { return 2 * both, both + either })
}

// ofPixels makes a metric of the pixels that are labelled or predicted as a class, and those that are both.
func ofPixels(m *Metric, o LabelOptions, of func(both, either int64) (part, all int64)) *Metric {
	c := *m
	c.whole = func(j *Scorer, _ int) Accumulator {
		classes := j.classes()
		return newCounts(j, 2*classes, func(row []float32, s Sample, counts []int64) {
			pixels := len(s.Pixels)
			for at, want := range s.Pixels {
				if !o.counts(want) {
					continue
				}
				got := pixelClass(row, classes, pixels, at)
				counts[2*int(want)+1]++
				if got == int(want) {
					counts[2*got]++
				} else {
					counts[2*got+1]++
				}
			}
		}, func(counts []int64) float64 {
			return classMean(o, classes, func(c int) (part, all int64) { return of(counts[2*c], counts[2*c+1]) })
		})
	}
	return &c
}
