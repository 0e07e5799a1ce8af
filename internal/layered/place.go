package layered

// rounds is how often the places in the layers are moved towards those of the neighbours.
const rounds = 12

// place sets the x of all vertices: each wants to lie in the middle of its neighbours, and keeps its distance from the
// next in its layer. In a layer the sum of the squared moves is the smallest.
func (l *layering) place(s Size) {
	width := func(v int) float64 {
		if l.all[v].node < 0 {
			return s.Lane
		}
		return s.Width + s.Gap
	}
	for _, layer := range l.layers {
		x := 0.0
		for _, v := range layer {
			l.all[v].x = x + width(v)/2
			x += width(v)
		}
		for _, v := range layer {
			l.all[v].x -= x / 2
		}
	}
	for r := range rounds {
		for k := range l.layers {
			if r%2 == 1 {
				k = len(l.layers) - 1 - k
			}
			layer := l.layers[k]
			wanted, apart := make([]float64, len(layer)), make([]float64, len(layer))
			for i, v := range layer {
				wanted[i] = l.middle(v)
				if i > 0 {
					apart[i] = (width(layer[i-1]) + width(v)) / 2
				}
			}
			for i, x := range spread(wanted, apart) {
				l.all[layer[i]].x = x
			}
		}
	}
}

// middle is the mean of the places of a vertex's neighbours; its own without any.
func (l *layering) middle(v int) float64 {
	sum, n := 0.0, 0
	for _, list := range [][]int{l.all[v].above, l.all[v].below} {
		for _, u := range list {
			sum, n = sum+l.all[u].x, n+1
		}
	}
	if n == 0 {
		return l.all[v].x
	}
	return sum / float64(n)
}

// spread returns the places nearest to those wanted, by least squares, of which each is apart[i] at least from the one
// before: an isotonic regression, by pooling neighbours that are out of order.
func spread(wanted, apart []float64) []float64 {
	type pool struct {
		sum float64
		n   int
	}
	mean := func(p pool) float64 { return p.sum / float64(p.n) }
	var pools []pool
	shift := make([]float64, len(wanted))
	for i, w := range wanted {
		if i > 0 {
			shift[i] = shift[i-1] + apart[i]
		}
		pools = append(pools, pool{w - shift[i], 1})
		for k := len(pools) - 1; k > 0 && mean(pools[k-1]) > mean(pools[k]); k-- {
			pools[k-1].sum, pools[k-1].n = pools[k-1].sum+pools[k].sum, pools[k-1].n+pools[k].n
			pools = pools[:k]
		}
	}
	list := make([]float64, 0, len(wanted))
	for _, p := range pools {
		for range p.n {
			list = append(list, mean(p)+shift[len(list)])
		}
	}
	return list
}
