package machine

import (
	"example.org/demote/backend/bounds"
	"example.org/demote/backend/internal/store"
	"example.org/demote/search"
)

var _ bounds.Workers = (*Single)(nil)

// Start implements bounds.Workers: one block on a free worker. A block that is run ahead of the trial at hand may
// read the base's stored activations and fill in those of them that are missing. What it computes behind its own
// change it drafts only where no draft of the trial at hand lies: that trial is the first that may win, and its
// drafts are then the base's. Should the later trial win, the base's codes of the block are missing behind the
// change, and the next trial that passes there fills them in from the cut in front: about what the block run ahead
// has saved. Had it taken the room and lost, the same would be due for nothing.
func (e *Single) Start(b bounds.Job, hand search.Mask, ticket int, gain *bounds.Gain) {
	e.start(e.ahead(b, hand, ticket, gain))
}

// start begins a job of one block.
func (e *Single) start(j store.Job) {
	if e.stream != nil {
		e.stream.start(j)
		return
	}
	e.pool.jobs <- j
}

// ahead is the job that Start begins.
func (e *Single) ahead(b bounds.Job, hand search.Mask, ticket int, gain *bounds.Gain) store.Job {
	e.stand(b.Base) // nothing is under way if this is another base
	j := e.jobOf(b.Mask)
	j.Block, j.Gain, j.Ticket, j.Own = b.From, gain, ticket, true
	if e.store != nil && !hand.Equal(b.Mask) {
		j.Spare = e.store.Trial(hand)
	}
	return j
}

// Finish implements bounds.Workers.
func (e *Single) Finish() (ticket int, work float64, err error) {
	if e.stream != nil {
		return e.stream.finish()
	}
	return e.pool.finish(&e.stats)
}
