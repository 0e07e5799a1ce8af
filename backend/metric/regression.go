package metric

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// counted is how many samples or steps are judged: the scale of means.
func counted(j *Scorer, samples int) float64 { return float64(samples * j.Judged()) }

// rootOfMean is the root of the mean squared error, negated, from the sum of the negated ones.
func rootOfMean(sum, scale float64) float64 { return 0 - math.Sqrt((0-sum)/scale) }

// paired makes a metric of each number of the output and its label over all samples: the mean over the numbers.
func paired(of func(got, want []float64) float64) func(*Scorer, int) Accumulator {
	return lists(func(j *Scorer) int { return 2 * j.row }, func(_ *Scorer, row []float32, s Sample, numbers []float64) {
		for i, v := range row {
			numbers[2*i], numbers[2*i+1] = float64(v), float64(s.Values[i])
		}
	}, func(list []float64, per int) float64 {
		sum := 0.0
		for i := 0; i < per; i += 2 {
			sum += of(column(list, per, i), column(list, per, i+1))
		}
		return sum / float64(per/2)
	})
}

// rSquared is the share of the labels' variance that the outputs explain; of labels without any it is 1 where the
// outputs are right, and else 0, as scikit-learn's r2_score has it.
func rSquared(got, want []float64) float64 {
	wrong, all, mean := 0.0, 0.0, stat.Mean(want, nil)
	for i, v := range want {
		wrong += float64((v - got[i]) * (v - got[i]))
		all += float64((v - mean) * (v - mean))
	}
	switch {
	case all > 0:
		return 1 - wrong/all
	case wrong == 0:
		return 1
	}
	return 0
}

// pearson is the correlation; 0 where one of the two does not vary.
func pearson(got, want []float64) float64 {
	if v := stat.Correlation(got, want, nil); v == v {
		return v
	}
	return 0
}

// spearman is the correlation of the ranks.
func spearman(got, want []float64) float64 { return pearson(ranks(got), ranks(want)) }

// ranks are the places of numbers in their order, equal ones each at their mean.
func ranks(x []float64) []float64 {
	out := make([]float64, len(x))
	runs(x, func(before int, equal []int) {
		last := len(x) - 1 - before // in rising order
		for _, i := range equal {
			out[i] = float64(2*last-len(equal)+1) / 2
		}
	})
	return out
}

// labelRange is the difference of the largest and the least label.
func (j *Scorer) labelRange() float64 {
	j.ranged.Do(func() {
		if v := j.truth.Values; len(v) > 0 {
			j.span = float64(slices.Max(v)) - float64(slices.Min(v))
		}
	})
	return j.span
}

// peak is what psnr goes by: the labels' range squared, times the number of samples.
func peak(j *Scorer, samples int) float64 {
	return j.labelRange() * j.labelRange() * counted(j, samples)
}

// The constants of structural similarity: a window of 11 with a deviation of 1.5 (Wang et al., Image quality
// assessment, 2004).
const (
	ssimSide  = 11
	ssimSigma = 1.5
	ssimK1    = 0.01
	ssimK2    = 0.03
)

// ssimWindow is one line of the window; the whole one is its product with itself.
var ssimWindow = func() (w [ssimSide]float64) {
	sum := 0.0
	for i := range w {
		d := float64(i - ssimSide/2)
		w[i] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}()

// similarity is the structural similarity of an image whose height and width are the last two axes, each of the others
// a channel, where whole windows lie: at most 1, also where roundings would make it more.
func similarity(row []float32, s Sample) float64 {
	h, w := int(s.Dims[len(s.Dims)-2]), int(s.Dims[len(s.Dims)-1])
	c1, c2 := (ssimK1*s.span)*(ssimK1*s.span), (ssimK2*s.span)*(ssimK2*s.span)
	sum, n := 0.0, 0
	for at := 0; at < len(row); at += h * w {
		var means [5][]float64 // of both, their squares and their product
		for k := range means {
			means[k] = smoothed(h, w, func(i int) float64 {
				a, b := float64(row[at+i]), float64(s.Values[at+i])
				return [...]float64{a, b, a * a, b * b, a * b}[k]
			})
		}
		for i := range means[0] {
			a, b := means[0][i], means[1][i]
			va, vb, ab := means[2][i]-a*a, means[3][i]-b*b, means[4][i]-a*b
			sum += (2*a*b + c1) * (2*ab + c2) / ((a*a + b*b + c1) * (va + vb + c2))
			n++
		}
	}
	return min(1, sum/float64(n))
}

// smoothed are the means under the window, wherever it fits into an image.
func smoothed(h, w int, at func(i int) float64) []float64 {
	across := make([]float64, 0, h*(w-ssimSide+1))
	for y := range h {
		for x := range w - ssimSide + 1 {
			sum := 0.0
			for k, v := range ssimWindow {
				sum += v * at(y*w+x+k)
			}
			across = append(across, sum)
		}
	}
	wide := w - ssimSide + 1
	out := make([]float64, 0, (h-ssimSide+1)*wide)
	for y := range h - ssimSide + 1 {
		for x := range wide {
			sum := 0.0
			for k, v := range ssimWindow {
				sum += v * across[(y+k)*wide+x]
			}
			out = append(out, sum)
		}
	}
	return out
}
