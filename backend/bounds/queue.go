package bounds

import "container/heap"

// leader is a rejected candidate that may still be the best of its scan: the one at the top of the queue leads. It has
// the upper bound of its score at the time when it was queued. Bounds only fall, so an old bound is too high; it is
// corrected when the candidate comes to the top.
type leader struct {
	upper     key
	candidate int32
}

// before orders leaders: the higher bound first, of equal ones the later candidate.
func (l leader) before(o leader) bool {
	return l.upper > o.upper || l.upper == o.upper && l.candidate > o.candidate
}

// queue is a heap of leaders, the first in order at 0. It is a heap.Interface whose elements are put in and taken off
// by hand, since heap.Push and heap.Pop would box each.
type queue []leader

// Len returns the number of leaders.
func (q *queue) Len() int { return len(*q) }

// Less reports whether leader i comes before leader j.
func (q *queue) Less(i, j int) bool { return (*q)[i].before((*q)[j]) }

// Swap swaps two leaders.
func (q *queue) Swap(i, j int) { (*q)[i], (*q)[j] = (*q)[j], (*q)[i] }

// Push and Pop are there for heap.Interface.
func (q *queue) Push(x any) { *q = append(*q, x.(leader)) }

// Pop takes the last leader off.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// build orders an unordered queue.
func (q *queue) build() { heap.Init(q) }

// lower gives the top a smaller bound.
func (q *queue) lower(upper key) {
	(*q)[0].upper = upper
	heap.Fix(q, 0)
}

// pop removes the top.
func (q *queue) pop() {
	last := len(*q) - 1
	(*q)[0] = (*q)[last]
	*q = (*q)[:last]
	if last > 0 {
		heap.Fix(q, 0)
	}
}

// second returns the leader that follows the top.
func (q *queue) second() (leader, bool) {
	switch l := *q; {
	case len(l) < 2:
		return leader{}, false
	case len(l) == 2 || l[1].before(l[2]):
		return l[1], true
	default:
		return l[2], true
	}
}
