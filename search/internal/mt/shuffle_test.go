package mt

import (
	"slices"
	"testing"

	"gonum.org/v1/gonum/mathext/prng"
)

// The check values are ALGORITHM.md's, for seed 1.
func TestShuffle(t *testing.T) {
	for _, c := range []struct{ first, second []int }{
		{[]int{2, 3, 4, 0, 1}, []int{2, 4, 3, 1, 0}},
		{[]int{6, 8, 9, 7, 5, 3, 0, 4, 1, 2}, []int{5, 1, 9, 0, 3, 2, 6, 4, 8, 7}},
	} {
		list := make([]int, len(c.first))
		for i := range list {
			list[i] = i
		}
		s := New(1)
		if s.Shuffle(list); !slices.Equal(list, c.first) {
			t.Errorf("n=%d: %v, want %v", len(list), list, c.first)
		}
		if s.Shuffle(list); !slices.Equal(list, c.second) {
			t.Errorf("n=%d again: %v, want %v", len(list), list, c.second)
		}
	}
}

func TestRawDraws(t *testing.T) {
	twister := prng.NewMT19937()
	twister.SeedFromKeys([]uint32{1})
	for i, want := range []uint32{577090037, 2444712010, 3639700191, 3445702192} {
		if got := twister.Uint32(); got != want {
			t.Errorf("draw %d: %d, want %d", i, got, want)
		}
	}
}
