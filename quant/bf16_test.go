package quant

import (
	"math"
	"strings"
	"testing"
)

// nearestBF16 is bfloat16's rounding by distances: of the two values of 8 bits of mantissa around x the nearer one, of
// equally near ones that with an even last bit, where beyond the largest one there is another that counts as infinite.
func nearestBF16(x float32) float32 {
	u := math.Float32bits(x)
	if x != x || math.IsInf(float64(x), 0) {
		return math.Float32frombits(u&(1<<31) | 0x7fc00000*uint32(btoi(x != x)) | 0x7f800000)
	}
	down, up := u&^0xffff, u&^0xffff+0x10000
	far := math.Abs(float64(math.Float32frombits(up &^ (1 << 31))))
	if up&^(1<<31) == 0x7f800000 {
		far = math.Exp2(128)
	}
	a, near := math.Abs(float64(x)), math.Abs(float64(math.Float32frombits(down)))
	if a-near < far-a || a-near == far-a && down>>16&1 == 0 {
		return math.Float32frombits(down)
	}
	return math.Float32frombits(up)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestBF16 compares the formula with distances over the floats: one in 997, and all that special cases hang on. -0, NaN
// and infinities stay; values on the grid do not move, and codes give them back.
func TestBF16(t *testing.T) {
	g := BF16Grid()
	if err := g.Check(); err != nil || g.Width() != Half || g.String() != "bf16" || !g.ZeroExact() {
		t.Errorf("%v, %v, %v", g, g.Width(), err)
	}
	var x []float32
	for u := uint64(0); u < 1<<32; u += 997 {
		x = append(x, math.Float32frombits(uint32(u)))
	}
	for _, u := range []uint32{0, 1, 0x7fff, 0x8000, 0x8001, 0x3f808000, 0x3f818000, 0x3f808001, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff} {
		x = append(x, math.Float32frombits(u), math.Float32frombits(u|1<<31))
	}
	y := make([]float32, len(x))
	g.Apply(y, x)
	wrong := 0
	for i, v := range x {
		want, got := math.Float32bits(nearestBF16(v)), math.Float32bits(g.Value(v))
		back := math.Float32bits(g.Decode(g.Code(v)))
		if c := g.Code(v); (got != want || got != math.Float32bits(y[i]) || got != back || c < g.Min || c > g.Max || math.Float32bits(g.Value(g.Value(v))) != got) && wrong < 5 {
			wrong++
			t.Errorf("%g (%08x) is %08x, in a slice %08x, by its code %08x, want %08x", v, math.Float32bits(v), got, math.Float32bits(y[i]), back, want)
		}
	}
	for _, c := range []struct {
		text string
		want string
	}{{"8,bf16", ""}, {"4,bf16", ""}, {"16,bf16", "both take 16 bits"}, {"bf16,8", "the low width comes first: give 8,bf16"}, {"bf16,bf16", "both widths are bf16"}, {"8,fp16", "or bf16 as the high one"}} {
		low, high, err := ParseWidths(c.text)
		if c.want == "" && (err != nil || high != Half || high.Bits() != 16 || low.Text()+","+high.Text() != c.text) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, %v, %v", c.text, low, high, err)
		}
	}
	if _, err := ParseFormula("bf16"); err == nil {
		t.Error("bf16 is no formula that a user chooses")
	}
}
