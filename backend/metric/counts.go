package metric

import (
	"maps"
	"math"
	"slices"

	"example.org/demote/backend/bounds"
)

// Adds tells whether outcomes are counts by class, 0 or more, of which those of several samples add up to one.
func (m *Metric) Adds() bool { return m.adds != nil }

// AddUp is one outcome in place of those of several samples, of a metric whose outcomes add up; none for none. A Fold
// comes to the same state with it. Each class is there once, in rising order.
func AddUp(list []bounds.Outcome) []bounds.Outcome {
	if len(list) == 0 {
		return nil
	}
	sums := map[int32]*[perClass]int64{}
	for _, o := range list {
		for ; len(o) > 0; o = o[1+perClass:] {
			sum := sums[o[0]]
			if sum == nil {
				sum = new([perClass]int64)
				sums[o[0]] = sum
			}
			for k := range sum {
				sum[k] += int64(o[1+k])
			}
		}
	}
	all := make(bounds.Outcome, 0, (1+perClass)*len(sums))
	for _, class := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, class)
		for _, n := range sums[class] {
			all = append(all, int32(n)) // which fits, see MostCounts
		}
	}
	return []bounds.Outcome{all}
}

// counted is how many labels of so many samples count at most.
func (j *Scorer) counted(samples int) int {
	if j.metric.Labels == ClassLabels {
		return samples * j.Judged()
	}
	return samples * (len(j.truth.Pixels) / j.samples)
}

// MostCounts is how many numbers AddUp has at most for so many samples. ok is false where outcomes do not add up, or
// one of the numbers might not fit.
func (j *Scorer) MostCounts(samples int) (numbers int, ok bool) {
	if j.metric.adds == nil {
		return 0, false
	}
	n := j.counted(samples)
	return (1 + perClass) * min(j.metric.adds(j), 2*n), n <= math.MaxInt32
}

// Fits tells whether outcomes from elsewhere can be those of so many samples, so that a Fold can add them. A nil Scorer
// takes none.
func (j *Scorer) Fits(list []bounds.Outcome, samples int) bool {
	if j == nil || j.metric.adds == nil {
		return len(list) == 0
	}
	classes, allFound, allWanted := int32(j.metric.adds(j)), int64(0), int64(0)
	for _, o := range list {
		if len(o)%(1+perClass) != 0 {
			return false
		}
		for ; len(o) > 0; o = o[1+perClass:] {
			n := o[1:]
			if o[0] < 0 || o[0] >= classes || n[both] < 0 || n[both] > min(n[found], n[wanted]) {
				return false
			}
			allFound, allWanted = allFound+int64(n[found]), allWanted+int64(n[wanted])
		}
	}
	most := int64(j.counted(samples))
	return allFound == allWanted && (allWanted == most || allWanted < most && j.metric.Labels != ClassLabels)
}

// Labelled is how many pixels of all samples are labelled as each class, for a Truth that has not all of them; nil: the
// metric does not go by that.
func (j *Scorer) Labelled() []int64 { return j.labelled }
