package run

import (
	"slices"
	"testing"

	"example.org/demote/search"
)

// TestWayBack lists the order of the walk for chains of every kind.
func TestWayBack(t *testing.T) {
	mask := func(text string) search.Mask {
		m, err := search.ParseMask(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	units := [][]int{{0}, {1, 2}, {3}, {4}}
	for _, c := range []struct {
		name string
		f    search.Result
		want [][]int
	}{
		{"nothing demoted", search.Result{Mask: mask("00000")}, nil},
		{"a chain", search.Result{Mask: mask("11100"), Chain: []search.Step{{Unit: 0}, {Unit: 1, Group: 1}, {Unit: 3, Group: 2}}}, [][]int{{1}, {0}}},
		{"together", search.Result{Mask: mask("11110"), Chain: []search.Step{{Unit: 2}, {Unit: 0, Group: 1}, {Unit: 1, Group: 1}}}, [][]int{{1, 0}, {2}}},
		{"a swap", search.Result{Mask: mask("10010"), Chain: []search.Step{{Unit: 0}, {Unit: 1, Group: 1}, {Unit: 1, Group: 2, Promoted: true}, {Unit: 2, Group: 2}}}, [][]int{{2}, {0}}},
		{"without a chain", search.Result{Mask: mask("11111"), Order: []int{2, 0, 3, 1}}, [][]int{{1}, {3}, {0}, {2}}},
		{"a start mix", search.Result{Mask: mask("10011"), Chain: []search.Step{{Unit: 3}}}, [][]int{{3}, {2}, {0}}},
	} {
		got := wayBack(&c.f, units)
		if !slices.EqualFunc(got, c.want, slices.Equal) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
