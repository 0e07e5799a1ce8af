package trial_test

import (
	"math"
	"slices"
	"testing"

	"example.org/demote/internal/trial"
)

// TestDominant names the units that do nearly all of the harm with the method that suits them best.
func TestDominant(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		far  [][]float64 // by method and unit
		want []int
	}{
		{"none", [][]float64{{1, 2, 3, 4}}, nil},
		{"just below nine tenths", [][]float64{{89, 4, 3, 4}}, nil},
		{"nine tenths", [][]float64{{4, 3, 90, 3}}, []int{2}},
		{"only with one method", [][]float64{{4, 3, 90, 3}, {4, 3, 5, 3}}, nil},
		{"with each method", [][]float64{{4, 3, 900, 3}, {40, 3, 90, 3}}, []int{2}},
		{"one behind the other", [][]float64{{1e6, 1, 1e3, 1}}, []int{0, 2}},
		{"half of all at most", [][]float64{{1e9, 1e6, 1e3, 1}}, []int{0, 1}},
		{"the only one", [][]float64{{5}}, nil},
		{"no harm", [][]float64{{0, 0, 0}}, nil},
		{"not a number with any method", [][]float64{{1, nan, 1}, {1, nan, 1}}, []int{1}},
		{"infinite", [][]float64{{1, 1, inf}}, []int{2}},
	} {
		if got := trial.Dominant(c.far...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
