package integer

import "example.org/demote/quant"

// Bits are those of the codes of a grid: 8 or 16.
func Bits(p quant.Params) int {
	if p.Hi-p.Lo < 256 {
		return 8
	}
	return 16
}

// First is the step of code 0 of a grid: codes are from -2^(bits-1) on.
func First(p quant.Params) int32 { return int32(p.Lo) + 1<<(Bits(p)-1) }

// Planes are steps as the kernels read them: codes, channels filled up to words of four. Of 8 bits there is no low
// plane; of 16, code = 256 * high + low + 128.
func Planes(p quant.Params, steps []int32, channels int) (high, low []int8) {
	row := padded(channels)
	high = make([]int8, len(steps)/channels*row)
	if Bits(p) == 16 {
		low = make([]int8, len(high))
	}
	for i, step := range steps {
		code, at := step-First(p), i/channels*row+i%channels
		if low == nil {
			high[at] = int8(code)
			continue
		}
		high[at], low[at] = int8(code>>8), int8(code&255-128)
	}
	return high, low
}

// FromPlanes are the steps of planes.
func FromPlanes(p quant.Params, high, low []int8, channels int) []int32 {
	row := padded(channels)
	steps := make([]int32, len(high)/row*channels)
	for i := range steps {
		at := i/channels*row + i%channels
		steps[i] = int32(high[at]) + First(p)
		if low != nil {
			steps[i] = int32(high[at])*256 + int32(low[at]) + 128 + First(p)
		}
	}
	return steps
}

// Words are weights with the channels that they read filled up to words of four.
func (l *Layer) Words() []int8 {
	row, in := padded(l.Inputs), l.Inputs
	words := make([]int8, len(l.Weights)/in*row)
	for i, w := range l.Weights {
		words[i/in*row+i%in] = w
	}
	return words
}

// Lacking is, of each channel, the sum of the weights times what a plane's code, or both planes' codes together, lack
// to a step: the kernels add it to their sums.
func (l *Layer) Lacking() []int64 {
	lacks := int64(First(l.In))
	if Bits(l.In) == 16 {
		lacks += 128
	}
	each := len(l.Weights) / l.Channels
	list := make([]int64, l.Channels)
	for i, w := range l.Weights {
		list[i/each] += int64(w) * lacks
	}
	return list
}

// padded is a number of channels filled up to words.
func padded(channels int) int { return (channels + 3) / 4 * 4 }
