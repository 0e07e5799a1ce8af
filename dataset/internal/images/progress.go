package images

import (
	"sync"
	"time"
)

// Progress reports the progress of a long work from time to time.
type Progress struct {
	report func(done, total int) // may be nil
	every  time.Duration
	total  int

	mu   sync.Mutex
	done int
	last time.Time
}

// NewProgress returns a progress of total steps that is reported every so often; report may be nil.
func NewProgress(report func(done, total int), every time.Duration, total int) *Progress {
	return &Progress{report: report, every: every, total: total, last: time.Now()}
}

// add counts one more. Calls of report never overlap, and their numbers rise.
func (t *Progress) add() {
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
