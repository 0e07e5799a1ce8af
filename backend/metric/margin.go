package metric

import "math"

// Margin says how far a sample is from losing its hit: the wanted class's value less the best (for top5: the fifth
// best) of the others; negative if it is none. Of several steps it is the least.
func (j *Scorer) Margin(row []float32, sample int) float64 {
	if j.metric.served != nil {
		return j.guessMargin(row, sample)
	}
	least := math.Inf(1)
	j.each(row, sample, func(row []float32, s Sample) { least = min(least, j.metric.margin(row, s)) })
	return least
}

func (m *Metric) margin(row []float32, s Sample) float64 {
	want := s.Label
	if m.NeedsReference {
		want = int64(Top1(s.Reference))
	}
	rank := m.rank
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

// guessMargin is the margin of a sample that a server judges: the best value less the next where the output is of
// classes, on the side that the server's answer says.
func (j *Scorer) guessMargin(row []float32, sample int) float64 {
	margin := 1.0
	if j.parts == nil && j.row > 1 && j.oneClassAxis() {
		best := Top1(row)
		next := math.Inf(-1)
		for i, v := range row {
			if i != best {
				next = max(next, float64(v))
			}
		}
		margin = float64(row[best]) - next
	}
	if j.view.gainOf(sample) == 0 {
		return -margin
	}
	return margin
}
