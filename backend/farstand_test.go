package backend_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/search"
)

// watched is a link that notes how its worker stands.
type watched struct {
	*linktest.Pipe
	mu     sync.Mutex
	stands []link.Coming
}

// Stands implements link.Watched.
func (w *watched) Stands(s link.Standing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(w.stands); n == 0 || w.stands[n-1] != s.Coming {
		w.stands = append(w.stands, s.Coming)
	}
}

// TestNewcomersStand holds that a person is told of a worker that comes while a search runs how far it is, until it
// takes part.
func TestNewcomersStand(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 200, 21, devicetest.Coarse())
	links, _ := workersOf(t, 1, toy, kinds()["the reference"], nil)
	_, pipes := workersFrom(t, 7, 1, toy, kinds()["the reference"], nil)
	w := &watched{Pipe: pipes[0]}
	came := false
	e := openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Late: &one{link: w}, Tell: func(text string) { came = came || strings.Contains(text, " takes part from now on, with ") }})
	if _, err := searched(t, e); err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		if came {
			break
		}
		if _, err := e.Again(t.Context(), search.NewMask(4)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.stands, []link.Coming{link.GetsReady, ""}) && !slices.Equal(w.stands, []link.Coming{link.GetsReady, link.Waits, ""}) {
		t.Errorf("it stands as %q", w.stands)
	}
}
