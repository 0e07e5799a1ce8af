package quant

import (
	"slices"
	"testing"
)

func TestCounts(t *testing.T) {
	values := []float32{-1, -0.99, -0.3, 0, 0, 0, 0.1, 0.6, 2.9, 3}
	o := NewObserver(MSE)
	for pass := range o.Passes() {
		o.Observe(pass, values)
	}
	c, ok := o.Counts(4)
	if want := []uint64{3, 5, 0, 2}; !ok || c.Low != -1 || c.High != 3 || !slices.Equal(c.Bins, want) {
		t.Errorf("%+v, %v; want %v from -1 to 3", c, ok, want)
	}
	for name, o := range map[string]*Observer{"of ranges alone": NewObserver(MinMax), "of one value": NewObserver(MSE)} {
		for pass := range o.Passes() {
			o.Observe(pass, []float32{2, 2})
		}
		if _, ok := o.Counts(4); ok {
			t.Errorf("an observer %s has a histogram", name)
		}
	}
}
