package task

import (
	"math"
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/direct"
)

// TestPaddingLook compares the part that both have.
func TestPaddingLook(t *testing.T) {
	var l paddingLook
	seen := func(values []float32, dims ...int64) direct.Seen { return direct.Seen{Dims: dims, Values: values} }
	l.take(seen([]float32{1, 2, 3, 4}, 1, 2, 2), seen([]float32{1, 2, 9, 3, 4, 9}, 1, 2, 3), nil, nil)
	l.take(seen([]float32{1, 2, 3, 4}, 1, 2, 2), seen([]float32{1, 2, 3, 4, 9, 9}, 1, 3, 2), nil, nil)
	if l.tried != 2 || l.changed != 0 {
		t.Errorf("%+v", l)
	}
	l.take(seen([]float32{1, 2, 3, -4}, 4), seen([]float32{1, 2.5, 3, -4.25}, 4), nil, nil)
	if l.tried != 3 || l.changed != 1 || l.furthest != 0.5 || l.largest != 4 {
		t.Errorf("%+v", l)
	}
	flat := func(d int64) []backend.Tensor { return []backend.Tensor{{Dims: []int64{1, d, 2}}} }
	// [1, 2, time] in one axis
	l.take(seen([]float32{1, 2, 3, 4}, 1, 4), seen([]float32{1, 2, 9, 3, 4, 9}, 1, 6), flat(2), flat(3))
	if l.tried != 3 {
		t.Errorf("what lies elsewhere is compared: %+v", l)
	}
	l.take(seen([]float32{1, 2}, 1, 2), seen([]float32{1, 7, 9}, 1, 3), flat(2), flat(3))
	if l.tried != 4 || l.changed != 2 {
		t.Errorf("%+v", l)
	}
	l.changed = 1
	l.take(seen([]float32{1, float32(math.NaN())}, 2), seen([]float32{1, float32(math.NaN())}, 2), nil, nil)
	if l.changed != 1 {
		t.Errorf("%+v", l)
	}
}
