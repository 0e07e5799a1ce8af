package machine

import (
	"math"
	"testing"
)

// TestEntriesInTime holds that the choice of cuts stays within what trials can save by it.
func TestEntriesInTime(t *testing.T) {
	const workers = 2
	for _, c := range []struct {
		name                 string
		left, loading, whole float64
		want                 int
	}{
		{"a small network", 0.5, 0.005, 0.002, 32},
		{"one that takes long to run", 9, 0.5, 1.2, 4},
		{"one that takes long to load", 0.6, 1, 0.02, 1},
		{"no time", 0, 0.1, 0.1, 0},
		{"no time left", -1, 0.1, 0.1, 0},
		{"all the time there is", math.Inf(1), 10, 10, 32},
	} {
		got := entriesInTime(c.left, c.loading, c.whole, workers)
		if got != c.want {
			t.Errorf("%s: %d entries, want %d", c.name, got, c.want)
		}
		if took := float64(got) * 0.5 * (c.loading + 3*c.whole); got > 0 && took > c.left {
			t.Errorf("%s: %d entries take %.3g s, there are %.3g", c.name, got, took, c.left)
		}
	}
}
