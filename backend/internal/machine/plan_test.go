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

// TestEntriesWorth holds how many entries pay for themselves: more for longer searches, larger passes and cheaper
// entries, never fewer than there must be or more than are measured.
func TestEntriesWorth(t *testing.T) {
	for _, c := range []struct {
		passes, pass, each float64
		want               int
	}{
		{18, 0.6, 0.05, 10},
		{10, 0.6, 0.05, 8},
		{72, 0.6, 0.05, 21},
		{1000, 0.6, 0.05, maxParts},
		{18, 0.001, 0.05, minParts},
		{18, 0.6, entrySeconds(0.06, 0.006), 11},
	} {
		if got := entriesWorth(c.passes, c.pass, c.each); got != c.want {
			t.Errorf("%v passes of %v s, entries of %v s: %d, want %d", c.passes, c.pass, c.each, got, c.want)
		}
	}
}
