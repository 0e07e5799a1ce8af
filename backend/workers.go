package backend

import (
	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

var _ bounds.Workers = (*Evaluator)(nil)

// Start implements bounds.Workers: one block on a free worker. A block that is run ahead of the trial at hand may read the
// base's stored activations and fill in those of them that are missing. What it computes behind its own change it drafts
// only where no draft of the trial at hand lies: that trial is the first that may win, and its drafts are then the base's.
// Should the later trial win, the base's codes of the block are missing behind the change, and the next trial that passes
// there fills them in from the cut in front: about what the block run ahead has saved. Had it taken the room and lost, the
// same would be due for nothing.
func (e *Evaluator) Start(b bounds.Job, hand search.Mask, ticket int, gain *bounds.Gain) {
	of := e // who runs the block
	if e.shapes != nil {
		of = e.shapes.members[e.shapes.blocks[b.From].member]
	}
	of.stand(b.Base) // nothing is under way if this is another base
	j := of.jobOf(b.Mask)
	j.Block, j.Gain, j.Ticket, j.Own = b.From, gain, ticket, true
	if of.store != nil && !hand.Equal(b.Mask) {
		j.Spare = of.store.Trial(hand)
	}
	e.pool.jobs <- j
}

// Finish implements bounds.Workers.
func (e *Evaluator) Finish() (ticket int, work float64, err error) {
	r := <-e.pool.reports
	e.book(r)
	return r.ticket, r.work, r.err
}
