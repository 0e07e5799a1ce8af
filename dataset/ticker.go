package dataset

import (
	"sync"
	"time"
)

// ticker reports the progress of a long work from time to time.
type ticker struct {
	report func(done, total int) // may be nil
	every  time.Duration
	total  int

	mu   sync.Mutex
	done int
	last time.Time
}

func newTicker(report func(done, total int), every time.Duration, total int) *ticker {
	return &ticker{report: report, every: every, total: total, last: time.Now()}
}

// add counts one more. Calls of report never overlap, and their numbers rise.
func (t *ticker) add() {
	if t.report == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done++
	if now := time.Now(); now.Sub(t.last) >= t.every && t.done < t.total {
		t.last = now
		t.report(t.done, t.total)
	}
}
