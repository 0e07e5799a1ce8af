package bounds

import (
	"context"
	"errors"

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
// The blocks of a trial come in order, but trials interleave: if no candidate passes, a scan resumes several of them
// alternately. A trial may also begin in the middle, if an earlier run of the program has run its first blocks.
type Machine interface {
	// Run sets gains[i] to what block job.From+i adds, on as many workers as it likes, and returns when all are set.
	// gains has job.To-job.From elements, zero at first. After an error gains are not used, and the same job may be
	// asked for again. The error of a cancelled context is the context's.
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

// Behind is a machine of Workers whose blocks are judged elsewhere once they have run, while its workers go on to
// others.
type Behind interface {
	Workers
	// Behind returns how many blocks may be under way that are judged; 0: none is, and Finish never returns ErrRan.
	Behind() int
}

// ErrRan is what Finish of a machine that is Behind returns first of a block that is judged elsewhere: it has run, and
// its worker is free. The same ticket comes again with the gain.
var ErrRan = errors.New("the block has run, and is being judged")
