package layered

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

var size = Size{Width: 64, Height: 20, Gap: 10, Lane: 12, Between: 14, Gutter: 36, Aspect: 1.4}

// residual is a chain of n nodes; every eighth also reads the one seven before it.
func residual(n int) [][]int {
	from := make([][]int, n)
	for i := 1; i < n; i++ {
		from[i] = []int{i - 1}
		if i%8 == 7 {
			from[i] = append(from[i], i-7)
		}
	}
	return from
}

func TestLayersAreLongestPaths(t *testing.T) {
	for name, c := range map[string]struct {
		from [][]int
		want []int
	}{
		"chain":                    {[][]int{nil, {0}, {1}}, []int{0, 1, 2}},
		"residual":                 {[][]int{nil, {0}, {1}, {2, 0}}, []int{0, 1, 2, 3}},
		"a late input lies low":    {[][]int{nil, {0}, {1}, nil, {2, 3}}, []int{0, 1, 2, 2, 3}},
		"any order":                {[][]int{{1}, {2}, nil}, []int{2, 1, 0}},
		"outside, and itself":      {[][]int{{-1, 9, 0}, {0}}, []int{0, 1}},
		"a cycle is cut":           {[][]int{{2}, {0}, {1}}, []int{0, 1, 2}},
		"a cycle behind its entry": {[][]int{nil, {0, 2}, {1}}, []int{0, 1, 2}},
	} {
		layer, kept := layersOf(c.from)
		if !slices.Equal(layer, c.want) {
			t.Errorf("%s: layers %v, not %v", name, layer, c.want)
		}
		for i, list := range kept {
			for _, j := range list {
				if layer[j] >= layer[i] {
					t.Errorf("%s: the edge %d to %d does not go down", name, j, i)
				}
			}
		}
	}
}

// TestNodesDoNotOverlap lays out random graphs: no node lies on another one or outside, and every edge goes from its
// one node to its other.
func TestNodesDoNotOverlap(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(1, seed))
		from := make([][]int, 1+rng.IntN(60))
		edges := 0
		for i := range from {
			for range min(i, rng.IntN(3)) {
				if j := rng.IntN(i); !slices.Contains(from[i], j) {
					from[i] = append(from[i], j)
					edges++
				}
			}
		}
		d := Layout(from, size)
		if len(d.Nodes) != len(from) || len(d.Edges) != edges {
			t.Fatalf("seed %d: %d nodes and %d edges, not %d and %d", seed, len(d.Nodes), len(d.Edges), len(from), edges)
		}
		for i, p := range d.Nodes {
			if p.X < size.Width/2 || p.X > d.Width-size.Width/2 || p.Y < size.Height/2 || p.Y > d.Height-size.Height/2 {
				t.Errorf("seed %d: node %d lies outside, at %v of %v x %v", seed, i, p, d.Width, d.Height)
			}
			for j, q := range d.Nodes[:i] {
				if math.Abs(p.X-q.X) < size.Width-1e-6 && math.Abs(p.Y-q.Y) < size.Height {
					t.Errorf("seed %d: nodes %d and %d overlap: %v, %v", seed, j, i, q, p)
				}
			}
		}
		for _, e := range d.Edges {
			first, last := e.Points[0], e.Points[len(e.Points)-1]
			if first != (Point{d.Nodes[e.From].X, d.Nodes[e.From].Y + size.Height/2}) || last != (Point{d.Nodes[e.To].X, d.Nodes[e.To].Y - size.Height/2}) {
				t.Errorf("seed %d: the edge from %d to %d runs from %v to %v", seed, e.From, e.To, first, last)
			}
		}
	}
}

func TestOrderLeavesNoNeedlessCrossing(t *testing.T) {
	// two chains from one node, whose nodes are given crosswise
	l := newLayering([][]int{nil, {0}, {0}, {2}, {1}, {3}, {4}, {5, 6}})
	if l.crossings() == 0 {
		t.Fatal("the test has nothing to mend")
	}
	if l.order(); l.crossings() != 0 {
		t.Errorf("%d crossings are left", l.crossings())
	}
}

func TestSpread(t *testing.T) {
	for _, c := range []struct{ wanted, apart, want []float64 }{
		{[]float64{0, 10}, []float64{0, 4}, []float64{0, 10}},
		{[]float64{0, 0}, []float64{0, 4}, []float64{-2, 2}},
		{[]float64{5, 0, 1}, []float64{0, 1, 1}, []float64{1, 2, 3}},
	} {
		if got := spread(c.wanted, c.apart); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v, %v apart: %v, not %v", c.wanted, c.apart, got, c.want)
		}
	}
}

// TestShape holds that a long network fits a picture, and takes little time.
func TestShape(t *testing.T) {
	for _, n := range []int{52, 230, 1000} {
		begun := time.Now()
		d := Layout(residual(n), size)
		if took := time.Since(begun); took > 5*time.Second { // some hundredths on an idle machine
			t.Errorf("%d nodes took %v", n, took)
		}
		if a := d.Width / d.Height; a < 0.9 || a > 2.2 || d.Columns < 2 {
			t.Errorf("%d nodes: %.0f x %.0f in %d columns", n, d.Width, d.Height, d.Columns)
		}
		if again := Layout(residual(n), size); !reflect.DeepEqual(d, again) {
			t.Error("the same graph has two layouts")
		}
	}
	if d := Layout(nil, size); len(d.Nodes) != 0 || d.Width != 0 {
		t.Errorf("of nothing: %+v", d)
	}
}
