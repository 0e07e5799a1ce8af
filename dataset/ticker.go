package dataset

import (
	"sync"
	"time"
)

// ticker tells from time to time how much of a long work is done.
type ticker struct {
	tell  func(done, total int) // nil: nobody wants to know
	every time.Duration
	total int

	mu   sync.Mutex
	done int
	last time.Time
}

func newTicker(tell func(done, total int), every time.Duration, total int) *ticker {
	return &ticker{tell: tell, every: every, total: total, last: time.Now()}
}

// add counts one more. Calls of tell never overlap, and their numbers rise.
func (t *ticker) add() {
	if t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	if now := time.Now(); now.Sub(t.last) >= t.every && t.done < t.total {
		t.last = now
		t.tell(t.done, t.total)
	}
}
