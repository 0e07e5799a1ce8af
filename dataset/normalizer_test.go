package dataset

import (
	"math"
	"testing"
)

func TestNormalize(t *testing.T) {
	third := float32(1) / 3
	rgb := []float32{0.485, 0.456, 0.406}
	for _, c := range []struct {
		name  string
		shape []int64
		o     Options
		x     []float64
		want  []float32
	}{
		{"scale first", []int64{2}, Options{Scale: []float32{0.5}, Mean: []float32{1}, Std: []float32{4}}, []float64{10, 2}, []float32{1, 0}},
		{"only mean", []int64{2}, Options{Mean: []float32{1}}, []float64{10, 2}, []float32{9, 1}},
		{"only std divides", []int64{2}, Options{Std: []float32{3}}, []float64{1, 7}, []float32{third, float32(7) / 3}},
		{"channels first", []int64{3, 1, 2}, Options{Mean: rgb}, []float64{0, 1, 0, 1, 0, 1},
			[]float32{-0.485, 1 - rgb[0], -0.456, 1 - rgb[1], -0.406, 1 - rgb[2]}},
		{"channels last", []int64{2, 3}, Options{Mean: rgb}, []float64{0, 0, 0, 1, 1, 1},
			[]float32{-0.485, -0.456, -0.406, 1 - rgb[0], 1 - rgb[1], 1 - rgb[2]}},
		{"one number beside many", []int64{2, 3}, Options{Scale: []float32{2}, Std: []float32{1, 2, 4}}, []float64{1, 1, 1, 2, 2, 2},
			[]float32{2, 1, 0.5, 4, 2, 1}},
		{"both axes fit: the first is taken", []int64{2, 2}, Options{Mean: []float32{1, 2}}, []float64{0, 0, 0, 0}, []float32{-1, -1, -2, -2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, err := newNormalizer(Input{Name: "x"}, c.shape, &c.o)
			if err != nil {
				t.Fatal(err)
			}
			for split := range c.x { // in one piece or two
				v := append([]float64(nil), c.x...)
				z.Apply(v[:split], 0)
				z.Apply(v[split:], split)
				for i := range v {
					if float32(v[i]) != c.want[i] {
						t.Errorf("split %d, element %d: %v, want %v", split, i, v[i], c.want[i])
					}
				}
			}
		})
	}
}

func TestNormalizeBadNumbers(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"std 0", Options{Std: []float32{0}}, "std holds 0"},
		{"NaN", Options{Mean: []float32{nan}}, "mean holds NaN"},
		{"infinite", Options{Scale: []float32{float32(math.Inf(1))}}, "scale holds +Inf"},
		{"lengths differ", Options{Mean: []float32{1, 2, 3}, Std: []float32{1, 2}}, "std has 2 numbers where another option has 3"},
		{"no such channels", Options{Mean: []float32{1, 2}}, "have 2 numbers, but a sample of input \"x\" is [3,4,4]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newNormalizer(Input{Name: "x"}, []int64{3, 4, 4}, &c.o)
			wantBad(t, err, c.want)
		})
	}
}
