package backend_test

import (
	"testing"

	"example.org/demote/backend"
	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/metric"
)

// queued hands a gain out when the mark behind its block is reached, or when the lane is waited for; until then it is
// one that no block has.
type queued struct {
	device.Lane
	q *queue
}

// queue is what a lane has judged and not handed out: by mark, and behind the last one.
type queue struct {
	marks              [][]func()
	open               []func()
	most, waits, ahead int // marks at once; calls of Wait; blocks behind a mark that was reached
}

func (l queued) Judge(j *metric.Scorer, b device.Block, gain *bounds.Gain) error {
	var own bounds.Gain
	if err := l.Lane.Judge(j, b, &own); err != nil {
		return err
	}
	*gain = bounds.Gain{Count: -1 << 20}
	l.q.open = append(l.q.open, func() { *gain = own })
	return nil
}

func (l queued) Mark() error {
	l.q.marks, l.q.open = append(l.q.marks, l.q.open), nil
	l.q.most = max(l.q.most, len(l.q.marks))
	return nil
}

func (l queued) Reach() error {
	hand(l.q.marks[0])
	l.q.marks = l.q.marks[1:]
	l.q.ahead += len(l.q.marks)
	return nil
}

func (l queued) Wait() error {
	l.q.waits++
	for i, m := range l.q.marks {
		hand(m)
		l.q.marks[i] = nil // it is still to be reached
	}
	hand(l.q.open)
	l.q.open = nil
	return l.Lane.Wait()
}

func hand(list []func()) {
	for _, f := range list {
		f()
	}
}

// TestQueueGoesOnWhileTheHostLooks holds that scans on a queue decide as whole scores do, though each gain comes with
// the mark behind its block; that blocks are under way behind the one that the host looks at; and that no scan waits
// for the queue.
func TestQueueGoesOnWhileTheHostLooks(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 41)
	q := &queue{}
	kind := broken(func(_ int, l device.Lane) device.Lane { return queued{l, q} })
	kind.Queue, kind.Compares, kind.Entries, kind.InOrder = true, false, false, false
	e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: kind, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}})
	if _, err := e.Plan(); err != nil || e.Parts() != 4 {
		t.Fatalf("%d parts, %v", e.Parts(), err)
	}
	q.waits = 0
	sameDecisions(t, e, opened(t, toy, backend.Options{Metric: named(t, "top1"), Naive: true}), toy.Want)
	if q.most != device.Marks || q.ahead == 0 || len(q.marks) > 0 || len(q.open) > 0 {
		t.Errorf("%d marks at once, %d blocks behind one that was reached, left %d", q.most, q.ahead, len(q.marks))
	}
	if q.waits > 1 { // once for the outputs at the end
		t.Errorf("the queue was waited for %d times", q.waits)
	}
}
