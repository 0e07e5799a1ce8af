package quant

import "math"

// BF16 is the formula of bfloat16, which --formula does not choose: values of 8 bits of mantissa, as a Cast of ONNX
// from float to bfloat16 and back gives them. A value is rounded half to even, -0 and the infinities stay, what is
// beyond the largest one (3.39e38) becomes infinite, and a NaN is the quiet one of its sign. ONNX Runtime 1.26 computes
// so on a CPU (seen for one float32 in 4,099, at every optimization level).
const BF16 Formula = "bf16"

// BF16Grid is the grid of bfloat16. It has no scale: its codes, 0 to 65535, are the upper halves of the values' bits.
func BF16Grid() Grid { return Grid{Formula: BF16, Bits: 16, Max: 1<<16 - 1} }

// bf16 rounds to bfloat16, see BF16.
func bf16(x float32) float32 {
	u := math.Float32bits(x)
	if x != x {
		return math.Float32frombits(u&(1<<31) | 0x7fc00000)
	}
	return math.Float32frombits((u + 0x7fff + u>>16&1) &^ 0xffff)
}
