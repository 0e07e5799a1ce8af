package quant

import (
	"fmt"
	"math"

	"example.org/demote/mistake"
)

// Formula names the quantize-dequantize formula of a grid.
type Formula string

// The formulas, written out at Params. For power-of-two scales all three give the same bits.
//
//   - QDQ, the default: QuantizeLinear and DequantizeLinear of the ONNX standard.
//   - MCTQ: the quantizers in files of Sony's Model Compression Toolkit (mct_quantizers).
//   - Torch: torch.fake_quantize_per_tensor_affine of PyTorch.
const (
	QDQ   Formula = "qdq"
	MCTQ  Formula = "mctq"
	Torch Formula = "torch"
)

// ParseFormula returns the formula of that name. The error is a mistake.Err and lists the names.
func ParseFormula(name string) (Formula, error) {
	switch f := Formula(name); f {
	case QDQ, MCTQ, Torch:
		return f, nil
	}
	return "", mistake.Errorf("unknown formula %q: use qdq, mctq or torch", name)
}

// Grid is the quantization of one tensor to integer codes, one grid for the whole tensor. The codes are the integers
// Min to Max. Code c stands for the value (c-Zero)*Scale, with the formula MCTQ for c*Scale + Offset.
//
// Example: the asymmetric grid of the range -1 to 3 with 8 bits has Scale 4/255, Zero 64 and the codes 0 to 255. 0.1
// lies 6.375 steps from zero, gets the code 70 and comes back as 6*4/255 = 0.0941.
type Grid struct {
	Formula  Formula
	Bits     int     // bit-width of the codes, 2 to 16
	Signed   bool    // the codes have a signed integer type
	Scale    float32 // distance of neighbouring values, in the unit of the tensor
	Zero     int32   // zero point: the code of the value 0
	Min, Max int32   // lowest and highest code

	// MCTQ clamps to the values Lo and Hi, and Offset is the value of its code 0. All are 0 with the other formulas.
	Lo, Hi, Offset float32
}

// Record is the pair of grids of an activation quantizer (holder): Low has fewer bits, High more. A bit of a mask
// chooses between them. Both come from the same calibration data; their ranges may differ, since each has the one that
// suits its bit-width.
type Record struct{ Low, High Grid }

// Params returns the element-wise parameters of the grid. Those of a grid that Check accepts pass Params.Check.
func (g Grid) Params() Params {
	p := Params{Kind: kindQDQ, Scale: g.Scale, Inv: 1 / g.Scale, Lo: float32(g.Min - g.Zero), Hi: float32(g.Max - g.Zero)}
	switch g.Formula {
	case BF16:
		p = Params{Kind: kindBF16, Scale: 1, Inv: 1}
	case MCTQ:
		p.Kind, p.Lo, p.Hi, p.Offset = kindMCTQ, g.Lo, g.Hi, g.Offset
	case Torch:
		p.Kind = kindTorch
	}
	return p
}

// Value quantizes and dequantizes x: it returns a value of the grid, chosen by the formula. It is never -0, because
// codes have no sign of zero and ONNX Runtime gives +0. A NaN gives the lowest value of the grid, an infinity the end
// on its side. BF16 alone keeps -0, NaN and infinities. Within the grid the error is at most half a step, but for the
// rounding to float32.
func (g Grid) Value(x float32) float32 { return g.Params().Value(x) }

// Apply writes the Value of every element of src to dst. dst may be src itself, and must not overlap it otherwise.
// Apply panics if dst is shorter than src.
func (g Grid) Apply(dst, src []float32) { g.Params().Apply(dst, src) }

// Code returns the code of x, from Min to Max, with NaN and infinities as in Value. Decode(Code(x)) is Value(x).
func (g Grid) Code(x float32) int32 {
	if g.Formula == BF16 {
		return int32(math.Float32bits(bf16(x)) >> 16)
	}
	p := g.Params()
	steps := int32(p.steps(x))
	if g.Formula == MCTQ {
		return steps
	}
	return steps + g.Zero
}

// Decode returns the value of a code, with the formula QDQ as DequantizeLinear computes it. It extrapolates codes
// outside Min to Max.
func (g Grid) Decode(code int32) float32 {
	if g.Formula == BF16 {
		return math.Float32frombits(uint32(code) << 16)
	}
	if g.Formula == MCTQ {
		return float32(float32(float32(code)*g.Scale)+g.Offset) + 0
	}
	return float32(float32(code-g.Zero)*g.Scale) + 0
}

// ZeroExact reports whether 0 is a value of the grid. Then quantization does not change zero padding, nor what a Relu
// has cut off. With the formulas QDQ and Torch it always is; with MCTQ the rounding of Offset may leave a rest.
func (g Grid) ZeroExact() bool { return g.Value(0) == 0 }

// Check returns a mistake.Err for a grid that cannot be used: an unknown formula, bits outside 2 to 16, a scale that is
// not a normal positive float32, codes outside the integer type, a zero point outside the codes, an end beyond float32.
func (g Grid) Check() error {
	lo, hi, err := codeRange(g.Bits, g.Signed)
	switch {
	case err != nil:
		return err
	case g.Formula != QDQ && g.Formula != MCTQ && g.Formula != Torch && g.Formula != BF16:
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

// String returns type, scale, zero point and formula in one line, for messages.
func (g Grid) String() string {
	if g.Formula == BF16 {
		return string(BF16)
	}
	return fmt.Sprintf("%s scale %g zero %d (%s)", typeName(g.Bits, g.Signed), g.Scale, g.Zero, g.Formula)
}

// codeRange returns the lowest and the highest code of an integer type. The error is a mistake.Err for bits outside 2
// to 16.
func codeRange(bits int, signed bool) (lo, hi int32, err error) {
	if bits < 2 || bits > 16 {
		return 0, 0, mistake.Errorf("%d bits: a grid has 2 to 16", bits)
	}
	if signed {
		return -1 << (bits - 1), 1<<(bits-1) - 1, nil
	}
	return 0, 1<<bits - 1, nil
}

// typeName is the name of an integer type as ONNX and NumPy have it, also of widths that they lack: int5.
func typeName(bits int, signed bool) string {
	if signed {
		return fmt.Sprintf("int%d", bits)
	}
	return fmt.Sprintf("uint%d", bits)
}
