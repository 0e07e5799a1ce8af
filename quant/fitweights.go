package quant

import "math"

// The scales that FitWeights tries are those that give the largest weight of a channel a code from fitFrom to fitTo, in
// steps of fitStep: beyond 127 it saturates, below it codes are left unused.
const fitFrom, fitTo, fitStep = 112, 144, 0.25

// FitWeights is QuantizeWeights with scales of the least squared error: of those scales at which the largest weight of
// a channel has a code from 112 to 144, the one at which the values of the codes are nearest to the weights; of equal
// ones QuantizeWeights' own, then the largest. A scale below the channel's least one is not tried. The error of a
// channel is never larger than with QuantizeWeights.
func FitWeights(w []float32, dims []int64, axis int, least []float32) (codes []int8, scales []float32, err error) {
	return RoundWeights[int8](w, dims, axis, least, W8, true)
}

// fitScales replaces the scales of channels by those of the least squared error, where there are better ones. most is
// the highest code; the tried ones lie around it as those of 8 bits around 127.
func fitScales(w []float32, inner int, scales, least []float32, most float32) {
	own, tried := append([]float32(nil), scales...), append([]float32(nil), scales...)
	best := squaredErrors(w, inner, own, most)
	for code := float64(fitFrom); code <= fitTo; code += fitStep {
		for c, s := range own {
			tried[c] = float32(math.Max(float64(s)*127/code, minScale))
			if least != nil {
				tried[c] = max(tried[c], least[c])
			}
		}
		for c, e := range squaredErrors(w, inner, tried, most) {
			if e < best[c] {
				best[c], scales[c] = e, tried[c]
			}
		}
	}
}

// squaredErrors are the sums, by channel, of the squared differences between weights and the values of their codes.
func squaredErrors(w []float32, inner int, scales []float32, most float32) []float64 {
	sums := make([]float64, len(scales))
	for at, c := 0, 0; at < len(w); at, c = at+inner, following(c, len(scales)) {
		s, sum := scales[c], 0.0
		for _, v := range w[at : at+inner] {
			d := float64(v) - float64(float32(clamp(rint(v/s), -most, most)*s))
			sum += d * d
		}
		sums[c] += sum
	}
	return sums
}
