package quant

import (
	"fmt"
	"math"
)

// Kinds are the formulas as numbers, the first word of Params.
const (
	kindQDQ   int32 = iota // divide, clamp, round
	kindMCTQ               // clamp, divide, round, with an offset
	kindTorch              // multiply by the reciprocal, round, clamp
	kindBF16               // round to bfloat16, whose numbers need no parameters
)

// maxSteps is the largest number of steps from zero to an end of a grid. It is enough for 16 bits, and small enough for
// the shortcuts of the C kernels, which say where they rely on it.
const maxSteps = 1 << 17

// Params are the parameters of a grid for element-wise kernels. Go, C and CUDA share the memory layout: six words of 32
// bits. All arithmetic is float32 without fused operations. A NaN gives the lowest value, infinities saturate, and the
// result is never -0:
//
//	kindQDQ:   q = rint(clamp(x/Scale, Lo, Hi)); y = q*Scale + 0
//	kindMCTQ:  y = rint((clamp(x, Lo, Hi)-Offset)/Scale)*Scale + Offset + 0
//	kindTorch: q = clamp(rint(x*Inv), Lo, Hi);   y = q*Scale + 0
//	kindBF16:  y = the nearest bfloat16; of this alone NaN, infinities and -0 stay, see BF16
//
// rint rounds half to even (IEEE 754 roundTiesToEven). For kindQDQ and kindTorch, Lo and Hi are whole numbers, the
// lowest and highest code less the zero point. For kindMCTQ they are values. Inv is 1/Scale rounded to float32, which
// is exact if Scale is a power of two from 2^-126 to 2^126. Then x/Scale and x*Inv are the same float32 for every x,
// because both round the same real number once, and a device may multiply instead of dividing.
//
// Sources: ONNX operators QuantizeLinear and DequantizeLinear; package mct_quantizers; PyTorch's fake_quantize_core.h.
type Params struct {
	Kind                       int32
	Scale, Inv, Lo, Hi, Offset float32
}

// Floats returns the parameters as the FakeQuant attributes `low` and `high` have them: kind, scale, inv, lo, hi,
// offset.
func (p Params) Floats() [6]float32 {
	return [6]float32{float32(p.Kind), p.Scale, p.Inv, p.Lo, p.Hi, p.Offset}
}

// Check returns an error for parameters that the formulas are not defined for. All devices compute the same bits with
// parameters that it accepts.
func (p Params) Check() error {
	switch {
	case p.Kind == kindBF16:
		return nil
	case p.Kind < kindQDQ || p.Kind > kindBF16:
		return fmt.Errorf("grid parameters: unknown kind %d", p.Kind)
	case !(p.Scale >= minScale) || math.IsInf(float64(p.Scale), 0):
		return fmt.Errorf("grid parameters: scale %g is not a normal positive number", p.Scale)
	case !finite(p.Lo) || !finite(p.Hi) || !finite(p.Offset):
		return fmt.Errorf("grid parameters: bounds %g, %g and offset %g must be finite", p.Lo, p.Hi, p.Offset)
	case !(p.Lo <= p.Hi):
		return fmt.Errorf("grid parameters: lowest %g is above highest %g", p.Lo, p.Hi)
	case p.Kind == kindTorch && !(p.Inv > 0 && finite(p.Inv)):
		return fmt.Errorf("grid parameters: reciprocal scale %g is not a positive number", p.Inv)
	}
	lo, hi := p.Lo, p.Hi
	if p.Kind == kindMCTQ {
		lo, hi = float32(p.Lo-p.Offset)/p.Scale, float32(p.Hi-p.Offset)/p.Scale
	} else if lo != rint(lo) || hi != rint(hi) {
		return fmt.Errorf("grid parameters: bounds %g and %g are not whole codes", lo, hi)
	}
	if !(lo >= -maxSteps && hi <= maxSteps) {
		return fmt.Errorf("grid parameters: bounds %g and %g are more than %d steps from zero", lo, hi, maxSteps)
	}
	if !finite(p.Value(float32(math.Inf(-1)))) || !finite(p.Value(float32(math.Inf(1)))) {
		return fmt.Errorf("grid parameters: the ends of the grid exceed float32")
	}
	return nil
}

// Value quantizes and dequantizes x, see Grid.Value.
func (p Params) Value(x float32) float32 {
	if p.Kind == kindBF16 {
		return bf16(x)
	}
	y := float32(p.steps(x) * p.Scale)
	if p.Kind == kindMCTQ {
		y += p.Offset
	}
	return y + 0
}

// steps returns the whole number of steps that Value multiplies by Scale.
func (p *Params) steps(x float32) float32 {
	switch p.Kind {
	case kindQDQ:
		return p.stepsQDQ(x)
	case kindMCTQ:
		return p.stepsMCTQ(x)
	default:
		return p.stepsTorch(x)
	}
}

// The three formulas, up to the multiplication by Scale. The conversions to float32 keep the compiler from fusing
// operations.
func (p *Params) stepsQDQ(x float32) float32   { return rint(clamp(x/p.Scale, p.Lo, p.Hi)) }
func (p *Params) stepsTorch(x float32) float32 { return clamp(rint(float32(x*p.Inv)), p.Lo, p.Hi) }
func (p *Params) stepsMCTQ(x float32) float32 {
	return rint(float32(clamp(x, p.Lo, p.Hi)-p.Offset) / p.Scale)
}

// Apply writes the Value of every element of src to dst, which may be src itself. It panics if dst is shorter than src.
func (p Params) Apply(dst, src []float32) {
	dst = dst[:len(src)]
	switch p.Kind { // out of the loops, which are Value otherwise
	case kindQDQ:
		for i, x := range src {
			dst[i] = float32(p.stepsQDQ(x)*p.Scale) + 0
		}
	case kindMCTQ:
		for i, x := range src {
			dst[i] = float32(p.stepsMCTQ(x)*p.Scale) + p.Offset + 0
		}
	case kindBF16:
		for i, x := range src {
			dst[i] = bf16(x)
		}
	default:
		for i, x := range src {
			dst[i] = float32(p.stepsTorch(x)*p.Scale) + 0
		}
	}
}

// clamp limits v to [lo, hi]; a NaN becomes lo.
func clamp(v, lo, hi float32) float32 {
	if !(v > lo) {
		v = lo
	}
	if !(v < hi) {
		v = hi
	}
	return v
}

// rint rounds half to even: 0.5 to 0, 1.5 to 2, -2.5 to -2. Every float32 and its rounding are exact in float64.
func rint(v float32) float32 { return float32(math.RoundToEven(float64(v))) }

// finite tells whether v is neither NaN nor an infinity.
func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
