package proof

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"
)

// Levels by costs: the first has about firstLevel mixes, each one after it growth times as many, up to widest. A level
// that is done is a bound, and a wide one has longer families, which share more of their work.
const (
	firstLevel = 64
	growth     = 4
	widest     = 1 << 16
)

// errEnough ends a count.
var errEnough = errors.New("enough")

// A queue lists the sets of high units in the order of their summed costs, the least first: the classic list of the
// smallest subset sums. A set whose last unit is at place i of the units by cost has two successors: one with the unit
// at i+1 too, and one with it instead of the unit at i. Its sums are rounded otherwise than Space.Saved, so they choose
// where a level ends, and no more.
type queue struct {
	order []int // units, the least cost first
	heap  sums
}

// A subset is a set of high units, by their places in the order.
type subset struct {
	sum    float64
	places []int
}

// sums is a heap.Interface, the least sum on top.
type sums []subset

func (h sums) Len() int           { return len(h) }
func (h sums) Less(i, j int) bool { return h[i].sum < h[j].sum }
func (h sums) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sums) Push(x any)        { *h = append(*h, x.(subset)) }
func (h *sums) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// newQueue returns the queue of all sets but the empty one.
func newQueue(costs []float64) queue {
	q := queue{order: make([]int, len(costs))}
	for u := range q.order {
		q.order[u] = u
	}
	slices.SortStableFunc(q.order, func(a, b int) int { return cmp.Compare(costs[a], costs[b]) })
	if len(costs) > 0 {
		q.heap = sums{{costs[q.order[0]], []int{0}}}
	}
	return q
}

// skip takes n sets off that save at most so much, and returns what the last of them saves; false if there are no
// more.
func (q *queue) skip(s *Space, n int, saved float64) (least float64, more bool) {
	for taken := 0; taken < n; {
		if len(q.heap) == 0 {
			return 0, false
		}
		top := heap.Pop(&q.heap).(subset)
		last := top.places[len(top.places)-1]
		if last+1 < len(q.order) {
			c := s.costs[q.order[last+1]]
			heap.Push(&q.heap, subset{top.sum + c, append(slices.Clone(top.places), last+1)})
			swapped := slices.Clone(top.places)
			swapped[len(swapped)-1] = last + 1
			heap.Push(&q.heap, subset{top.sum - s.costs[q.order[last]] + c, swapped})
		}
		high := make([]int, len(top.places))
		for i, p := range top.places {
			high[i] = q.order[p]
		}
		slices.Sort(high)
		if v := s.Saved(high); v <= saved {
			taken, least = taken+1, v
		}
	}
	return least, len(q.heap) > 0
}
