package quant

import (
	"errors"
	"math"
	"slices"
	"testing"

	"example.org/demote/mistake"
)

func TestQuantizeWeights(t *testing.T) {
	for _, c := range []struct {
		name   string
		w      []float32
		dims   []int64
		axis   int
		codes  []int8
		scales []float32
	}{
		{"axis 0", []float32{1, -2, 127, 0.5, 0.25, -1}, []int64{2, 3}, 0, []int8{1, -2, 127, 64, 32, -127}, []float32{1, 1.0 / 127}},
		{"last axis", []float32{127, 3, 0, -254, -6, 0}, []int64{2, 3}, 1, []int8{64, 64, 0, -127, -127, 0}, []float32{2, 6.0 / 127, 1.0 / 127}},
		{"middle axis", []float32{127, 1, 2, 254, -127, 0, 4, -254}, []int64{2, 2, 2}, 1, []int8{127, 1, 1, 127, -127, 0, 2, -127}, []float32{1, 2}},
		{"half to even", []float32{127, 0.5, 1.5, 2.5, -0.5, -2.5}, []int64{6}, -1, []int8{127, 0, 2, 2, 0, -2}, []float32{1}},
		{"zero channel", []float32{0, 0, 127, 1}, []int64{2, 2}, 0, []int8{0, 0, 127, 1}, []float32{1.0 / 127, 1}},
		{"subnormal channel", []float32{1e-40, -1e-40}, []int64{1, 2}, 0, []int8{0, 0}, []float32{0x1p-126}},
		{"scalar", []float32{-127}, nil, -1, []int8{-127}, []float32{1}},
		{"nothing", nil, []int64{0, 3}, -1, []int8{}, []float32{1.0 / 127}},
	} {
		codes, scales, err := QuantizeWeights(c.w, c.dims, c.axis, nil)
		if err != nil || !slices.Equal(codes, c.codes) || !slices.Equal(scales, c.scales) {
			t.Errorf("%s: codes %v, scales %v (%v), want %v, %v", c.name, codes, scales, err, c.codes, c.scales)
		}
	}
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(-1))} {
		if _, _, err := QuantizeWeights([]float32{1, bad}, []int64{2}, 0, nil); !errors.Is(err, mistake.Err) {
			t.Errorf("weight %g: %v, want a mistake.Err", bad, err)
		}
	}
}

func TestDequantizeWeightsIsNear(t *testing.T) {
	w := gaussian(2, 1, 6*7*5, false)[0]
	dims := []int64{6, 7, 5}
	for axis := -1; axis < 3; axis++ {
		codes, scales, err := QuantizeWeights(w, dims, axis, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(w))
		DequantizeWeights(got, codes, scales, dims, axis)
		channels, inner := channelLayout(len(w), dims, axis)
		for i := range w {
			if d, s := abs(w[i]-got[i]), scales[i/inner%channels]; d > s*0.5001 {
				t.Errorf("axis %d: weight %d moves from %g to %g, scale %g", axis, i, w[i], got[i], s)
			}
		}
	}
}

func TestQuantizeBias(t *testing.T) {
	codes, scales, clipped, err := QuantizeBias([]float32{1, -0.25, 1e30}, 0.5, []float32{0.25, 0.5, 0.125})
	if err != nil || !slices.Equal(codes, []int32{8, -1, math.MaxInt32}) || !slices.Equal(scales, []float32{0.125, 0.25, 0.0625}) || clipped != 1 {
		t.Errorf("codes %v, scales %v, %d clipped (%v)", codes, scales, clipped, err)
	}
	codes, scales, clipped, err = QuantizeBias([]float32{0.5, 1.5, 2.5}, 1, []float32{1})
	if err != nil || !slices.Equal(codes, []int32{0, 2, 2}) || len(scales) != 1 || clipped != 0 {
		t.Errorf("one scale for all: codes %v, scales %v, %d clipped (%v)", codes, scales, clipped, err)
	}
	if _, _, _, err := QuantizeBias([]float32{float32(math.NaN())}, 1, []float32{1}); !errors.Is(err, mistake.Err) {
		t.Errorf("NaN: %v, want a mistake.Err", err)
	}
	if _, _, _, err := QuantizeBias([]float32{1}, 1e-30, []float32{1e-30}); !errors.Is(err, mistake.Err) {
		t.Errorf("underflow: %v, want a mistake.Err", err)
	}
}

// TestLeastScales holds that a channel's scale is no less than asked for, and its own where it is wider.
func TestLeastScales(t *testing.T) {
	w := []float32{1, -2, 1e-6, 2e-6}
	codes, scales, err := QuantizeWeights(w, []int64{2, 2}, 0, []float32{1e-3, 1e-3})
	if err != nil || scales[0] != float32(2.0/127) || scales[1] != 1e-3 || codes[1] != -127 || codes[2] != 0 || codes[3] != 0 {
		t.Errorf("codes %v, scales %v, %v", codes, scales, err)
	}
	defer func() {
		if recover() == nil {
			t.Error("least scales for one of two channels are taken")
		}
	}()
	_, _, _ = QuantizeWeights(w, []int64{2, 2}, 0, []float32{1})
}
