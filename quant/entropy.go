package quant

import "math"

const (
	// entropyStride is the distance in bins of the thresholds that are compared: 128 over the whole range.
	entropyStride = bins / 128
	// entropySmoothing is what an empty bin gets before the distributions are compared, which must be positive everywhere
	// that the other one is; the value of ONNX Runtime's calibrator.
	entropySmoothing = 1e-4
)

// leastDivergence returns the threshold of |x| for which the histogram, clipped there, differs the least from itself
// reduced to a number of levels, by Kullback-Leibler divergence; the smaller one of equals. Zeros are left out: every grid
// keeps them, and after a Relu they would outweigh all else. With as many levels as bins it is the whole range.
func (h *histogram) leastDivergence(levels int) float64 {
	if levels >= bins {
		return h.top
	}
	counts := make([]float64, bins)
	for i := range counts {
		counts[i] = float64(h.neg[i]) + float64(h.pos[i])
	}
	above := make([]float64, bins+1) // the count from a bin on
	for i := bins - 1; i >= 0; i-- {
		above[i] = above[i+1] + counts[i]
	}
	best, least := bins, math.Inf(1)
	p, q := make([]float64, bins), make([]float64, bins)
	for n := max(levels, entropyStride); n <= bins; n += entropyStride {
		copy(p[:n], counts)
		p[n-1] += above[n]
		if !reduce(q[:n], counts[:n], levels) {
			continue
		}
		smooth(p[:n])
		smooth(q[:n])
		if d := divergence(p[:n], q[:n]); d < least {
			best, least = n, d
		}
	}
	return float64(best) * h.width()
}

// reduce writes counts merged into levels and spread evenly again over the bins that are not empty; the last level takes the
// bins that do not divide. It reports whether there was anything.
func reduce(q, counts []float64, levels int) bool {
	size := len(counts) / levels
	some := false
	for level := range levels {
		from, to := level*size, (level+1)*size
		if level == levels-1 {
			to = len(counts)
		}
		total, filled := 0.0, 0
		for _, c := range counts[from:to] {
			total += c
			if c > 0 {
				filled++
			}
		}
		some = some || filled > 0
		for i := from; i < to; i++ {
			q[i] = 0
			if counts[i] > 0 {
				q[i] = total / float64(filled)
			}
		}
	}
	return some
}

// smooth moves a little of every bin to the empty ones.
func smooth(p []float64) {
	empty := 0
	for _, v := range p {
		if v == 0 {
			empty++
		}
	}
	if empty == len(p) {
		return
	}
	taken := entropySmoothing * float64(empty) / float64(len(p)-empty)
	for i, v := range p {
		if v == 0 {
			p[i] = entropySmoothing
		} else {
			p[i] = v - math.Min(taken, v/2)
		}
	}
}

// divergence returns the Kullback-Leibler divergence of two distributions that need not be normalized.
func divergence(p, q []float64) float64 {
	sp, sq := 0.0, 0.0
	for i := range p {
		sp += p[i]
		sq += q[i]
	}
	d := 0.0
	for i := range p {
		d += float64(p[i] / sp * math.Log(p[i]/sp*sq/q[i]))
	}
	return d
}
