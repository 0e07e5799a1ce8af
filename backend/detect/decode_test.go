package detect

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestLayouts: the same boxes in every layout, in both orders of the axes, are read alike.
func TestLayouts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const cells, classes = 50, 3
	var v5, v5turned, v8, v8turned = make([]float32, cells*8), make([]float32, cells*8), make([]float32, cells*7), make([]float32, cells*7)
	var want []Found
	for cell := range cells {
		row := []float32{rng.Float32() * 90, rng.Float32() * 90, 1 + rng.Float32()*9, 1 + rng.Float32()*9}
		object := rng.Float32()
		for c := range classes {
			score := object * rng.Float32()
			row = append(row, score)
			if score > 0.3 {
				x, y, w, h := float64(row[0]), float64(row[1]), float64(row[2]), float64(row[3])
				want = append(want, Found{Box{x - w/2, y - h/2, w, h}, int32(c), score})
			}
		}
		for i, v := range row {
			v8turned[cell*7+i], v8[i*cells+cell] = v, v
		}
		row = slices.Insert(row, 4, 1)
		for i, v := range row {
			v5[cell*8+i], v5turned[i*cells+cell] = v, v
		}
	}
	byCell := func(list []Found) []Found {
		slices.SortFunc(list, func(a, b Found) int {
			if d := a.X - b.X; d != 0 {
				return int(math.Copysign(1, d))
			}
			return int(a.Class - b.Class)
		})
		return list
	}
	want = byCell(want)
	for _, c := range []struct {
		layout Layout
		row    []float32
		dims   []int64
	}{{YOLOv5, v5, []int64{cells, 8}}, {YOLOv5, v5turned, []int64{1, 8, cells}}, {YOLOv8, v8, []int64{7, cells}}, {YOLOv8, v8turned, []int64{cells, 7}}} {
		r, err := NewReader(c.layout, [][]int64{c.dims}, View{})
		if err != nil || r.Classes() != classes {
			t.Fatalf("%s %v: %v", c.layout, c.dims, err)
		}
		if got := byCell(r.Read(nil, c.row, 0.3)); !slices.Equal(got, want) {
			t.Errorf("%s %v: %v, want %v", c.layout, c.dims, got, want)
		}
	}
	// An object's score is a factor of its classes'; NaN is no box.
	r, err := NewReader(YOLOv5, [][]int64{{8, 6}}, View{})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, 48)
	copy(row, []float32{5, 5, 2, 2, 0.5, 0.5, 5, 5, 2, 2, float32(math.NaN()), 1, 5, 5, 2, 2, 1, float32(math.NaN())})
	if got := r.Read(nil, row, 0.001); !slices.Equal(got, []Found{{Box{4, 4, 2, 2}, 0, 0.25}}) {
		t.Errorf("%v", got)
	}
}

// TestReadyBoxes: what a network has chosen itself is taken as it is, from one output or from three; what fills up the
// output is none.
func TestReadyBoxes(t *testing.T) {
	want := []Found{{Box{1, 2, 2, 2}, 4, 0.75}, {Box{5, 5, 1, 2}, 0, 0.5}}
	one := []float32{1, 2, 3, 4, 0.75, 4, 0, 0, 0, 0, 0, 0, 5, 5, 6, 7, 0.5, 0, 1, 1, 2, 2, 0.9, -1}
	three := []float32{1, 2, 3, 4, 0, 0, 0, 0, 5, 5, 6, 7, 1, 1, 2, 2, 0.75, 0, 0.5, 0.9, 4, 0, 0, -1}
	for row, dims := range map[*[]float32][][]int64{&one: {{4, 6}}, &three: {{4, 4}, {4}, {4, 1}}} {
		r, err := NewReader(Boxes, dims, View{})
		if err != nil || !r.Suppressed() {
			t.Fatal(err)
		}
		if got := r.Read(nil, *row, 0.001); !slices.Equal(got, want) {
			t.Errorf("%v: %v", dims, got)
		}
	}
}

// TestBadLayouts: outputs that hold no such boxes are refused.
func TestBadLayouts(t *testing.T) {
	for _, c := range []struct {
		layout Layout
		dims   [][]int64
	}{{YOLOv5, [][]int64{{5, 20}}}, {YOLOv8, [][]int64{{4, 20}}}, {YOLOv8, [][]int64{{20}}}, {YOLOv8, [][]int64{{3, 7, 20}}}, {YOLOv8, [][]int64{{7, 20}, {7, 20}}},
		{Boxes, [][]int64{{20, 7}}}, {Boxes, [][]int64{{20, 4}, {20}}}, {Boxes, [][]int64{{20, 4}, {20}, {19}}}, {Boxes, [][]int64{{20}, {20, 4}, {20}}}} {
		if _, err := NewReader(c.layout, c.dims, View{}); err == nil {
			t.Errorf("%s takes %v", c.layout, c.dims)
		}
	}
}

// TestSuppression holds the suppression against its definition, on boxes that overlap much.
func TestSuppression(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := Suppression{Score: 0.1, IoU: 0.3 + rng.Float64()/2, Most: 1 + rng.IntN(30)}
		var list []Found
		for range rng.IntN(80) {
			list = append(list, Found{Box{float64(rng.IntN(20)), float64(rng.IntN(20)), float64(1 + rng.IntN(20)), float64(1 + rng.IntN(20))}, rng.Int32N(3), float32(rng.IntN(9)) / 8})
		}
		left, want := slices.Clone(list), []Found{}
		for len(left) > 0 && len(want) < s.Most {
			best := 0
			for i, f := range left {
				if f.Score > left[best].Score {
					best = i
				}
			}
			one := left[best]
			want = append(want, one)
			left = slices.DeleteFunc(slices.Delete(left, best, best+1), func(f Found) bool { return f.Class == one.Class && overlap(f.Box, one.Box, false) > s.IoU })
		}
		if got := s.Keep(list); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v, want %v", seed, got, want)
		}
	}
}
