package blocks

import (
	"slices"
	"testing"
)

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
