package blocks

import (
	"slices"
	"testing"
)

func TestEvenBlock(t *testing.T) {
	for _, c := range []struct{ samples, most, want int }{
		{2000, 20, 20}, {200, 20, 20}, {100, 20, 17}, {60, 20, 15}, {61, 20, 16}, {40, 20, 20}, {41, 20, 11},
		{20, 20, 10}, {19, 20, 10}, {2, 20, 1}, {1, 20, 1}, {100, 3, 3}, {5, 1, 1}, {7, 0, 1}, {0, 20, 1},
	} {
		got := even(c.samples, c.most)
		if got != c.want {
			t.Errorf("%d samples, at most %d: blocks of %d, want %d", c.samples, c.most, got, c.want)
		}
		if got > max(1, c.most) {
			t.Errorf("%d samples: a block of %d is larger than %d", c.samples, got, c.most)
		}
	}
}

// TestTwice hands a block out twice, and pads it as a pass does.
func TestTwice(t *testing.T) {
	for _, n := range []int{1, 3, 4, 9} {
		var got []int
		s := Twice{Samples: recorded{n, &got}, Block: 4}
		for i := range s.Len() {
			_ = s.Read(0, i, nil)
		}
		var want []int
		for i := range 4 {
			if want = append(want, i); i >= n {
				want[i] = 0
			}
		}
		for i := range n {
			want = append(want, i)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d samples: %v, want %v", n, got, want)
		}
	}
}

// recorded are samples that say which of them were read.
type recorded struct {
	n    int
	read *[]int
}

func (r recorded) Len() int { return r.n }

func (r recorded) Shape(int) []int64 { return nil }

func (r recorded) Whole(int) bool { return false }

func (r recorded) Steps(int) int { return 0 }

func (r recorded) Read(_, sample int, _ []byte) error {
	*r.read = append(*r.read, sample)
	return nil
}
