package quant

import (
	"fmt"
	"math"

	"example.org/demote/mistake"
)

// QuantizeWeights quantizes a row-major tensor w of shape dims to int8, symmetrically and per channel of axis: scale =
// max|w|/127 of the channel, in float64 and rounded once; code = rint(w/scale) in float32, from -127 to 127. The value
// of a code is float32(code)*scale. A channel of zeros gets the scale 1/127, as if its largest weight were 1. axis -1
// quantizes per tensor, as one channel. The code -128 is not used, as in ONNX Runtime's symmetric weights: -w has the
// negated code of w, and two products of an int8 kernel fit into int16 (Jacob et al., CVPR 2018, appendix B).
//
// Example: a Conv weight [64,3,3,3] with axis 0 has 64 scales; a channel whose largest weight is 0.254 has the scale
// 0.002, and its weight 0.1 the code 50.
//
// least has a lower bound of the scale of each channel, or is nil. The bound is for biases: their scale is that of the
// input times that of the weights, and where weights are tiny a large bias would not fit int32.
//
// codes has the shape of w, and scales an entry per channel. Both are new. The error is a mistake.Err for weights that
// are not finite. QuantizeWeights panics if the product of dims is not len(w), if axis is not an axis of dims, or if
// least has not an entry per channel.
func QuantizeWeights(w []float32, dims []int64, axis int, least []float32) (codes []int8, scales []float32, err error) {
	return RoundWeights[int8](w, dims, axis, least, W8, false)
}

// A weightCode is the type of the codes of weights.
type weightCode interface{ int8 | int16 }

// RoundWeights is QuantizeWeights, or with fit FitWeights, for codes of a width: from -7 to 7 with 4 bits, from -32767
// to 32767 with 16. It panics if the type of the codes is narrower.
func RoundWeights[T weightCode](w []float32, dims []int64, axis int, least []float32, width Width, fit bool) (codes []T, scales []float32, err error) {
	most := float32(int32(1)<<(width.Bits()-1) - 1)
	if float32(T(most)) != most {
		panic(fmt.Sprintf("quant: codes of %s in %T", width, T(0)))
	}
	channels, inner := channelLayout(len(w), dims, axis)
	if least != nil && len(least) != channels {
		panic(fmt.Sprintf("quant: least scales for %d of %d channels", len(least), channels))
	}
	top := make([]float32, channels)
	for at, c := 0, 0; at < len(w); at, c = at+inner, following(c, channels) {
		most := top[c]
		for i, v := range w[at : at+inner] {
			if !finite(v) {
				return nil, nil, mistake.Errorf("weight %d is %g", at+i, v)
			}
			if abs(v) > most {
				most = abs(v)
			}
		}
		top[c] = most
	}
	scales = make([]float32, channels)
	for c, m := range top {
		if m == 0 {
			m = 1
		}
		scales[c] = float32(math.Max(float64(m)/float64(most), minScale))
		if least != nil {
			scales[c] = max(scales[c], least[c])
		}
	}
	if fit {
		fitScales(w, inner, scales, least, most)
	}
	codes = make([]T, len(w))
	for at, c := 0, 0; at < len(w); at, c = at+inner, following(c, channels) {
		s := scales[c]
		for i, v := range w[at : at+inner] {
			codes[at+i] = T(clamp(rint(v/s), -most, most))
		}
	}
	return codes, scales, nil
}

// DequantizeWeights writes float32(code)*scale of the code's channel to dst, which is as long as codes, as
// DequantizeLinear with an axis does. It panics as QuantizeWeights does, and if scales has not an entry per channel.
func DequantizeWeights[T weightCode](dst []float32, codes []T, scales []float32, dims []int64, axis int) {
	channels, inner := channelLayout(len(codes), dims, axis)
	if len(scales) != channels {
		panic(fmt.Sprintf("quant: %d scales for %d channels", len(scales), channels))
	}
	for at, c := 0, 0; at < len(codes); at, c = at+inner, following(c, channels) {
		s := scales[c]
		for i, code := range codes[at : at+inner] {
			dst[at+i] = float32(float32(code) * s)
		}
	}
}

// following returns the next channel. Unlike c+1 modulo channels, it needs no division, which would dominate the loops.
func following(c, channels int) int {
	if c++; c == channels {
		return 0
	}
	return c
}

// QuantizeBias quantizes a bias to int32 as integer convolutions accumulate (Jacob et al., CVPR 2018, section 2.4):
// scale = input scale * weight scale of the channel, in float32; code = rint(b/scale), saturated. weights has a scale
// per channel, or one for all. clipped is the number of saturated codes. The slices are new. The error is a mistake.Err
// for a bias that is not finite, or for a scale that is not a normal float32. QuantizeBias panics if weights has
// another length.
func QuantizeBias(bias []float32, input float32, weights []float32) (codes []int32, scales []float32, clipped int, err error) {
	if len(weights) != 1 && len(weights) != len(bias) {
		panic(fmt.Sprintf("quant: %d weight scales for %d biases", len(weights), len(bias)))
	}
	scales = make([]float32, len(weights))
	for c, w := range weights {
		scales[c] = float32(input * w)
		if !(scales[c] >= minScale) || !finite(scales[c]) {
			return nil, nil, 0, mistake.Errorf("bias scale %g of channel %d (input %g x weight %g) is not a normal number",
				scales[c], c, input, w)
		}
	}
	codes = make([]int32, len(bias))
	for i, b := range bias {
		if !finite(b) {
			return nil, nil, 0, mistake.Errorf("bias %d is %g", i, b)
		}
		q := math.RoundToEven(float64(b) / float64(scales[i%len(scales)]))
		if q < math.MinInt32 || q > math.MaxInt32 {
			q = math.Max(math.MinInt32, math.Min(q, math.MaxInt32))
			clipped++
		}
		codes[i] = int32(q)
	}
	return codes, scales, clipped, nil
}

// channelLayout returns the number of channels of an axis, and the number of consecutive elements of one channel.
func channelLayout(n int, dims []int64, axis int) (channels, inner int) {
	size := int64(1)
	for _, d := range dims {
		size *= d
	}
	if size != int64(n) || axis < -1 || axis >= len(dims) {
		panic(fmt.Sprintf("quant: %d elements, dimensions %v, axis %d", n, dims, axis))
	}
	if axis == -1 || n == 0 {
		return 1, max(n, 1)
	}
	inner = 1
	for _, d := range dims[axis+1:] {
		inner *= int(d)
	}
	return int(dims[axis]), inner
}

// abs clears the sign, also of zeros and NaN.
func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
