package sites

import (
	"slices"
	"testing"
)

// TestConstantsOfManyFarValues holds that of a long list the values next to zero stand for all.
func TestConstantsOfManyFarValues(t *testing.T) {
	w := &fillWalk{limit: 5000}
	var list []float64
	for i := range 100 {
		list = append(list, -1e4-float64(i), 2e4+float64(i))
	}
	if p := w.far(put{values: list, exact: true}); p.exact || !slices.Equal(p.values, []float64{-1e4, 2e4}) {
		t.Errorf("%+v", p)
	}
}
