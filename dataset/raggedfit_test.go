package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRaggedFit holds that samples of different shapes are matched with an input as an array of them would be: by where
// its batch is.
func TestRaggedFit(t *testing.T) {
	batched := func(dims ...int64) Input { return Input{Dims: dims, Batched: true} }
	open := func(dims ...int64) Input { return Input{Dims: dims} }
	inside := func(axis int, dims ...int64) Input { return Input{Dims: dims, Whole: true, Inside: axis} }
	for _, c := range []struct {
		name  string
		axes  int
		in    Input
		want  []int64 // nil: does not fit
		whole bool
	}{
		{"a batch in front", 2, batched(-1, -1, 8), []int64{-1, 8}, false},
		{"a batch in front, all of it", 3, batched(-1, -1, 8), nil, false},
		{"perhaps a batch in front", 2, open(-1, -1, 8), []int64{-1, 8}, false},
		{"no batch in front", 2, open(-1, 8), []int64{-1, 8}, true},
		{"time in front, the batch behind it", 3, inside(1, -1, -1, 8), []int64{-1, 1, 8}, true},
		{"time in front, the batch left out", 2, inside(1, -1, -1, 8), []int64{-1, 1, 8}, true},
		{"a state with the batch inside", 3, inside(1, 2, -1, 8), []int64{2, 1, 8}, true},
		{"a state, the batch left out", 2, inside(1, 2, -1, 8), []int64{2, 1, 8}, true},
		{"a state with a fixed batch inside", 3, inside(1, 2, 1, 8), []int64{2, 1, 8}, true},
		{"nobody knows where the batch is", 2, Input{Dims: []int64{4, -1, -1}, Whole: true}, nil, false},
		{"all of it, wherever the batch is", 3, Input{Dims: []int64{4, -1, -1}, Whole: true}, []int64{4, -1, -1}, true},
		{"a channel left out", 1, batched(-1, 1, -1), []int64{1, -1}, false},
		{"lengths alone", 1, batched(-1, -1), []int64{-1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Name = "x"
			got, whole, _ := raggedFit(c.axes, c.in)
			if !slices.Equal(got, c.want) || whole != c.whole {
				t.Errorf("%v, whole: %v; want %v, %v", got, whole, c.want, c.whole)
			}
		})
	}
}

// TestRaggedTimeInFront pads the time of a network that has it in front of the batch, with and without the batch in the
// samples.
func TestRaggedTimeInFront(t *testing.T) {
	for _, shape := range [][]int{{1, 2}, {2}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "e.npz")
			arrays := map[string][]byte{
				"x_0": npyBytes("|u1", false, append([]int{1}, shape...), []uint8{1, 2}),
				"x_1": npyBytes("|u1", false, append([]int{3}, shape...), []uint8{3, 4, 5, 6, 7, 8}),
			}
			if err := os.WriteFile(path, archiveOf(t, arrays, false), 0o666); err != nil {
				t.Fatal(err)
			}
			in := Input{Name: "x", Dims: []int64{-1, -1, 2}, Type: Uint8, Whole: true, Inside: 1}
			set, err := Open(path, []Input{in}, Options{Pad: map[string][]byte{"x": {9}}})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			if !set.Whole(0) || !slices.Equal(set.Shape(0), []int64{3, 1, 2}) {
				t.Fatalf("whole: %v, shape %v", set.Whole(0), set.Shape(0))
			}
			for i, want := range [][]byte{{1, 2, 9, 9, 9, 9}, {3, 4, 5, 6, 7, 8}} {
				got := make([]byte, 6)
				if err := set.Read(0, i, got); err != nil || !slices.Equal(got, want) {
					t.Errorf("sample %d: %v, %v; want %v", i, got, err, want)
				}
			}
		})
	}
}
