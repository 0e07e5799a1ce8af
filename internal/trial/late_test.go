package trial

import (
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/link"
)

// worker is a link to nobody, which may be gone.
type worker struct {
	link.Link
	gone bool
}

func (w *worker) Gone() bool { return w.gone }

// queue are workers that come.
type queue struct{ links []backend.Link }

func (q *queue) Came() <-chan struct{}   { return nil }
func (q *queue) Patience() time.Duration { return 0 }
func (q *queue) Come(most int) (links []backend.Link) {
	n := min(most, len(q.links))
	links, q.links = q.links[:n], q.links[n:]
	return links
}

// TestEachPartIsGivenAllThatCome has workers come to a search and to parts of it that begin on its way: each is given
// every one once that has come since, whoever has asked first, and none that is gone.
func TestEachPartIsGivenAllThatCome(t *testing.T) {
	var w [6]*worker
	for i := range w {
		w[i] = &worker{}
	}
	q := &queue{}
	own := arrivingOf(q)
	given := func(of string, l backend.Late, most int, want ...*worker) {
		t.Helper()
		got := l.Come(most)
		if len(got) != len(want) {
			t.Errorf("%s is given %d workers, want %d", of, len(got), len(want))
			return
		}
		for i := range want {
			if got[i] != backend.Link(want[i]) {
				t.Errorf("%s: worker %d is another one", of, i)
			}
		}
	}
	q.links = []backend.Link{w[0], w[1]}
	given("the search", own, 1, w[0])
	part := arrivingOf(own)
	given("a part", part, 9, w[1])
	q.links = []backend.Link{w[2], w[3]}
	given("a part", part, 1, w[2])
	later := arrivingOf(own) // the search was not given what its first part was
	w[2].gone = true
	given("a later part", later, 9, w[1], w[3])
	given("the search", own, 9, w[1], w[3])
	given("a part", part, 9, w[3])
	for of, l := range map[string]backend.Late{"the search": own, "a part": part, "a later part": later} {
		given(of, l, 9)
	}
	if arrivingOf(nil) != nil {
		t.Error("somebody comes where nobody does")
	}
}

// TestDeadWorkersTakeNoPlace holds that an evaluator is handed no worker that is gone as one of those that wait.
func TestDeadWorkersTakeNoPlace(t *testing.T) {
	first, dead, waits, comes := &worker{}, &worker{gone: true}, &worker{}, &worker{}
	s := &Runner{}
	s.Config.Links = []backend.Link{first, dead, waits}
	s.Config.Late = &queue{links: []backend.Link{comes}}
	l := s.late(s.Config.Links[:1])
	got := l.Come(2)
	if len(got) != 2 || got[0] != backend.Link(waits) || got[1] != backend.Link(comes) {
		t.Errorf("%d workers: %v", len(got), got)
	}
	if again := l.Come(2); len(again) != 0 {
		t.Errorf("%d workers are given twice", len(again))
	}
	if len(s.Config.Links) != 4 {
		t.Errorf("the search knows %d workers", len(s.Config.Links))
	}
}
