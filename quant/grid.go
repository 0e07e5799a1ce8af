package quant

import (
	"fmt"

	"example.org/demote/mistake"
)

// Formula names the rounding formula of a grid.
type Formula string

// The formulas. QDQ is what QuantizeLinear and DequantizeLinear of ONNX compute and the default everywhere; MCTQ is what
// the operators of a Model Compression Toolkit file do; Torch is PyTorch's fake_quantize. For power-of-two scales all
// three agree bit for bit.
const (
	QDQ   Formula = "qdq"
	MCTQ  Formula = "mctq"
	Torch Formula = "torch"
)

// ParseFormula returns the formula of that name, or a mistake.Err error that lists the names.
func ParseFormula(name string) (Formula, error) {
	switch f := Formula(name); f {
	case QDQ, MCTQ, Torch:
		return f, nil
	}
	return "", mistake.Errorf("unknown formula %q: use qdq, mctq or torch", name)
}

// Grid is one quantization of one tensor. The codes are the whole numbers Min to Max; code c stands for the value
// (c-Zero)*Scale, under the formula MCTQ for c*Scale + Offset.
type Grid struct {
	Formula  Formula
	Bits     int
	Signed   bool // whether the codes are of a signed integer type
	Scale    float32
	Zero     int32 // the code of the value 0
	Min, Max int32 // lowest and highest code

	// Lo and Hi are the values that MCTQ clamps to and Offset is the value of its code 0; all 0 under the other formulas.
	Lo, Hi, Offset float32
}

// Record is the pair of grids of a holder.
type Record struct{ Low, High Grid }

// Params returns the element-wise parameters of the grid.
func (g Grid) Params() Params {
	p := Params{Kind: KindQDQ, Scale: g.Scale, Inv: 1 / g.Scale, Lo: float32(g.Min - g.Zero), Hi: float32(g.Max - g.Zero)}
	switch g.Formula {
	case MCTQ:
		p.Kind, p.Lo, p.Hi, p.Offset = KindMCTQ, g.Lo, g.Hi, g.Offset
	case Torch:
		p.Kind = KindTorch
	}
	return p
}

// Value returns the nearest value of the grid as its formula defines it: never -0, the lowest value for NaN, an end of the
// grid for infinities.
func (g Grid) Value(x float32) float32 { return g.Params().Value(x) }

// Apply writes Value of every element of src to dst, which may be src itself. It panics if dst is shorter than src.
func (g Grid) Apply(dst, src []float32) { g.Params().Apply(dst, src) }

// Code returns the code of x, from Min to Max; Decode(Code(x)) is Value(x).
func (g Grid) Code(x float32) int32 {
	p := g.Params()
	steps := int32(p.steps(x))
	if g.Formula == MCTQ {
		return steps
	}
	return steps + g.Zero
}

// Decode returns the value of a code. A code outside Min to Max is extrapolated.
func (g Grid) Decode(code int32) float32 {
	if g.Formula == MCTQ {
		return float32(float32(float32(code)*g.Scale)+g.Offset) + 0
	}
	return float32(float32(code-g.Zero)*g.Scale) + 0
}

// ZeroExact reports whether the value 0 lies on the grid, so that zero padding survives it.
func (g Grid) ZeroExact() bool { return g.Value(0) == 0 }

// Check reports a grid that cannot be used, as a mistake.Err error: bits out of range, a scale that is zero, negative or not
// finite, codes outside the integer type, a zero point outside the codes.
func (g Grid) Check() error {
	lo, hi, err := codeRange(g.Bits, g.Signed)
	switch {
	case err != nil:
		return err
	case g.Formula != QDQ && g.Formula != MCTQ && g.Formula != Torch:
		return mistake.Errorf("grid with unknown formula %q", g.Formula)
	case g.Min < lo || g.Max > hi || g.Min >= g.Max:
		return mistake.Errorf("grid codes %d to %d do not fit %s", g.Min, g.Max, typeName(g.Bits, g.Signed))
	case g.Zero < g.Min || g.Zero > g.Max:
		return mistake.Errorf("zero point %d is outside the codes %d to %d", g.Zero, g.Min, g.Max)
	}
	if err := g.Params().Check(); err != nil {
		return mistake.Errorf("%v", err)
	}
	return nil
}

// String returns the grid in one line, for messages: type, scale, zero point and formula.
func (g Grid) String() string {
	return fmt.Sprintf("%s scale %g zero %d (%s)", typeName(g.Bits, g.Signed), g.Scale, g.Zero, g.Formula)
}

// codeRange returns the lowest and highest code of an integer type of 2 to 16 bits.
func codeRange(bits int, signed bool) (lo, hi int32, err error) {
	if bits < 2 || bits > 16 {
		return 0, 0, mistake.Errorf("%d bits: a grid has 2 to 16", bits)
	}
	if signed {
		return -1 << (bits - 1), 1<<(bits-1) - 1, nil
	}
	return 0, 1<<bits - 1, nil
}

func typeName(bits int, signed bool) string {
	if signed {
		return fmt.Sprintf("int%d", bits)
	}
	return fmt.Sprintf("uint%d", bits)
}
