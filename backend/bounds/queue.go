package bounds

// leader is a candidate in the queue with the bound that it had when it was put there. Bounds only fall, so an old one
// is too high and is put right when the candidate comes to the top.
type leader struct {
	upper     key
	candidate int32
}

// before orders leaders: the higher bound first, of equal ones the later candidate.
func (l leader) before(o leader) bool {
	return l.upper > o.upper || l.upper == o.upper && l.candidate > o.candidate
}

// queue is a binary heap of leaders, the first in order at 0. Hand-made, since container/heap boxes every element.
type queue []leader

// build orders an unordered queue.
func (q queue) build() {
	for i := len(q)/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
}

// lower gives the top a smaller bound.
func (q queue) lower(upper key) {
	q[0].upper = upper
	q.sink(0)
}

// pop removes the top.
func (q *queue) pop() {
	last := len(*q) - 1
	(*q)[0] = (*q)[last]
	*q = (*q)[:last]
	q.sink(0)
}

// second returns what comes to the top if the top goes.
func (q queue) second() (leader, bool) {
	switch {
	case len(q) < 2:
		return leader{}, false
	case len(q) == 2 || q[1].before(q[2]):
		return q[1], true
	}
	return q[2], true
}

func (q queue) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(q) {
			return
		}
		if child+1 < len(q) && q[child+1].before(q[child]) {
			child++
		}
		if !q[child].before(q[i]) {
			return
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
}
