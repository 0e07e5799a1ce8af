package quant

import "math"

const (
	// entropyStride is the distance in bins of the thresholds that are compared: 128 over the whole range.
	entropyStride = bins / 128
	// entropySmoothing is the count of an empty bin, because the divergence needs positive counts. ONNX Runtime's
	// calibrator uses the same value.
	entropySmoothing = 1e-4
)

// leastDivergence returns the threshold of |x| with the smallest Kullback-Leibler divergence between the histogram
// clipped there and the same histogram reduced to a number of levels; of equal ones the smaller threshold (Migacz, GTC
// 2017). Zeros are left out: every grid keeps them, and after a Relu they would outweigh all other values. With at
// least as many levels as bins it returns the whole range.
//
// The clipped histogram p keeps what lies beyond the threshold in its last bin; the reduced one q does not, so that
// clipping costs what it cuts off. ONNX Runtime's and TensorRT's calibrators search so too, with their own numbers of
// bins. It takes less than (bins/entropyStride)*bins steps, 260,000, a tensor.
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

// reduce writes to q the counts merged into levels, each spread evenly over its bins that are not empty. The last level
// also has the bins that are left over. It returns false if all counts are 0.
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

// smooth moves entropySmoothing to every empty bin, in equal parts from the others.
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

// divergence returns the Kullback-Leibler divergence sum p log(p/q), in nats, of two distributions, which it
// normalizes.
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
