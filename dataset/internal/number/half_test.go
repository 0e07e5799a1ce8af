package number

import (
	"math"
	"testing"
)

func TestHalfRoundTrip(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		v := FromHalf(h)
		if math.IsNaN(v) {
			if got := toHalf(v); got&0x7c00 != 0x7c00 || got&0x3ff == 0 {
				t.Errorf("%#04x: NaN becomes %#04x", h, got)
			}
			continue
		}
		if got := toHalf(v); got != h {
			t.Errorf("%#04x: is %v, which becomes %#04x", h, v, got)
		}
	}
}

// Half way between two neighbours goes to the even one, and anything off it to the nearer.
func TestHalfRoundsToNearestEven(t *testing.T) {
	for h := uint16(0); h < 0x7c00; h++ {
		low, high := FromHalf(h), FromHalf(h+1)
		if h == 0x7bff {
			high = 65536 // as if the exponent went on
		}
		middle := (low + high) / 2
		even := h + h&1
		for _, c := range []struct {
			v    float64
			want uint16
		}{{middle, even}, {math.Nextafter(middle, 0), h}, {math.Nextafter(middle, math.Inf(1)), h + 1}} {
			if got := toHalf(c.v); got != c.want {
				t.Fatalf("%v between %#04x and %#04x: %#04x, want %#04x", c.v, h, h+1, got, c.want)
			}
			if got := toHalf(-c.v); got != c.want|0x8000 {
				t.Fatalf("%v: %#04x, want %#04x", -c.v, got, c.want|0x8000)
			}
		}
	}
}
