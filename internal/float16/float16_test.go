package float16

import (
	"math"
	"testing"
)

func TestValuesComeBack(t *testing.T) {
	cases := []struct {
		bits uint16
		v    float32
	}{
		{0x0000, 0}, {0x3c00, 1}, {0xc000, -2}, {0x7bff, 65504}, {0x0400, 1.0 / (1 << 14)}, {0x0001, 1.0 / (1 << 24)},
		{0x03ff, 1023.0 / (1 << 24)}, {0x7c00, float32(math.Inf(1))}, {0xfc00, float32(math.Inf(-1))}, {0x3555, 0.333251953125},
	}
	for _, c := range cases {
		if got := Value(c.bits); got != c.v {
			t.Errorf("Value(%#04x) = %g, want %g", c.bits, got, c.v)
		}
	}
	if v := Value(0x8000); v != 0 || !math.Signbit(float64(v)) {
		t.Errorf("Value(0x8000) = %g, want -0", v)
	}
	for i := range 1 << 16 { // every number comes back
		v := Value(uint16(i))
		got := Bits(float64(v))
		if v != v {
			if !math.IsNaN(float64(Value(got))) {
				t.Fatalf("Bits(Value(%#04x)) = %#04x is no NaN", i, got)
			}
		} else if got != uint16(i) {
			t.Fatalf("Bits(Value(%#04x)) = %#04x", i, got)
		}
	}
}

func TestBitsRoundsToEven(t *testing.T) {
	for i := range 0x7c00 { // between neighbours: the middle goes to the even one, what is beside it to the nearer one
		lo, hi := float64(Value(uint16(i))), float64(Value(uint16(i+1)))
		if i+1 == 0x7c00 {
			hi = 65536
		}
		mid := lo + (hi-lo)/2
		even := uint16(i + i&1)
		for _, c := range []struct {
			v    float64
			want uint16
		}{{mid, even}, {math.Nextafter(mid, lo), uint16(i)}, {math.Nextafter(mid, hi), uint16(i + 1)}} {
			if got := Bits(c.v); got != c.want {
				t.Fatalf("Bits(%g) = %#04x, want %#04x", c.v, got, c.want)
			}
		}
	}
}

// TestBitsRoundsOnce has a number that rounds to the middle of two as a float32, and from there to the wrong one.
func TestBitsRoundsOnce(t *testing.T) {
	v := 1 + 1.0/(1<<11) + 1.0/(1<<40)
	if got := Bits(v); got != 0x3c01 || Bits(float64(float32(v))) != 0x3c00 {
		t.Errorf("Bits(%v) = %#04x", v, got)
	}
}

func TestBrainValue(t *testing.T) {
	for bits, want := range map[uint16]float32{0: 0, 0x3f80: 1, 0xc040: -3, 0x7f80: float32(math.Inf(1))} {
		if got := BrainValue(bits); got != want {
			t.Errorf("%#04x is %v, want %v", bits, got, want)
		}
	}
}
