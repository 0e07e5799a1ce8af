package quant

import (
	"fmt"
	"math"

	"example.org/demote/mistake"
)

// QuantizeWeights quantizes a tensor to int8 per channel of axis, symmetrically: scale = max|w|/127 over the channel (float64,
// rounded once), code = rint(w/scale) in float32, from -127 to 127. A channel that is 0 throughout gets the scale 1/127, as
// if its largest weight were 1, and codes 0. The value of a code is float32(code)*scale.
//
// axis -1 makes the whole tensor one channel. The error is mistake.Err for weights that are not finite. QuantizeWeights panics if
// dims do not multiply to len(w) or axis is not one of them.
func QuantizeWeights(w []float32, dims []int64, axis int) (codes []int8, scales []float32, err error) {
	return QuantizeWeightsAbove(w, dims, axis, nil)
}

// QuantizeWeightsAbove is QuantizeWeights with scales of at least so much a channel; nil: whatever they are. It panics if least
// has another length than there are channels.
func QuantizeWeightsAbove(w []float32, dims []int64, axis int, least []float32) (codes []int8, scales []float32, err error) {
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
		scales[c] = float32(math.Max(float64(m)/127, minScale))
		if least != nil {
			scales[c] = max(scales[c], least[c])
		}
	}
	codes = make([]int8, len(w))
	for at, c := 0, 0; at < len(w); at, c = at+inner, following(c, channels) {
		s := scales[c]
		for i, v := range w[at : at+inner] {
			codes[at+i] = int8(clamp(rint(v/s), -127, 127))
		}
	}
	return codes, scales, nil
}

// DequantizeWeights writes float32(code)*scale of the code's channel to dst. It panics where QuantizeWeights does.
func DequantizeWeights(dst []float32, codes []int8, scales []float32, dims []int64, axis int) {
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

// following is the channel behind a channel; a division for each weight would take longer than what is done with it.
func following(c, channels int) int {
	if c++; c == channels {
		return 0
	}
	return c
}

// QuantizeBias quantizes a bias to int32 with scale = input scale * weight scale of its channel (float32), as integer
// convolutions accumulate: code = rint(b/scale), saturated. weights holds one scale a channel, or one for all. clipped
// counts the codes that were saturated; where it is not 0 the bias is not what it was. The error is mistake.Err for a bias that is
// not finite or a scale that underflows.
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

// channelLayout returns the number of channels of an axis and the number of consecutive elements of one channel.
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

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }
