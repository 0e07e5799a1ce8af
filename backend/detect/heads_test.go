package detect

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// A golden is a sample of raw heads, and what the package that trains such networks reads out of it
// (scripts/heads_golden.py).
type golden struct {
	Layout  Layout
	Size    int
	Above   float64
	Anchors []float64
	Dims    [][]int64
	Row     []float32
	Want    [][6]float64
}

func goldens(t *testing.T) (list []golden) {
	t.Helper()
	text, err := os.ReadFile("testdata/heads.json")
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil || len(list) != 4 {
		t.Fatal(len(list), err)
	}
	return list
}

func (g *golden) view() View {
	v := View{Width: g.Size, Height: g.Size}
	if len(g.Anchors) > 0 {
		v.Anchors = g.Anchors
	}
	return v
}

// ordered sorts boxes, whatever order a layout reads them in.
func ordered(list []Found) []Found {
	slices.SortFunc(list, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Score, b.Score), cmp.Compare(a.X, b.X))
	})
	return list
}

// TestHeadsAsThePackages holds the boxes of raw heads against those of the packages that train them.
func TestHeadsAsThePackages(t *testing.T) {
	for _, g := range goldens(t) {
		r, err := NewReader(g.Layout, g.Dims, g.view())
		if err != nil || r.Classes() != 2 || r.Suppressed() {
			t.Fatalf("%s: %v", g.Layout, err)
		}
		var want []Found
		for _, w := range g.Want {
			want = append(want, Found{Box{w[0], w[1], w[2], w[3]}, int32(w[4]), float32(w[5])})
		}
		got, want := ordered(r.Read(nil, g.Row, g.Above)), ordered(want)
		if len(got) != len(want) || len(want) < 10 {
			t.Fatalf("%s: %d boxes, want %d", g.Layout, len(got), len(want))
		}
		for i, w := range want {
			f := got[i]
			for _, d := range []float64{f.X - w.X, f.Y - w.Y, f.W - w.W, f.H - w.H} {
				if math.Abs(d) > 1e-4*max(1, w.W, w.H) || f.Class != w.Class || math.Abs(float64(f.Score-w.Score)) > 1e-6 {
					t.Errorf("%s: box %d is %v, want %v", g.Layout, i, f, w)
					break
				}
			}
		}
	}
}

// axesTurned is an output of one sample with its axes in another order, and its numbers moved to where they lie then.
func axesTurned(dims []int64, values []float32, order ...int) ([]int64, []float32) {
	turned := make([]int64, len(dims))
	for i, axis := range order {
		turned[i] = dims[axis]
	}
	out := make([]float32, len(values))
	at := make([]int64, len(dims))
	for i := range out {
		rest := int64(i)
		for k := len(turned) - 1; k >= 0; k-- {
			at[order[k]] = rest % turned[k]
			rest /= turned[k]
		}
		from := int64(0)
		for k, n := range dims {
			from = from*n + at[k]
		}
		out[i] = values[from]
	}
	return turned, out
}

// parts cuts a row into its outputs.
func (g *golden) parts() (list [][]float32) {
	row := g.Row
	for _, d := range g.Dims {
		n := int64(1)
		for _, k := range d {
			n *= k
		}
		list, row = append(list, row[:n]), row[n:]
	}
	return list
}

// TestHeadsInOtherShapes: the same heads with channels last, anchors apart, boxes apart from classes, all grids in one
// output, or outputs in another order are the same boxes.
func TestHeadsInOtherShapes(t *testing.T) {
	check := func(name string, g golden, dims [][]int64, rows [][]float32) {
		t.Helper()
		r, err := NewReader(g.Layout, g.Dims, g.view())
		if err != nil {
			t.Fatal(err)
		}
		want := ordered(r.Read(nil, g.Row, g.Above))
		if r, err = NewReader(g.Layout, dims, g.view()); err != nil {
			t.Fatalf("%s %s: %v", g.Layout, name, err)
		}
		if got := ordered(r.Read(nil, slices.Concat(rows...), g.Above)); !slices.Equal(got, want) {
			t.Errorf("%s %s: %d boxes, want %d, or others", g.Layout, name, len(got), len(want))
		}
	}
	for _, g := range goldens(t) {
		parts := g.parts()
		backwards, dims := slices.Clone(parts), slices.Clone(g.Dims)
		slices.Reverse(backwards)
		slices.Reverse(dims)
		check("in another order", g, dims, backwards)
		var lastDims, ones [][]int64
		var last [][]float32
		for i, p := range parts {
			order := []int{1, 2, 0}
			if len(g.Dims[i]) == 2 {
				order = []int{1, 0}
			}
			d, row := axesTurned(g.Dims[i], p, order...)
			lastDims, last = append(lastDims, d), append(last, row)
			ones = append(ones, slices.Concat([]int64{1}, g.Dims[i]))
		}
		check("turned", g, lastDims, last)
		switch g.Layout {
		case YOLOv8Heads:
			check("with axes of 1", g, ones, parts)
			var apartDims [][]int64
			var apart [][]float32
			var joined [2][]float32 // by channel of all grids
			for i, p := range parts {
				h, w := g.Dims[i][1], g.Dims[i][2]
				cut := 64 * h * w
				apartDims, apart = append(apartDims, []int64{2, h, w}, []int64{64, h, w}), append(apart, p[cut:], p[:cut])
			}
			check("boxes apart", g, apartDims, apart)
			for k, numbers := range []int64{64, 2} {
				for c := range numbers {
					for i := range parts {
						from := apart[2*i+1-k]
						cells := int64(len(from)) / numbers
						joined[k] = append(joined[k], from[c*cells:(c+1)*cells]...)
					}
				}
			}
			check("all grids in two outputs", g, [][]int64{{64, 21}, {2, 21}}, joined[:])
			check("all grids in one output", g, [][]int64{{66, 21}}, [][]float32{slices.Concat(joined[:]...)})
			d, row := axesTurned([]int64{66, 21}, slices.Concat(joined[:]...), 1, 0)
			check("cells first", g, [][]int64{d}, [][]float32{row})
		case YOLOv5Heads:
			var dims [][]int64
			var rows [][]float32
			for i, p := range parts {
				d, row := axesTurned([]int64{3, 7, g.Dims[i][1], g.Dims[i][2]}, p, 0, 2, 3, 1)
				dims, rows = append(dims, d), append(rows, row)
			}
			check("anchors apart", g, dims, rows)
		case SSD:
			check("flat", g, [][]int64{{120}, {90}}, parts)
		}
	}
}

// TestDistancesAlone: heads that give a distance for each side, and no distribution.
func TestDistancesAlone(t *testing.T) {
	r, err := NewReader(YOLOv8Heads, [][]int64{{4, 1, 2}, {1, 1, 2}}, View{Width: 16, Height: 8})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Read(nil, []float32{1, 0.5, 1, 0.25, 2, 0.5, 3, 0.25, -100, 0}, 0.1)
	if want := []Found{{Box{8, 2, 8, 4}, 0, 0.5}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestGridsThatAreThere: a stride that does not divide the input has no grid, where an output has all of them one
// behind the other.
func TestGridsThatAreThere(t *testing.T) {
	const cells = 10*10 + 5*5 // of strides 8 and 16; 80 is no multiple of 32
	r, err := NewReader(YOLOv8Heads, [][]int64{{4*bins + 1, cells}}, View{Width: 80, Height: 80})
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float32, (4*bins+1)*cells)
	for i := range cells {
		row[4*bins*cells+i] = -100
	}
	row[4*bins*cells+cells-1] = 0
	got := r.Read(nil, row, 0.1)
	if want := []Found{{Box{72 - 120, 72 - 120, 240, 240}, 0, 0.5}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestNaNInHeadsIsNoBox, and no number makes a reader panic.
func TestNaNInHeadsIsNoBox(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, g := range goldens(t) {
		r, err := NewReader(g.Layout, g.Dims, g.view())
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			row := slices.Clone(g.Row)
			for i := range row {
				if rng.IntN(3) == 0 {
					row[i] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}[rng.IntN(3)]
				}
			}
			for _, f := range r.Read(nil, row, g.Above) {
				if !(float64(f.Score) > g.Above) {
					t.Errorf("%s: a box scores %v", g.Layout, f.Score)
				}
			}
		}
	}
}

// TestBadHeads: outputs that cannot be such heads are refused, saying what they must be.
func TestBadHeads(t *testing.T) {
	v := View{Width: 32, Height: 32}
	with := func(anchors ...float64) View { return View{Width: 32, Height: 32, Anchors: anchors} }
	for _, c := range []struct {
		layout Layout
		dims   [][]int64
		view   View
		hint   string
	}{
		{YOLOv8Heads, [][]int64{{66, 5, 5}}, v, "knows no grid of cells in [66,5,5] for an input of 32 x 32"},
		{YOLOv8Heads, [][]int64{{66, 4, 4}}, View{}, "an input that is an image"},
		{YOLOv8Heads, [][]int64{{64, 4, 4}}, v, "4 * 16 + classes"},
		{YOLOv8Heads, [][]int64{{66, 4, 4}, {67, 2, 2}}, v, "4 * 16 + classes"},
		{YOLOv8Heads, [][]int64{{64, 4, 4}, {2, 4, 4}, {2, 4, 4}}, v, "one output or two for each grid"},
		{YOLOv5Heads, [][]int64{{20, 4, 4}}, with(1, 1, 2, 2, 3, 3), "with 3 anchors"},
		{YOLOv5Heads, [][]int64{{21, 4, 4}}, with(1, 1, 2), "as many anchors for each"},
		{YOLOv5Heads, [][]int64{{21, 4, 4}, {24, 2, 2}}, with(1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3), "with 3 anchors"},
		{YOLOv5Heads, [][]int64{{2, 4, 4, 7}}, with(1, 1, 2, 2, 3, 3), "knows no grid"},
		{YOLOv5Heads, [][]int64{{21, 21}}, with(1, 1, 2, 2, 3, 3), "an output for each grid"},
		{SSD, [][]int64{{5, 4}, {5, 3}}, with(1, 1, 4), "middle x, middle y"},
		{SSD, [][]int64{{1, 4}, {1, 3}}, with(0.5, 0.5, 0.2, 0.2), "fractions of it: multiply them by 32 and 32"},
		{SSD, [][]int64{{1, 4}, {1, 3}}, with(9, 9, 0, 3), "sides above 0"},
		{SSD, [][]int64{{1, 4}}, with(9, 9, 3, 3), "two outputs"},
		{SSD, [][]int64{{1, 5}, {1, 3}}, with(9, 9, 3, 3), "the offsets from 1 anchors"},
		{SSD, [][]int64{{3, 4}, {3, 3}}, with(9, 9, 3, 3, 9, 9, 3, 3), "for 2 anchors"},
	} {
		if _, err := NewReader(c.layout, c.dims, c.view); err == nil || !strings.Contains(err.Error(), c.hint) {
			t.Errorf("%s %v: %v, want %q", c.layout, c.dims, err, c.hint)
		}
	}
}
