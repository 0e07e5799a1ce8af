package metric

import (
	"encoding/binary"
	"math"
)

// Margin says how far a sample is from losing its hit: the wanted class's value less the best (for top5: the fifth
// best) of the others; negative if it is none. Of several steps it is the least. Of a metric of pixels, of boxes or
// of tokens it is what the sample loses, negated. v is the verdict on the same row.
func (j *Scorer) Margin(row []float32, sample int, v Verdict) float64 {
	if j.metric.margin != nil {
		return j.metric.margin(j, row, sample, v)
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

// guessMargin is the margin of a sample that a server judges, where the output is of classes: that of its label, if
// the data has classes as labels, as top1 has it, else that of the best class; on the side that the server's answer
// says. It is good for an order of the samples, and decides nothing.
func (j *Scorer) guessMargin(row []float32, sample int, v Verdict) float64 {
	margin := 1.0
	if j.parts == nil && j.row > 1 && j.oneClassAxis() {
		want := Top1(row)
		if label, known := j.ownClass(sample); known {
			want = label
		}
		next := math.Inf(-1)
		for i, v := range row {
			if i != want {
				next = max(next, float64(v))
			}
		}
		margin = float64(row[want]) - next
	}
	if hit := v.Gain > 0; hit != (margin > 0) {
		return -margin
	}
	return margin
}

// ownClass is a sample's label where it is one integer that is a class of the output.
func (j *Scorer) ownClass(sample int) (class int, known bool) {
	if len(j.truth.Own) != 1 || len(j.truth.Own[0].Dims) > 0 || j.truth.Own[0].Offsets != nil {
		return 0, false
	}
	a := j.truth.Own[0].of(sample, j.samples)
	if len(a.Descr) != 3 || a.Descr[1] != 'i' && a.Descr[1] != 'u' || len(a.Data) > 8 {
		return 0, false
	}
	var bytes [8]byte
	copy(bytes[:], a.Data)
	n := binary.LittleEndian.Uint64(bytes[:]) // which is no class where it is negative, or shorter and negative
	return int(n), n < uint64(j.row)
}
