package blocks

import "testing"

// TestEvenBlock has numbers of samples that are whole blocks, and others.
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
