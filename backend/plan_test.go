package backend

import (
	"math"
	"testing"
)

// TestEntriesInTime holds that the choice of cuts stays within what trials can save by it.
func TestEntriesInTime(t *testing.T) {
	const blocks, workers = 10, 2 // 200 samples
	patience := func(whole float64) float64 { return planSeconds + planPasses*whole*blocks/workers }
	for _, c := range []struct {
		name                     string
		patience, loading, whole float64
		runs, want               int
	}{
		{"a small network", patience(0.002), 0.005, 0.002, 3, 32},
		{"one that takes long to run", patience(1.2), 0.5, 1.2, leastRuns, 4},
		{"one that takes long to load", patience(0.02), 1, 0.02, 3, 0},
		{"no time", 0, 0.1, 0.1, 3, 0},
		{"all the time there is", math.Inf(1), 10, 10, 12, 32},
	} {
		got := entriesInTime(c.patience, c.loading, c.whole, c.runs, workers)
		if got != c.want {
			t.Errorf("%s: %d entries, want %d", c.name, got, c.want)
		}
		if took := 2*c.loading + float64(c.runs+1)*c.whole + float64(got)*0.5*(c.loading+6*c.whole/workers); got > 0 && took > c.patience {
			t.Errorf("%s: %d entries take %.3g s, there are %.3g", c.name, got, took, c.patience)
		}
	}
}
