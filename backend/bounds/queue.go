package bounds

import "container/heap"

// leader is a candidate in the queue with the bound that it had when it was put there. Bounds only fall, so an old
// one is too high and is put right when the candidate comes to the top.
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

// Len is how many leaders there are.
func (q *queue) Len() int { return len(*q) }

// Less tells whether leader i comes before leader j.
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

// second returns what comes to the top if the top goes.
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
