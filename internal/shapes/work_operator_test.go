package shapes

import (
	"testing"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
)

// TestWorkOfOneOperator counts attention and other operators of ONNX Runtime by their formulas.
func TestWorkOfOneOperator(t *testing.T) {
	for _, c := range []struct {
		text, domain string
		dims         map[string][]int64
		want         float64
	}{
		// 2 samples of 5 rows of 8: three projections of 8 x 8 a row, and twice 5 x 5 x 8.
		{"y = Attention(x, w, b) num_heads=2", ir.ContribDomain, map[string][]int64{"x": {2, 5, 8}, "w": {8, 24}}, 2*5*8*24 + 2*2*5*5*8},
		{"y = MultiHeadAttention(q, k, v) num_heads=2", ir.ContribDomain, map[string][]int64{"q": {2, 5, 8}, "k": {2, 7, 8}, "v": {2, 7, 6}, "y": {2, 5, 6}}, 2*5*7*8 + 2*5*7*6},
		{"y = MatMulNBits(x, w) K=32 N=16", ir.ContribDomain, map[string][]int64{"x": {3, 32}, "y": {3, 16}}, 3 * 16 * 32},
		{"y = FusedMatMul(x, w) transA=1", ir.ContribDomain, map[string][]int64{"x": {9, 3}, "w": {9, 4}, "y": {3, 4}}, 3 * 4 * 9},
		{"y = FusedConv(x, w)", ir.ContribDomain, map[string][]int64{"x": {1, 2, 4, 4}, "w": {5, 2, 3, 3}, "y": {1, 5, 2, 2}}, 5 * 2 * 2 * 18},
		{"y = RNN(x, w, r)", "", map[string][]int64{"x": {6, 2, 3}, "w": {1, 4, 3}, "r": {1, 4, 4}}, 6 * 2 * (12 + 16)},
	} {
		n := onnxtest.ParseNode(t, c.text)
		n.Domain = &c.domain
		got, ok := (&Sizes{Dims: c.dims}).workOf(n)
		if !ok || got != c.want {
			t.Errorf("%s: %v %v, want %v", c.text, got, ok, c.want)
		}
		if _, ok := (&Sizes{Dims: map[string][]int64{}}).workOf(n); ok {
			t.Errorf("%s: known without sizes", c.text)
		}
	}
}
