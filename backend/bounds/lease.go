package bounds

import (
	"context"
	"math"

	"example.org/demote/search"
)

// A Lease is a trial handed to the members of a Fleet: each runs its own blocks from block From on, in their order,
// until they end, one fails, it is told to drop the lease, or its own blocks have lost more than Spare, since the
// trial is rejected then, whatever the others find. A newer lease ends it. The first lease with another base moves
// what a member has stored to that base, except where the base is the mask itself.
type Lease struct {
	ID         uint64      // of this lease alone
	Base, Mask search.Mask // as of a Job; a Fleet keeps copies
	From       int         // number of a block
	Spare      int         // samples of a Counted score; Endless: no loss ends the lease
	Only       []int       // blocks in their order, which alone are run; nil: all from From on
	Rows       bool        // answers carry the output rows too
	Unjudged   bool        // no gain is wanted
	// with Rows: answers carry, in place of the rows, the words of a mark of each sample
	Marks Marks
}

// Marks say whether a lease wants marks of the samples in place of their output rows, see metric.Mark.
type Marks byte

// What marks have.
const (
	NoMarks Marks = iota
	Margins       // all but sums
	Digests       // sums of the rows, too
)

// Endless is the Spare of a lease that no loss ends.
const Endless = math.MaxInt

// An Answer is what a member has made of a block.
type Answer struct {
	Lease         uint64
	Member, Block int
	Gain          Gain
	Rows          []float32 // with Lease.Rows: of the block's samples, without the padding
	Work          float64   // in passes of one sample through the whole network
	Seconds       float64   // that the member had the block at hand
	More          bool      // the member has another block of a lease at hand
	Err           error     // the gain is not used; the member has ended its part of the lease
}

// A Fleet is a Machine whose blocks lie on members, each of which has its own. No memory is shared with them: what a
// member knows of a trial is in its Lease, and what comes back in Answers, which may be late, double, and in any order.
// It is called by one goroutine.
type Fleet interface {
	Machine
	// Lease hands a trial to all members that hold a block of it, and returns.
	Lease(l Lease)
	// Drop has members end a lease, behind the block at hand, and returns. Answers of it may still come.
	Drop(id uint64)
	// Next waits for the next answer of any lease. The error is the context's, or says that no member is left, or that
	// the blocks of a lost one fit nowhere.
	Next(ctx context.Context) (Answer, error)
}
