package layered

// farSpan is the most layers that an edge passes which has a place in each of them; a longer one is drawn straight.
const farSpan = 24

// A vertex is a node of the graph, or a place where an edge passes a layer.
type vertex struct {
	node  int     // of the graph; -1: an edge passes
	layer int     // from 0
	above []int   // vertices of the layer before, that lead here
	below []int   // vertices of the next layer, that it leads to
	x     float64 // of its centre
}

// A layering has the vertices by layer, in order from left to right.
type layering struct {
	all    []vertex // the graph's nodes first
	layers [][]int
	routes []route
}

// A route is an edge with the vertices that it passes, its ends included; a far edge has only its ends.
type route struct {
	from, to int
	through  []int
}

// layersOf is the longest path to each node, from a node without predecessors; those lie just above what they lead to.
// Edges that close a cycle are left out of kept.
func layersOf(from [][]int) (layer []int, kept [][]int) {
	n := len(from)
	layer, kept = make([]int, n), make([][]int, n)
	to, open := make([][]int, n), make([]int, n)
	for i, list := range from {
		for _, j := range list {
			if j >= 0 && j < n && j != i {
				to[j], kept[i] = append(to[j], i), append(kept[i], j)
				open[i]++
			}
		}
	}
	var ready []int
	for i := range n {
		if open[i] == 0 {
			ready = append(ready, i)
		}
	}
	for next := 0; ; next++ {
		if next == len(ready) { // of what is left each node is in a cycle, or behind one
			i := firstOpen(open)
			if i < 0 {
				break
			}
			kept[i] = settled(kept[i], open)
			open[i] = 0
			ready = append(ready, i)
		}
		i := ready[next]
		open[i] = -1
		for _, k := range to[i] {
			if open[k] <= 0 {
				continue
			}
			layer[k] = max(layer[k], layer[i]+1)
			if open[k]--; open[k] == 0 {
				ready = append(ready, k)
			}
		}
	}
	for i := range n {
		if len(kept[i]) == 0 && len(to[i]) > 0 {
			first := n
			for _, k := range to[i] {
				first = min(first, layer[k])
			}
			layer[i] = max(0, first-1)
		}
	}
	return layer, kept
}

func firstOpen(open []int) int {
	for i, o := range open {
		if o > 0 {
			return i
		}
	}
	return -1
}

// settled are the predecessors that have a layer.
func settled(list, open []int) (kept []int) {
	for _, j := range list {
		if open[j] < 0 {
			kept = append(kept, j)
		}
	}
	return kept
}

// newLayering puts the nodes into their layers, in the order of the graph, and a vertex wherever an edge passes one.
func newLayering(from [][]int) *layering {
	layer, kept := layersOf(from)
	l := &layering{all: make([]vertex, len(from))}
	put := func(v, at int) {
		for len(l.layers) <= at {
			l.layers = append(l.layers, nil)
		}
		l.layers[at] = append(l.layers[at], v)
	}
	for i := range from {
		l.all[i] = vertex{node: i, layer: layer[i]}
		put(i, layer[i])
	}
	for i, list := range kept {
		for _, j := range list {
			r := route{from: j, to: i, through: []int{j}}
			span := layer[i] - layer[j]
			for at := layer[j] + 1; at < layer[i] && span <= farSpan; at++ {
				v := len(l.all)
				l.all = append(l.all, vertex{node: -1, layer: at})
				put(v, at)
				r.through = append(r.through, v)
			}
			r.through = append(r.through, i)
			if span > 0 && span <= farSpan {
				for k, v := range r.through[1:] {
					u := r.through[k]
					l.all[u].below, l.all[v].above = append(l.all[u].below, v), append(l.all[v].above, u)
				}
			}
			l.routes = append(l.routes, r)
		}
	}
	return l
}
