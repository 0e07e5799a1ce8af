package bounds

import (
	"context"

	"example.org/demote/search"
)

// Job is a piece of a trial: blocks From..To-1 of the samples under Mask. Base is the mask on which the search builds,
// or Mask itself if there is none. Both masks are lent for the call only.
type Job struct {
	Base, Mask search.Mask
	From, To   int
}

// Machine runs blocks. A block's gain must be a pure function of mask and block.
//
// The blocks of a trial come in order, but trials interleave: if no candidate passes, a scan resumes several of them
// alternately. A trial may also begin in the middle, if an earlier run of the program has run its first blocks.
type Machine interface {
	// Run sets gains[i] to the gain of block job.From+i, on any number of workers. After an error gains are not used.
	Run(ctx context.Context, job Job, gains []Gain) error
}

// Workers is a Machine that runs several blocks at once, each on a worker of its own, and takes them one by one. An
// Evaluator keeps two or more workers busy: if the current trial has no block left that is certainly needed, they run
// ahead of the scan.
type Workers interface {
	Machine
	// Workers returns how many blocks can run at once.
	Workers() int
	// Start begins the one block of a job on a free worker and returns. It is called with fewer than Workers() blocks
	// under way, all on one base. hand is the mask of the scan's current trial. It differs from the job's mask if the
	// block runs ahead for a later candidate, whose activations must then not replace stored ones of that trial. The
	// masks and the gain are lent until Finish returns the ticket.
	Start(job Job, hand search.Mask, ticket int, gain *Gain)
	// Finish waits until a block is done and returns its ticket and its work, in passes of one sample through the whole
	// network. After an error the gain is not used. It is called only with a block under way, and always until none
	// is.
	Finish() (ticket int, work float64, err error)
}
