package layered

import (
	"cmp"
	"slices"
)

// sweeps is how often the order of the layers is improved, from the top down and from the bottom up in turn.
const sweeps = 8

// order sorts each layer by the barycentres of the vertices' neighbours in the layer before, so that edges cross
// little. Of all sweeps it keeps the order with the fewest crossings.
func (l *layering) order() {
	best, least := l.copyOrder(), l.crossings()
	for s := range sweeps {
		if s%2 == 0 {
			for i := 1; i < len(l.layers); i++ {
				l.sort(i, i-1, func(v *vertex) []int { return v.above })
			}
		} else {
			for i := len(l.layers) - 2; i >= 0; i-- {
				l.sort(i, i+1, func(v *vertex) []int { return v.below })
			}
		}
		if c := l.crossings(); c < least {
			best, least = l.copyOrder(), c
		}
	}
	l.layers = best
}

func (l *layering) copyOrder() [][]int {
	list := make([][]int, len(l.layers))
	for i, layer := range l.layers {
		list[i] = slices.Clone(layer)
	}
	return list
}

// sort orders a layer by its neighbours in another one. A vertex without any keeps its place among the others.
func (l *layering) sort(layer, by int, neighbours func(*vertex) []int) {
	place := map[int]float64{}
	for i, v := range l.layers[by] {
		place[v] = float64(i)
	}
	mean := map[int]float64{}
	last := -1.0
	for _, v := range l.layers[layer] {
		list := neighbours(&l.all[v])
		if len(list) == 0 {
			mean[v] = last
			continue
		}
		sum := 0.0
		for _, u := range list {
			sum += place[u]
		}
		last = sum / float64(len(list))
		mean[v] = last
	}
	slices.SortStableFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
}

// crossings counts the pairs of edges between neighbouring layers that cross.
func (l *layering) crossings() int {
	place := make([]int, len(l.all))
	for _, layer := range l.layers {
		for i, v := range layer {
			place[v] = i
		}
	}
	n := 0
	for _, layer := range l.layers {
		// places of the lower ends, edges in the order of their upper ends
		var ends []int
		for _, v := range layer {
			from := len(ends)
			for _, u := range l.all[v].below {
				ends = append(ends, place[u])
			}
			slices.Sort(ends[from:])
		}
		n += inversions(ends)
	}
	return n
}

// inversions counts the pairs that are out of order, by merge sort; the list is sorted then.
func inversions(list []int) int {
	if len(list) < 2 {
		return 0
	}
	half := len(list) / 2
	a, b := slices.Clone(list[:half]), slices.Clone(list[half:])
	n := inversions(a) + inversions(b)
	for k := range list {
		if len(b) == 0 || len(a) > 0 && a[0] <= b[0] {
			list[k], a = a[0], a[1:]
			continue
		}
		list[k], b = b[0], b[1:]
		n += len(a)
	}
	return n
}
