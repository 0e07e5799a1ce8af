package mctq

import (
	"math"

	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// rounder returns the value on a channel's grid, and its code.
type rounder = func(float32) (float32, float32)

// quantize returns the quantized values of a weight, as the operators of mct_quantizers compute them in float32, or
// as the toolkit's own run in torch does where f is quant.Torch. Codes and scales come with them where every value is
// float32(code)*scale of its channel with a code of 8 bits. The values take the place of the weight's own.
func (w *weightGrid) quantize(f quant.Formula) (values []float32, codes []int8, scales []float32, err error) {
	channels := len(w.hi)
	rounding := make([]rounder, channels)
	scales = make([]float32, channels)
	for c := range rounding {
		switch {
		case w.lutBit > 0:
			rounding[c], scales[c] = w.table(c)
		case w.op == "WeightsUniformQuantizer":
			if rounding[c], scales[c], err = w.uniform(c, f); err != nil {
				return nil, nil, nil, err
			}
		default:
			rounding[c], scales[c] = w.symmetric(c, f)
		}
	}
	inner := 1 // elements between two of neighbouring channels
	if w.axis >= 0 {
		for _, d := range w.dims[w.axis+1:] {
			inner *= int(d)
		}
	}
	values, codes = w.values, make([]int8, len(w.values))
	for at, c := 0, 0; at < len(values); at, c = at+inner, (c+1)%channels {
		round, s := rounding[c], scales[c]
		for i := at; i < at+inner && i < len(values); i++ {
			y, code := round(values[i])
			values[i] = y
			if codes == nil {
				continue
			}
			if codes[i] = int8(code); float32(codes[i]) != code || float32(code*s) != y {
				codes = nil
			}
		}
	}
	return values, codes, scales, nil
}

// symmetric: s = T/2^(n-1); rint(clamp(w, -T, T-s)/s)*s, under quant.Torch clamp(rint(w*(1/s)))*s.
func (w *weightGrid) symmetric(c int, f quant.Formula) (rounder, float32) {
	t := w.hi[c]
	half := float32(int64(1) << (w.bits - 1))
	s := t / half
	if f == quant.Torch {
		return torchRounding(s, -half, half-1), s
	}
	most := t - s
	return func(x float32) (float32, float32) {
		q := roundEven(limit(x, -t, most) / s)
		return float32(q*s) + 0, q
	}, s
}

// uniform: the range is moved so that 0 is on the grid, as for activations; rint(clamp(w, min', max')/s)*s, without
// an offset, under quant.Torch (clamp(rint(w*(1/s))+zp, 0, 2^n-1)-zp)*s.
func (w *weightGrid) uniform(c int, f quant.Formula) (rounder, float32, error) {
	if w.bits < 2 {
		return nil, 0, mistake.Errorf("attribute \"num_bits\" is 1: a uniform grid has at least 2")
	}
	g, err := quant.FromMinMax(quant.MCTQ, w.lo[c], w.hi[c], w.bits)
	if err != nil {
		return nil, 0, mistake.Errorf("channel %d: %w", c, err)
	}
	s := g.Scale
	if f == quant.Torch {
		zero := float32(g.Zero)
		return torchRounding(s, -zero, float32(g.Max)-zero), s, nil
	}
	return func(x float32) (float32, float32) {
		q := roundEven(limit(x, g.Lo, g.Hi) / s)
		return float32(q*s) + 0, q
	}, s, nil
}

// table: the nearest value of the look-up table, the first of two, to clip(w/(T+eps)*2^(b-1), -2^(b-1), 2^(b-1)-1),
// scaled back by T/2^(b-1); b is lut_values_bitwidth.
func (w *weightGrid) table(c int) (rounder, float32) {
	t := w.hi[c]
	half := float32(int64(1) << (w.lutBit - 1))
	return func(x float32) (float32, float32) {
		v := limit(float32(x/float32(t+w.eps))*half, -half, half-1)
		best, least := w.lut[0], float32(math.Inf(1))
		for _, l := range w.lut {
			if d := float32(math.Abs(float64(v - l))); d < least {
				best, least = l, d
			}
		}
		return float32(best/half*t) + 0, best
	}, t / half
}

func torchRounding(s, lo, hi float32) rounder {
	inv := 1 / s
	return func(x float32) (float32, float32) {
		q := limit(roundEven(float32(x*inv)), lo, hi)
		return float32(q*s) + 0, q
	}
}

func roundEven(v float32) float32 { return float32(math.RoundToEven(float64(v))) }

// limit is clamp for numbers that are finite.
func limit(v, lo, hi float32) float32 {
	if v < lo {
		return lo
	}
	if v > hi {
		return hi
	}
	return v
}
