package metric

import "math"

// Margin says how far a sample is from losing its hit: the wanted class's value less the best (for top5: the fifth
// best) of the others; negative if it is none. Of several steps it is the least. Of a metric of pixels, of
// boxes or of tokens it is what the sample loses, negated.
func (j *Scorer) Margin(row []float32, sample int) float64 {
	if j.metric.margin != nil {
		return j.metric.margin(j, row, sample)
	}
	return j.leastMargin(row, sample, j.metric.rank)
}

// leastMargin is the least margin of a sample's steps, where a class must be among so many best.
func (j *Scorer) leastMargin(row []float32, sample, rank int) float64 {
	least := math.Inf(1)
	j.each(row, sample, func(row []float32, s Sample) { least = min(least, j.metric.marginOf(row, s, rank)) })
	return least
}

func (m *Metric) marginOf(row []float32, s Sample, rank int) float64 {
	want := s.Label
	if m.NeedsReference {
		want = int64(Top1(s.Reference))
	}
	if want < 0 || rank == 0 {
		return 0
	}
	best := make([]float64, rank) // the best of the others, falling
	for i := range best {
		best[i] = math.Inf(-1)
	}
	for i, v := range row {
		if int64(i) == want {
			continue
		}
		x := float64(v)
		for k := range best {
			if x > best[k] {
				x, best[k] = best[k], x
			}
		}
	}
	return float64(row[want]) - best[rank-1]
}
