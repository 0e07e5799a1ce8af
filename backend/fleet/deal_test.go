package fleet_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"example.org/demote/backend/fleet"
)

// TestDeal holds who gets which block, by hand.
func TestDeal(t *testing.T) {
	for _, c := range []struct {
		blocks int
		speeds []float64
		want   []int
	}{
		{0, []float64{1, 1}, nil},
		{5, []float64{1}, []int{0, 0, 0, 0, 0}},
		{7, []float64{1, 1, 1}, []int{0, 1, 2, 0, 1, 2, 0}},
		{6, []float64{1, 0, 1}, []int{0, 2, 0, 2, 0, 2}},
		{6, []float64{10, 9.5}, []int{0, 1, 0, 1, 0, 1}}, // as good as equal
		{6, []float64{2, 1}, []int{0, 1, 0, 0, 1, 0}},
		{8, []float64{1, 3}, []int{1, 1, 0, 1, 1, 1, 0, 1}},
	} {
		if got := fleet.Deal(c.blocks, c.speeds); !slices.Equal(got, c.want) {
			t.Errorf("%d blocks at %v: %v, want %v", c.blocks, c.speeds, got, c.want)
		}
	}
}

// TestDealIsInProportion holds that of every first part of the blocks each member has its share, to a block for each
// other member.
func TestDealIsInProportion(t *testing.T) {
	for _, speeds := range [][]float64{{1, 1, 1, 1}, {3, 1, 1, 1}, {1, 0.5, 0.25}, {7, 5, 3, 2, 1}, {1, 0, 0.3}} {
		t.Run(fmt.Sprint(speeds), func(t *testing.T) {
			all := 0.0
			for _, s := range speeds {
				all += s
			}
			has := make([]int, len(speeds))
			for n, owner := range fleet.Deal(1000, speeds) {
				has[owner]++
				for i, s := range speeds {
					if want := s / all * float64(n+1); math.Abs(float64(has[i])-want) > float64(len(speeds)) {
						t.Fatalf("of %d blocks member %d has %d, want %.1f", n+1, i, has[i], want)
					}
				}
			}
		})
	}
}
