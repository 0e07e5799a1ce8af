package link

import (
	"context"
	"errors"
	"time"
)

// FileBytes is the most that a file has which is put, and a request or a reply.
const FileBytes = 64 << 20

// ErrStore says that files of a search have no room on their way to workers: no worker gets them.
var ErrStore = errors.New("no room for files")

// A Link leads to one worker. Its methods may be called from several goroutines.
type Link interface {
	// Name says which worker it is, for people: its host and device.
	Name() string
	// Call has the worker answer a request of up to FileBytes, and waits, no longer than the worker is there and the
	// context goes on. There is exactly one answer or an error.
	Call(ctx context.Context, request []byte) (reply []byte, err error)
	// Send hands the worker a message and does not wait. Messages keep their order, and may be lost or come twice.
	Send(message []byte) error
	// Receive has message called with each message that the worker sends by itself: they come in any order, late,
	// twice or not at all. lost is called once, when the worker is gone. Receive is called before the first Send, and
	// again when the link goes to another evaluator: what was given before is called no more.
	Receive(message func([]byte), lost func(why error))
	// Put makes a file of up to FileBytes one that the worker can Get, and returns its sha256. An error that is
	// ErrStore is not the worker's.
	Put(ctx context.Context, data []byte) (digest [32]byte, err error)
	// Close ends the link. The worker is free for another search. It may be called more than once.
	Close()
}

// Late are workers that come while a search runs.
type Late interface {
	// Come are links to at most so many of those that have come and that nobody was given yet. It does not wait.
	Come(most int) []Link
	// Came has an element where somebody may have come since.
	Came() <-chan struct{}
	// Patience is how long a search waits for a worker where none is left.
	Patience() time.Duration
}

// Coming is how far a worker is that is there and is no member.
type Coming string

// A worker that has come while a search runs is made ready, and then waits where others have all blocks. One that the
// search goes on without is left out.
const (
	GetsReady Coming = "gets ready"
	Waits     Coming = "waits for blocks"
	LeftOut   Coming = "is left out"
)

// A Standing is how a worker stands in a search, for people.
type Standing struct {
	Blocks, All int     // that it holds, and that there are
	Samples     int     // that there are
	Leases      int     // of the search so far
	Speed       float64 // passes of a sample through the whole network a second; 0: not known
	Waited      float64 // share of the time of leases in which the others waited for it, 0 to 1
	Coming      Coming  // how a worker stands that has come while the search runs; empty: it is a member
}

// A Watched is a Link that is told how its worker stands, every second or so.
type Watched interface {
	Stands(s Standing)
}

// A Dismissing is a Link whose worker can be sent away: all its links end, as if it were lost, also where it hangs. It
// may come again.
type Dismissing interface {
	Dismiss(why error)
}

// An Ending is a Link that knows whether its worker is gone.
type Ending interface {
	Gone() bool
}

// A Branching is a Link whose worker may serve several evaluators at once: Another leads to a server of its own on the
// same worker, which knows nothing of the first. Who asks for it closes it; nil: the worker is gone.
type Branching interface {
	Another() Link
}

// A Host is what a worker has of the other side.
type Host interface {
	// Get returns the file of a sha256. Whoever implements it need not look at the digest: the worker does.
	Get(ctx context.Context, digest [32]byte) ([]byte, error)
	// Send sends a message to the search, and does not wait. It may be lost.
	Send(message []byte) error
}
