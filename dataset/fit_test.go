package dataset

import (
	"slices"
	"testing"

	"example.org/demote/dataset/internal/arrays"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		name       string
		have, want []int64 // with the batch axis
		shape      []int64 // nil: does not fit
		advice     string
	}{
		{"equal", []int64{9, 1, 28, 28}, []int64{-1, 1, 28, 28}, []int64{1, 28, 28}, ""},
		{"fixed batch", []int64{9, 1, 28, 28}, []int64{1, 1, 28, 28}, []int64{1, 28, 28}, ""},
		{"open axes", []int64{9, 3, 20, 30}, []int64{-1, 3, -1, -1}, []int64{3, 20, 30}, ""},
		{"channel axis missing", []int64{9, 28, 28}, []int64{-1, 1, 28, 28}, []int64{1, 28, 28}, ""},
		{"channel axis missing, open axes", []int64{9, 28, 28}, []int64{-1, 1, -1, -1}, []int64{1, 28, 28}, ""},
		{"channel axis last", []int64{9, 28, 28, 1}, []int64{-1, 1, 28, 28}, []int64{1, 28, 28}, ""},
		{"axes of size 1 too many", []int64{9, 1, 1, 5}, []int64{-1, 5}, []int64{5}, ""},
		{"scalars", []int64{9}, []int64{-1}, []int64{}, ""},
		{"scalars for [N,1]", []int64{9}, []int64{-1, 1}, []int64{1}, ""},
		{"[n,1] for scalars", []int64{9, 1}, []int64{-1}, []int64{}, ""},
		{"a scalar", []int64{9}, []int64{}, []int64{}, ""},
		{"a scalar of [n,1]", []int64{9, 1}, []int64{}, []int64{}, ""},
		{"open axis takes 1", []int64{9, 1, 7}, []int64{-1, -1, 7}, []int64{1, 7}, ""},
		{"all of size 1", []int64{9, 1, 1}, []int64{-1, 1, 1, 1}, []int64{1, 1, 1}, ""},
		{"other size", []int64{9, 1, 28, 27}, []int64{-1, 1, 28, 28}, nil, "save the samples in the network's shape"},
		{"flat", []int64{9, 784}, []int64{-1, 1, 28, 28}, nil, "reshape it"},
		{"channels last", []int64{9, 32, 32, 3}, []int64{-1, 3, 32, 32}, nil, "x.transpose(0, 3, 1, 2)"},
		{"channels first", []int64{9, 3, 32, 32}, []int64{-1, 32, 32, 3}, nil, "x.transpose(0, 2, 3, 1)"},
		{"one sample without batch axis", []int64{3, 32, 31}, []int64{-1, 3, 32, 31}, nil, "along the first axis"},
		{"an open axis that is missing", []int64{9, 7}, []int64{-1, -1, 7}, nil, `along the first axis, or say where the rows of each begin, in an array "in_offsets"`},
		{"an open axis does not tell which", []int64{9, 28, 1}, []int64{-1, 1, 28, -1}, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := Input{Name: "in", Dims: c.want, Type: Float32}
			got, _, err := fit(arrays.Array{What: "x.npy: the array", Shape: c.have}, in)
			if c.shape == nil {
				wantBad(t, err, "x.npy: the array has shape "+arrays.Dims(c.have), "but the network's input is "+in.String(), c.advice)
				return
			}
			if err != nil || !slices.Equal(got, c.shape) {
				t.Errorf("%v, %v; want %v", got, err, c.shape)
			}
		})
	}
}

func TestInputString(t *testing.T) {
	in := Input{Name: "a b", Dims: []int64{-1, 3, -1, 224}}
	if got, want := in.String(), `"a b" [N,3,?,224]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
