package bounds

import (
	"context"

	"example.org/demote/search"
)

// Job is a piece of a trial: blocks From..To-1 of the samples under Mask. Base is the mask that the search stands on,
// or the mask itself where there is none; it changes what is worth storing, never a gain. Both are lent for the call
// only.
type Job struct {
	Base, Mask search.Mask // of one length, the number of holders
	From, To   int         // numbers of blocks, 0 <= From < To <= Rule.Blocks()
}

// Machine runs blocks. A block's gain must be a pure function of mask and block.
//
// The blocks of a trial come in their order, but trials interleave: where no candidate passes, several are taken up
// again in turn, and a trial may be asked for in the middle whose beginning an earlier run of the program has done.
type Machine interface {
	// Run sets gains[i] to what block job.From+i adds, on as many workers as it likes, and returns when all are set.
	// gains has job.To-job.From elements, zero at first. After an error gains are not used, and the same job may be
	// asked for again. The error of a cancelled context is the context's.
	Run(ctx context.Context, job Job, gains []Gain) error
}

// Workers is a Machine that runs several blocks at once, each on a worker of its own, and takes them one by one. With
// two workers or more, an Evaluator keeps them busy: where the trial at hand has no certain block left to hand out,
// they run ahead of the scan.
type Workers interface {
	Machine
	// Workers is how many blocks can be under way at once.
	Workers() int
	// Start begins the one block of a job on a free worker and returns. It is called with at most Workers() blocks
	// under way, all on one base. hand is the mask of the trial that the scan is at: another than the job's where the
	// block is run ahead for a later candidate, whose activations must then not take the room of that trial's. The
	// masks and the gain are lent until Finish tells of the ticket.
	Start(job Job, hand search.Mask, ticket int, gain *Gain)
	// Finish waits until a block is done and returns its ticket, and what it has cost in whole-network passes of a
	// sample. After an error the gain is not used. It is called only with a block under way, and always until none
	// is.
	Finish() (ticket int, work float64, err error)
}
