package backend_test

import (
	"testing"
	"time"

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
	t.Run("parts", func(t *testing.T) { queueGoesOn(t, false) })
	t.Run("entries", func(t *testing.T) { queueGoesOn(t, true) })
}

func queueGoesOn(t *testing.T, entries bool) {
	toy := devicetest.NewToy(toyBlock, toySamples, 41)
	q := &queue{}
	kind := broken(func(_ int, l device.Lane) device.Lane { return queued{l, q} })
	kind.Queue, kind.Compares, kind.Entries, kind.Values, kind.InOrder = true, false, entries, entries, false
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

// slow takes a while for each part, and much longer to be waited for.
type slow struct {
	device.Lane
	q *timed
}

// timed are the runs that a slow lane has in its queue, by mark.
type timed struct{ runs []int }

const slowPart, slowWait = 2 * time.Millisecond, 60 * time.Millisecond

func (l slow) RunPart(b device.Block, part int) error {
	l.q.runs[len(l.q.runs)-1]++
	return l.Lane.RunPart(b, part)
}

func (l slow) Mark() error {
	l.q.runs = append(l.q.runs, 0)
	return nil
}

func (l slow) Reach() error {
	time.Sleep(time.Duration(l.q.runs[0]) * slowPart)
	l.q.runs = l.q.runs[1:]
	return nil
}

func (l slow) Wait() error {
	time.Sleep(slowWait)
	l.q.runs = []int{0}
	return l.Lane.Wait()
}

// TestPartsAreTimedWithoutTheWait holds that what a part takes on a queue is what the device takes, and not what it
// takes to wait for it.
func TestPartsAreTimedWithoutTheWait(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, toySamples, 42)
	kind := broken(func(_ int, l device.Lane) device.Lane { return slow{l, &timed{runs: []int{0}}} })
	kind.Queue, kind.Compares, kind.Entries, kind.InOrder = true, false, false, false
	e := opened(t, toy, backend.Options{Metric: named(t, "top1"), Kind: kind, Cache: 1 << 30, Patient: true})
	p, err := e.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if whole := time.Duration(p.Whole * float64(time.Second)); p.Parts != 4 || whole < slowPart || whole >= slowWait/2 {
		t.Errorf("%d parts, the network in one piece takes %v, want %v and not the %v of a wait", p.Parts, whole, slowPart, slowWait)
	}
	sameDecisions(t, e, opened(t, toy, backend.Options{Metric: named(t, "top1"), Naive: true}), toy.Want)
}
