package integer

import (
	"fmt"
	"math"

	"example.org/demote/quant"
)

// MaxProducts is how many products a sum of 32 bits is sure to hold: of a code from -128 to 127 and a weight from -128
// to 127, each at most 2^14.
const MaxProducts = 1<<17 - 1

// Shape is a convolution; a matrix product is one with a kernel of one place over samples of one place.
type Shape struct {
	Samples, Height, Width, Inputs int // of what is read, a sample; Inputs channels
	Channels, Groups               int // of what is made
	Kernel, Stride, Pad, Dilation  [2]int
	Out                            [2]int // height and width of what is made
}

// Layer is a convolution of steps with weights of 8 bits, and what follows.
type Layer struct {
	Shape
	In      quant.Params // grid of what is read, formula qdq
	Weights []int8
	Scales  []float32    // of the weights, by channel
	Bias    []float32    // by channel
	Clip    [2]float32   // lowest and highest value; -Inf and +Inf for none
	Next    quant.Params // grid of what is made, formula qdq, for Steps
}

// Check returns an error for a layer whose sums may not fit.
func (l *Layer) Check() error {
	if n := l.Kernel[0] * l.Kernel[1] * l.Inputs / l.Groups; n > MaxProducts {
		return fmt.Errorf("a sum of %d products may not fit into 32 bits: at most %d", n, MaxProducts)
	}
	return nil
}

// Sums are the sums of weight * step, exact; outside lies a step of 0.
func (l *Layer) Sums(steps []int32) []int64 {
	in, out := l.Inputs/l.Groups, l.Channels/l.Groups
	sums := make([]int64, 0, l.Samples*l.Out[0]*l.Out[1]*l.Channels)
	for at := range l.Samples * l.Out[0] * l.Out[1] {
		sample, oy, ox := at/l.Out[0]/l.Out[1], at/l.Out[1]%l.Out[0], at%l.Out[1]
		for c := range l.Channels {
			sum := int64(0)
			for k := range l.Kernel[0] * l.Kernel[1] {
				y := oy*l.Stride[0] - l.Pad[0] + k/l.Kernel[1]*l.Dilation[0]
				x := ox*l.Stride[1] - l.Pad[1] + k%l.Kernel[1]*l.Dilation[1]
				if y < 0 || y >= l.Height || x < 0 || x >= l.Width {
					continue
				}
				from := steps[((sample*l.Height+y)*l.Width+x)*l.Inputs+c/out*in:][:in]
				for i, w := range l.Weights[(c*l.Kernel[0]*l.Kernel[1]+k)*in:][:in] {
					sum += int64(w) * int64(from[i])
				}
			}
			sums = append(sums, sum)
		}
	}
	return sums
}

// Values are what becomes of sums: each is rounded to float32, times the scale of input and weight, plus the bias,
// clipped; each operation is rounded once.
func (l *Layer) Values(sums []int64) []float32 {
	values := make([]float32, len(sums))
	for i, sum := range sums {
		c := i % l.Channels
		v := float32(float32(sum)*l.Scale(c)) + l.Bias[c]
		if v < l.Clip[0] {
			v = l.Clip[0]
		}
		if v > l.Clip[1] {
			v = l.Clip[1]
		}
		values[i] = v
	}
	return values
}

// Scale is what a channel's sums are multiplied with.
func (l *Layer) Scale(channel int) float32 { return l.In.Scale * l.Scales[channel] }

// Steps are values on a grid of formula qdq.
func Steps(p quant.Params, values []float32) []int32 {
	steps := make([]int32, len(values))
	for i, v := range values {
		steps[i] = int32(math.RoundToEven(float64(min(max(v/p.Scale, p.Lo), p.Hi))))
	}
	return steps
}
