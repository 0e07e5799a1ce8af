package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFitWeights holds that no channel has a larger squared error than by its largest weight, that most have a smaller
// one, that the values are those of codes and scales, and that least scales are kept.
func TestFitWeights(t *testing.T) {
	const channels, inner = 64, 27
	rng := rand.New(rand.NewPCG(1, 2))
	w := make([]float32, channels*inner)
	for i := range w {
		w[i] = float32(rng.NormFloat64() * math.Exp2(float64(i/inner%8)))
	}
	clear(w[:inner]) // a channel of zeros
	dims := []int64{channels, 3, 3, 3}
	errorsOf := func(codes []int8, scales []float32) []float64 {
		values, sums := make([]float32, len(w)), make([]float64, channels)
		DequantizeWeights(values, codes, scales, dims, 0)
		for i, v := range values {
			sums[i/inner] += math.Pow(float64(v)-float64(w[i]), 2)
		}
		return sums
	}
	codes, scales, err := QuantizeWeights(w, dims, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := errorsOf(codes, scales)
	codes, own, err := FitWeights(w, dims, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	better, before, after := 0, 0.0, 0.0
	for c, e := range errorsOf(codes, own) {
		if e > plain[c] {
			t.Errorf("channel %d: %g, by the largest weight %g", c, e, plain[c])
		}
		if e < plain[c] {
			better++
		}
		before, after = before+plain[c], after+e
	}
	if better < channels/2 || after > 0.9*before || own[0] != scales[0] || slices.Contains(codes, -128) {
		t.Errorf("%d of %d channels are better, the error is %.3f of the one before, zeros have the scale %g", better, channels, after/before, own[0])
	}
	least := slices.Clone(scales)
	codes, kept, err := FitWeights(w, dims, 0, least)
	if err != nil {
		t.Fatal(err)
	}
	for c, e := range errorsOf(codes, kept) {
		if kept[c] < least[c] || e > plain[c] {
			t.Errorf("channel %d: scale %g, at least %g; error %g, %g", c, kept[c], least[c], e, plain[c])
		}
	}
	w[5] = float32(math.NaN())
	if _, _, err := FitWeights(w, dims, 0, nil); err == nil {
		t.Error("NaN is a weight")
	}
}
