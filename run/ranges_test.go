package run

import (
	"math"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestRangeMethods calibrates by every method of --range: the ranges lie inside those of the extremes, the methods
// differ from each other, the toolkit's search gives powers of two, and every written file computes what was
// searched.
func TestRangeMethods(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	scales := map[string][]float32{}
	for _, c := range []struct{ method, grid string }{
		{"minmax", "asymmetric"}, {"average", "asymmetric"}, {"percentile", "asymmetric"}, {"mse", "asymmetric"}, {"entropy", "asymmetric"}, {"threshold", "pow2"},
	} {
		cfg := tasktest.TinyConfig(t, 24)
		cfg.Strategy, cfg.RangeLow, cfg.RangeHigh, cfg.GridLow, cfg.GridHigh = "gallop", c.method, c.method, c.grid, c.grid
		r := mustSearch(t, cfg)
		if !r.Verified.Identical {
			t.Errorf("%s: %+v", c.method, r.Verified)
		}
		for i, h := range r.Holders {
			scales[c.method] = append(scales[c.method], h.Low.Scale)
			if c.method == "threshold" {
				if f, _ := math.Frexp(float64(h.Low.Scale)); f != 0.5 {
					t.Errorf("threshold: scale %g of %s is no power of two", h.Low.Scale, h.Name)
				}
			} else if most := scales["minmax"][i]; h.Low.Scale > most*(1+1e-6) {
				t.Errorf("%s: scale %g of %s, by the extremes it is %g", c.method, h.Low.Scale, h.Name, most)
			}
		}
	}
	for a, x := range scales {
		for b, y := range scales {
			same := a < b && !(a == "minmax" && b == "percentile") // of so few values the percentile is the extreme
			for i := range x {
				same = same && x[i] == y[i]
			}
			if same {
				t.Errorf("%s and %s give the same grids", a, b)
			}
		}
	}
}
