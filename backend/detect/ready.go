package detect

import (
	"fmt"
	"slices"
)

// ready reads boxes that the network has chosen itself.
type ready struct{ boxes, parts int }

func newReady(dims [][]int64) (Reader, error) {
	switch {
	case len(dims) == 3:
		boxes := dims[0]
		if len(boxes) != 2 || boxes[1] != 4 || !slices.Equal(squeezed(dims[1]), boxes[:1]) || !slices.Equal(squeezed(dims[2]), boxes[:1]) {
			return nil, needs("the outputs [samples, boxes, 4], [samples, boxes] and [samples, boxes], in this order: boxes, scores, classes")
		}
	case len(dims) != 1:
		return nil, fmt.Errorf("reads one output or three, and not %d", len(dims))
	case len(dims[0]) != 2 || dims[0][1] != 6:
		return nil, needs("an output [samples, boxes, 6], or three: boxes, scores and classes")
	}
	return &ready{boxes: int(dims[0][0]), parts: len(dims)}, nil
}

// squeezed are dimensions without those of size 1 behind the first.
func squeezed(dims []int64) []int64 {
	if len(dims) < 2 {
		return dims
	}
	return slices.DeleteFunc(slices.Clone(dims), func(d int64) bool { return d == 1 })
}

func (r *ready) Classes() int     { return 0 }
func (r *ready) Suppressed() bool { return true }

// Read takes boxes as they are. Those without a score are what the network fills up with.
func (r *ready) Read(list []Found, row []float32, above float64) []Found {
	for i := range r.boxes {
		var at []float32
		var score, class float32
		if r.parts == 3 {
			at, score, class = row[4*i:], row[4*r.boxes+i], row[5*r.boxes+i]
		} else {
			at = row[6*i:]
			score, class = at[4], at[5]
		}
		if score > float32(above) && class >= 0 {
			x, y := float64(at[0]), float64(at[1])
			list = append(list, Found{Box{x, y, float64(at[2]) - x, float64(at[3]) - y}, int32(class), score})
		}
	}
	return list
}
