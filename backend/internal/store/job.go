package store

import (
	"example.org/demote/backend/bounds"
	"example.org/demote/search"
)

// Job is one block under a mask.
type Job struct {
	Mask   search.Mask
	Trial  uint64 // id of the mask on the base of now; 0: the store is left alone
	First  int    // the first part with a holder that differs from the base
	Block  int
	Gain   *bounds.Gain // where the result goes
	Spare  uint64       // id of a trial whose drafts are left alone; 0: none
	Own    bool         // of samples of different shapes: first and trial are those of the block's shape
	Ticket int          // comes back with the report

	Alone    bool // its mask will not be the base: nothing is drafted
	Fleeting bool // nor is anything stored of the base
}

// Keeps tells whether a job may store what lies in front of a part.
func (j *Job) Keeps(part int) bool {
	if part <= j.First {
		return !j.Fleeting
	}
	return !j.Alone
}

// spares tells whether the drafts of a trial are to be left alone by a job.
func (j *Job) spares(owner uint64) bool { return owner != 0 && owner == j.Spare }
