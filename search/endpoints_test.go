package search_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"example.org/demote/search"
)

// TestOtherEnd holds, for every strategy, that all int8 is tried before a target is given up, that "above" is strict,
// and that a start mix which holds is used where neither end does.
func TestOtherEnd(t *testing.T) {
	up := func(s string) search.Mask { m, _ := search.ParseMask(s); return m }
	for _, c := range []struct {
		name         string
		drop         []float64 // 100 less those of the demoted
		target       float64
		low          *search.Score
		start        string
		curve        bool
		found, holds bool
		mask         string
		asked        int // masks, where it is told
	}{
		{name: "int8 better, target between", drop: []float64{3, -1, -4}, target: 101, found: true, holds: true, mask: "111", asked: 2},
		{name: "int8 better, at the target", drop: []float64{3, -1, -4}, target: 102, mask: "111", asked: 2},
		{name: "int8 better, both below", drop: []float64{3, -1, -4}, target: 110, mask: "111", asked: 2},
		{name: "int8 worse, both below", drop: []float64{3, -1, -1}, target: 110, mask: "000", asked: 2},
		{name: "equal, both below", drop: []float64{2, -1, -1}, target: 110, mask: "111", asked: 2},
		{name: "equal, at the target", drop: []float64{0, 0, 0}, target: 100, found: true, mask: "000"},
		{name: "int16 at the target, int8 above", drop: []float64{3, -1, -4}, target: 100, found: true, holds: true, mask: "111", asked: 2},
		{name: "int8 is not a number", drop: []float64{math.NaN(), 0, 0}, target: 110, mask: "000", asked: 2},
		{name: "pair, the mix of low records holds", drop: []float64{3, -1, -4}, target: 101, low: &search.Score{Value: 90}, found: true, holds: true, mask: "111", asked: 2},
		{name: "pair, the 8-bit file alone is above", drop: []float64{3, -1, -1}, target: 101, low: &search.Score{Value: 105}, mask: "000", asked: 2},
		{name: "a start mix that holds", drop: []float64{9, -1, -1}, target: 100.5, start: "010", found: true, holds: true, mask: "011"},
		{name: "a start mix that does not", drop: []float64{9, -1, -1}, target: 105, start: "010", mask: "000", asked: 3},
		{name: "a start mix of all int16", drop: []float64{9, -1, -1}, target: 105, start: "000", mask: "000", asked: 2},
		{name: "with the curve", drop: []float64{3, -1, -4}, target: 101, curve: true, found: true, holds: true, mask: "111"},
	} {
		for _, s := range search.Strategies() {
			if c.start != "" && !slices.Contains([]string{"auto", "gallop", "improve", "rank", "bisect"}, s.Name) && c.asked == 0 {
				continue // the others may stop elsewhere
			}
			r := points(c.drop, nil)
			o := search.NewOptions(len(c.drop), c.target)
			o.Low, o.Curve = c.low, c.curve
			if c.start != "" {
				o.Start = up(c.start)
			}
			var kept []string
			o.Best = func(b search.Best) error { kept = append(kept, b.Mask.String()); return nil }
			res, err := search.Run(context.Background(), s.Name, r, o)
			if err != nil {
				t.Fatal(err)
			}
			if res.Found != c.found || res.Holds != c.holds || res.Mask.String() != c.mask {
				t.Errorf("%s, %s: found %v, holds %v, mask %s", c.name, s.Name, res.Found, res.Holds, res.Mask)
			}
			if !res.Found && len(kept) > 0 || res.Holds && kept[len(kept)-1] != c.mask {
				t.Errorf("%s, %s: %q were told to hold", c.name, s.Name, kept)
			}
			if c.asked > 0 && len(r.asked) != c.asked && !c.curve {
				t.Errorf("%s, %s: asked for %q", c.name, s.Name, r.asked)
			}
			if c.curve && len(res.Chain) != len(c.drop) {
				t.Errorf("%s, %s: a curve of %d steps", c.name, s.Name, len(res.Chain))
			}
		}
	}
	o := search.NewOptions(3, 101)
	o.OneEnd = true
	r := points([]float64{3, -1, -4}, nil)
	if res, err := search.Demotion(context.Background(), r, o); err != nil || res.Found || len(r.asked) != 1 {
		t.Errorf("the definition asks for %q, found %v, %v", r.asked, res.Found, err)
	}
}
