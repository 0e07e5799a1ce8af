package metric

import (
	"math"
	"slices"
)

// rankClasses is how many classes the labels of auroc and average-precision may have: those of the output, and of one
// number two.
func rankClasses(row int) int { return max(2, row) }

// ranking makes a metric of how well scores order the samples: of the class 1 where there are two, and else the mean
// over the classes that some samples have and others have not, each against the rest (as scikit-learn's
// multi_class="ovr", average="macro"). of gives the figure of one class from the scores and what is right.
func ranking(of func(scores []float64, right []bool) float64) func(*Scorer, int) Accumulator {
	return lists(func(j *Scorer) int { return j.row + 1 }, func(_ *Scorer, row []float32, s Sample, numbers []float64) {
		for i, v := range row {
			numbers[i] = float64(v)
		}
		numbers[len(row)] = float64(s.Label)
	}, func(list []float64, per int) float64 {
		labels := column(list, per, per-1)
		one := func(scores []float64, class int) (figure float64, ok bool) {
			right, n := make([]bool, len(labels)), 0
			for i, l := range labels {
				if right[i] = int(l) == class; right[i] {
					n++
				}
			}
			if n == 0 || n == len(labels) {
				return 0, false
			}
			return of(scores, right), true
		}
		switch per - 1 {
		case 1:
			v, _ := one(column(list, per, 0), 1)
			return v
		case 2:
			scores := column(list, per, 1)
			for i, v := range column(list, per, 0) {
				scores[i] -= v
			}
			v, _ := one(scores, 1)
			return v
		}
		sum, n := 0.0, 0
		for class := range per - 1 {
			if v, ok := one(column(list, per, class), class); ok {
				sum, n = sum+v, n+1
			}
		}
		if n == 0 {
			return 0
		}
		return sum / float64(n)
	})
}

// falling are the samples by falling score.
func falling(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return order
}

// runs calls f for each run of equal scores, the highest first: with the samples of it, and how many come before.
func runs(scores []float64, f func(before int, equal []int)) {
	order := falling(scores)
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && scores[order[to]] == scores[order[from]] {
			to++
		}
		f(from, order[from:to])
		from = to
	}
}

// ties calls f for each run of equal scores, with how many of it are right and wrong.
func ties(scores []float64, right []bool, f func(yes, no float64)) {
	runs(scores, func(_ int, equal []int) {
		yes := 0
		for _, i := range equal {
			if right[i] {
				yes++
			}
		}
		f(float64(yes), float64(len(equal)-yes))
	})
}

// auroc is the area under the ROC curve: how probable it is that a right sample has a higher score than a wrong one,
// ties by half (Hanley and McNeil, 1982).
func auroc(scores []float64, right []bool) float64 {
	area, yes, no := 0.0, 0.0, 0.0
	ties(scores, right, func(y, n float64) {
		area += n * (yes + y/2)
		yes, no = yes+y, no+n
	})
	return area / (yes * no)
}

// averagePrecision is the sum over the scores of precision times what recall gains there.
func averagePrecision(scores []float64, right []bool) float64 {
	sum, yes, all := 0.0, 0.0, 0.0
	ties(scores, right, func(y, n float64) {
		yes, all = yes+y, all+y+n
		sum += y * yes / all
	})
	if yes == 0 {
		return 0
	}
	return sum / yes
}

// retrieval makes recall at k over embeddings: the share of the samples that have one of their own class among the k
// others that are nearest by cosine (Jegou et al., Product quantization for nearest neighbor search, 2011). Samples
// that are alone in their class do not count.
func retrieval(k int) func(*Scorer, int) Accumulator {
	return lists(func(j *Scorer) int { return j.row + 1 }, func(_ *Scorer, row []float32, s Sample, numbers []float64) {
		length := math.Sqrt(energy(row))
		for i, v := range row {
			if length > 0 {
				numbers[i] = float64(v) / length
			}
		}
		numbers[len(row)] = float64(s.Label)
	}, func(list []float64, per int) float64 {
		n, hits, all := len(list)/per, 0, 0
		nearest := make([]float64, 0, k)
		for i := range n {
			own := list[i*per : (i+1)*per]
			best, others := math.Inf(-1), false // of its class
			nearest = nearest[:0]               // of the other classes, falling
			for o := range n {
				if o == i {
					continue
				}
				other := list[o*per : (o+1)*per]
				near := 0.0
				for d, v := range own[:per-1] {
					near += float64(v * other[d])
				}
				if other[per-1] == own[per-1] {
					best, others = max(best, near), true
					continue
				}
				if at, _ := slices.BinarySearchFunc(nearest, near, func(a, b float64) int {
					if a > b {
						return -1
					}
					return 1
				}); at < k {
					if len(nearest) == k {
						nearest = nearest[:k-1]
					}
					nearest = slices.Insert(nearest, at, near)
				}
			}
			if !others {
				continue
			}
			all++
			if len(nearest) < k || best > nearest[k-1] {
				hits++
			}
		}
		if all == 0 {
			return 0
		}
		return float64(hits) / float64(all)
	})
}
