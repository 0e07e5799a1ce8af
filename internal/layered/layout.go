package layered

import "math"

// Size says how large the parts of a drawing are, in its own unit.
type Size struct {
	Width, Height float64 // of a node
	Gap           float64 // between two nodes of a layer
	Lane          float64 // of an edge that passes a layer
	Between       float64 // between two layers
	Gutter        float64 // between two columns
	Aspect        float64 // width over height that the drawing should have
}

// A Point is a place in the drawing.
type Point struct{ X, Y float64 }

// An Edge is drawn along its points, from the lower end of one node to the upper end of another.
type Edge struct {
	From, To int
	Points   []Point
	Far      bool // it passes so many layers that it is drawn straight
}

// A Drawing has the centre of every node.
type Drawing struct {
	Width, Height float64
	Columns       int
	Nodes         []Point
	Edges         []Edge
}

// Layout lays out a graph: from are the predecessors of every node. Those outside of the graph and those that close a
// cycle are left out.
func Layout(from [][]int, s Size) Drawing {
	if len(from) == 0 {
		return Drawing{}
	}
	l := newLayering(from)
	l.order()
	l.place(s)
	return l.fold(s)
}

// A column is a number of layers below each other.
type column struct {
	first, last int     // its layers, the last one excluded
	left, right float64 // x of its ends
}

// columns cuts the layers into so many columns of one height.
func (l *layering) columns(n int, s Size) (list []column, width, height float64) {
	each := (len(l.layers) + n - 1) / n
	for first := 0; first < len(l.layers); first += each {
		c := column{first, min(first+each, len(l.layers)), math.Inf(1), math.Inf(-1)}
		for _, layer := range l.layers[c.first:c.last] {
			for _, v := range layer {
				half := s.Lane / 2
				if l.all[v].node >= 0 {
					half = s.Width / 2
				}
				c.left, c.right = math.Min(c.left, l.all[v].x-half), math.Max(c.right, l.all[v].x+half)
			}
		}
		list = append(list, c)
		width += c.right - c.left
	}
	return list, width + float64(len(list)+1)*s.Gutter, float64(each)*(s.Height+s.Between) + s.Between
}

// fold puts the layers into the number of columns that comes closest to the wanted shape.
func (l *layering) fold(s Size) Drawing {
	best, off := 1, math.Inf(1)
	for n := 1; n <= len(l.layers); n++ {
		_, w, h := l.columns(n, s)
		if d := math.Abs(math.Log(w / h / s.Aspect)); d < off {
			best, off = n, d
		}
		if w > 4*h*s.Aspect {
			break
		}
	}
	list, width, height := l.columns(best, s)
	d := Drawing{Width: width, Height: height, Columns: len(list), Nodes: make([]Point, 0, len(l.all))}
	each := list[0].last
	starts := make([]float64, len(list)) // x of each column's left end
	at := s.Gutter
	for k, c := range list {
		starts[k] = at
		at += c.right - c.left + s.Gutter
	}
	place := func(v int) (p Point, in int) {
		in = l.all[v].layer / each
		row := l.all[v].layer % each
		return Point{starts[in] + l.all[v].x - list[in].left, s.Between + s.Height/2 + float64(row)*(s.Height+s.Between)}, in
	}
	for v := range l.all {
		if l.all[v].node < 0 {
			break
		}
		p, _ := place(v)
		d.Nodes = append(d.Nodes, p)
	}
	gutters := make([]int, len(list)) // edges in the gutter behind each column
	for _, r := range l.routes {
		e := Edge{From: r.from, To: r.to, Far: len(r.through) == 2 && l.all[r.to].layer-l.all[r.from].layer > farSpan}
		last := 0
		for k, v := range r.through {
			p, in := place(v)
			if k > 0 && in != last && !e.Far { // down, up through the gutter, and in from above
				x := starts[in] - s.Gutter/2 + float64(gutters[last]%5-2)*s.Gutter/8
				gutters[last]++
				before := e.Points[len(e.Points)-1]
				e.Points = append(e.Points, Point{before.X, height - s.Between/2}, Point{x, height - s.Between/2}, Point{x, s.Between / 2}, Point{p.X, s.Between / 2})
			}
			last = in
			switch top, bottom := p.Y-s.Height/2, p.Y+s.Height/2; {
			case k == 0:
				e.Points = append(e.Points, Point{p.X, bottom})
			case k == len(r.through)-1:
				e.Points = append(e.Points, Point{p.X, top})
			default:
				e.Points = append(e.Points, Point{p.X, top}, Point{p.X, bottom})
			}
		}
		d.Edges = append(d.Edges, e)
	}
	return d
}
