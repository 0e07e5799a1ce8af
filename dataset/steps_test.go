package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/dataset/internal/arrays"
)

// TestSteps opens samples with an axis of steps, without one, and with what cannot be told from it.
func TestSteps(t *testing.T) {
	for _, c := range []struct {
		name        string
		dims, shape []int64
		array       []int
		steps       int
		whole       bool
	}{
		{"steps", []int64{-1, 3}, []int64{4, 3}, []int{2, 4, 3}, 4, false},
		{"none", []int64{-1, 3}, []int64{3}, []int{2, 3}, 0, false},
		{"one, which is none", []int64{-1, 3}, []int64{3}, []int{2, 1, 3}, 0, false},
		{"an axis of size 1 more", []int64{-1, 1, 3}, []int64{4, 1, 3}, []int{2, 4, 3}, 4, false},
		{"an axis of any size", []int64{-1, -1, 3}, []int64{4, 5, 3}, []int{2, 4, 5, 3}, 4, false},
		{"an axis of any size, no steps", []int64{-1, -1, 3}, []int64{5, 3}, []int{2, 5, 3}, 0, false},
		{"a number a step", []int64{-1}, []int64{4}, []int{2, 4}, 4, false},
		{"without a batch in front", []int64{2, 3}, []int64{4, 2, 3}, []int{2, 4, 2, 3}, 4, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 1
			for _, d := range c.array {
				n *= d
			}
			set, err := openSteps(t, map[string][]byte{"x": npyBytes("<i4", false, c.array, make([]int32, n))}, Input{Name: "x", Dims: c.dims, Type: Int32, Steps: true})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(set.Shape(0), c.shape) || set.Steps(0) != c.steps || set.Whole(0) != c.whole {
				t.Errorf("%d steps of %v, whole: %v", set.Steps(0), set.Shape(0), set.Whole(0))
			}
		})
	}
	in := func(name string) Input {
		return Input{Name: name, Dims: []int64{-1, 3}, Type: Int32, Steps: true}
	}
	_, err := openSteps(t, map[string][]byte{"x": npyBytes("<i4", false, []int{2, 4, 3}, make([]int32, 24)), "z": npyBytes("<i4", false, []int{2, 5, 3}, make([]int32, 30))}, in("x"), in("z"))
	if err == nil || !strings.Contains(err.Error(), "has 4 steps a sample and") {
		t.Errorf("other numbers of steps: %v", err)
	}
	_, err = openSteps(t, map[string][]byte{"x": npyBytes("<i4", false, []int{2, 4, 5}, make([]int32, 40))}, in("x"))
	if err == nil || !strings.Contains(err.Error(), "has shape [2,4,5], but a step of the network's input is") {
		t.Errorf("another shape: %v", err)
	}
}

func openSteps(t *testing.T, arrays map[string][]byte, inputs ...Input) (*Set, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "e.npz")
	if err := os.WriteFile(path, archiveOf(t, arrays, false), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path, inputs, Options{})
	if err == nil {
		t.Cleanup(func() { set.Close() })
	}
	return set, err
}

// TestOneStep holds that an axis of size 1 is none of steps: what it has is the same in every step, and axes of size 1
// may be missing.
func TestOneStep(t *testing.T) {
	in := Input{Name: "g", Dims: []int64{-1, 1}, Type: Float32, Batched: true, Steps: true}
	for _, c := range []struct {
		shape []int64
		steps int
	}{{[]int64{4}, 0}, {[]int64{4, 1}, 0}, {[]int64{4, 1, 1}, 0}, {[]int64{4, 5, 1}, 5}, {[]int64{4, 5}, 5}} {
		shape, whole, steps, err := fitSteps(arrays.Array{What: "g", Elem: Float32, Shape: c.shape}, in)
		if err != nil || whole || steps != c.steps {
			t.Errorf("%v: %v, %v, %d steps, %v", c.shape, shape, whole, steps, err)
		}
	}
}
