package backend_test

import (
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/link"
)

// TestLeftOutStand holds that a person is told of a worker that is left out since its bits are others, that it is:
// where it comes while a search runs, and where it was there from the beginning.
func TestLeftOutStand(t *testing.T) {
	toy, odd := devicetest.NewToy(toyBlock, 200, 21), devicetest.NewToy(toyBlock, 200, 21, devicetest.Odd())
	for _, comes := range []bool{true, false} {
		links, _ := workersOf(t, 1, toy, kinds()["the reference"], nil)
		_, pipes := workersFrom(t, 7, 1, odd, kinds()["the reference"], nil)
		w := &watched{Pipe: pipes[0]}
		o := backend.Options{Metric: named(t, "mse"), Patient: true, Links: append(links, w)}
		if comes {
			o.Links, o.Late = links, &one{link: w}
		}
		e := openedFar(t, toy, o)
		if dep, err := e.SelfTest(); dep != nil || err != nil {
			t.Fatal(dep, err)
		}
		last := func() link.Coming {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.stands) == 0 {
				return ""
			}
			return w.stands[len(w.stands)-1]
		}
		for end := time.Now().Add(3 * time.Second); last() != link.LeftOut && time.Now().Before(end); time.Sleep(time.Millisecond) {
			if _, err := searched(t, e); err != nil {
				t.Fatal(err)
			}
		}
		if got := last(); got != link.LeftOut {
			t.Errorf("comes %v: it stands as %q", comes, got)
		}
	}
}
