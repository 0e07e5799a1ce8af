package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestUnpadded holds what shape a sample has of its own: on the axes that the network leaves free, and only where
// something is padded.
func TestUnpadded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.npz")
	if err := os.WriteFile(path, archiveOf(t, map[string][]byte{
		"x_0": npyBytes("|u1", false, []int{1, 2}, []uint8{1, 2}), "x_1": npyBytes("|u1", false, []int{3, 1}, []uint8{3, 4, 5}), "x_2": npyBytes("|u1", false, []int{3, 2}, make([]uint8, 6)),
	}, false), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		in   Input
		want [][]int64
	}{
		{"both free", Input{Dims: []int64{-1, -1, -1}}, [][]int64{{1, 2}, {3, 1}, nil}},
		{"one fixed", Input{Dims: []int64{-1, -1, 4}}, [][]int64{{1, 4}, nil, nil}},
		{"all of the input", Input{Dims: []int64{-1, -1}}, [][]int64{{1, 2}, {3, 1}, nil}},
		{"steps", Input{Dims: []int64{-1, 2}, Steps: true}, [][]int64{nil, nil, nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Name, c.in.Type = "x", Uint8
			set, err := Open(path, []Input{c.in}, Options{Pad: map[string][]byte{"x": {9}}})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			for i, want := range c.want {
				if got := set.Unpadded(0, i); !slices.Equal(got, want) {
					t.Errorf("sample %d: %v; want %v", i, got, want)
				}
			}
		})
	}
}
