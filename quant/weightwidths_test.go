package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRoundWeights: codes of every width use its range and no more, the largest weight of a channel has the largest
// code, values are within half a step, the fitted error is no larger, and 8 bits are QuantizeWeights to the bit.
func TestRoundWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 16))
	w := make([]float32, 6*35)
	for i := range w {
		w[i] = float32(rng.NormFloat64() * math.Exp2(float64(i/35)))
	}
	dims := []int64{6, 5, 7}
	check := func(width Width, codes []int16, scales []float32) (squared float64) {
		most, values := int16(1<<(width.Bits()-1)-1), make([]float32, len(w))
		DequantizeWeights(values, codes, scales, dims, 0)
		for i, v := range values {
			if c := codes[i]; c > most || c < -most {
				t.Errorf("%s: weight %d has the code %d", width, i, c)
			}
			squared += math.Pow(float64(v)-float64(w[i]), 2)
		}
		return squared
	}
	for _, width := range []Width{W4, W8, W16} {
		codes, scales, err := RoundWeights[int16](w, dims, 0, nil, width, false)
		if err != nil {
			t.Fatal(err)
		}
		plain := check(width, codes, scales)
		for c := range scales {
			if top := slices.MaxFunc(codes[35*c:35*c+35], func(a, b int16) int { return max(int(a), -int(a)) - max(int(b), -int(b)) }); max(top, -top) != 1<<(width.Bits()-1)-1 {
				t.Errorf("%s, channel %d: the largest code is %d", width, c, top)
			}
		}
		for i, v := range w {
			if d := math.Abs(float64(v) - float64(float32(codes[i])*scales[i/35])); d > 0.5001*float64(scales[i/35]) {
				t.Errorf("%s: weight %g is off by %g of a step of %g", width, v, d, scales[i/35])
			}
		}
		fitted, own, err := RoundWeights[int16](w, dims, 0, nil, width, true)
		if err != nil {
			t.Fatal(err)
		}
		if squared := check(width, fitted, own); squared > plain {
			t.Errorf("%s: the fitted error is %g, the plain one %g", width, squared, plain)
		}
		if width != W8 {
			continue
		}
		narrow, same, err := QuantizeWeights(w, dims, 0, nil)
		if err != nil || !slices.Equal(same, scales) || slices.ContainsFunc(narrow, func(c int8) bool { return c == -128 }) {
			t.Errorf("8 bits: %v, %v", same, err)
		}
		for i, c := range narrow {
			if int16(c) != codes[i] {
				t.Errorf("8 bits: code %d is %d and %d", i, c, codes[i])
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("codes of 16 bits fit int8")
		}
	}()
	_, _, _ = RoundWeights[int8](w, dims, 0, nil, W16, false)
}
