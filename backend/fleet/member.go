package fleet

import (
	"context"
	"errors"
	"sync"

	"example.org/demote/backend/bounds"
)

// A Member holds blocks of its own and runs leases on them. Its methods are called by one goroutine.
type Member interface {
	// Name says which one it is, for people.
	Name() string
	// Join has the member post what it answers, from any goroutine, as the member of a number. An answer whose block
	// is Lost says that the member is lost, with the reason, and one whose block is Stuck that it answers nothing.
	Join(number int, post func(bounds.Answer))
	// Hold gives the member its blocks of the layout, rising, in place of those that it has. It ends the lease at
	// hand, and returns when they are there. An error that is ErrGone says that the member is lost.
	Hold(blocks []int) error
	// Lease and Drop are those of bounds.Fleet. Neither waits for blocks under way.
	Lease(l *bounds.Lease)
	Drop(id uint64)
	// Close ends the member, behind the blocks at hand.
	Close()
}

// ErrGone says that a member does not answer any more. Others may take its blocks.
var ErrGone = errors.New("it does not answer any more")

// Lost is the block of the answer that says that its member is lost, and Stuck that of one which says that its member
// is there and has answered no block of the lease at hand for far longer than one takes: it is left out where its
// blocks go to others.
const Lost, Stuck = -1, -2

// An Abandoned is a Member that is told when it is left out although it is there.
type Abandoned interface {
	// Abandon ends the lease at hand, and does not wait. Nothing is asked of the member any more but Close.
	Abandon(why error)
}

// inbox is where answers wait, in the order in which they come.
type inbox struct {
	mu   sync.Mutex
	list []bounds.Answer
	came chan struct{} // has one element where the list may have grown
}

func newInbox() *inbox { return &inbox{came: make(chan struct{}, 1)} }

// post enters an answer.
func (b *inbox) post(a bounds.Answer) {
	b.mu.Lock()
	b.list = append(b.list, a)
	b.mu.Unlock()
	select {
	case b.came <- struct{}{}:
	default:
	}
}

// take waits for an answer.
func (b *inbox) take(ctx context.Context) (bounds.Answer, error) {
	for {
		if err := ctx.Err(); err != nil {
			return bounds.Answer{}, err
		}
		b.mu.Lock()
		if len(b.list) > 0 {
			a := b.list[0]
			if b.list = b.list[1:]; len(b.list) == 0 {
				b.list = nil
			}
			b.mu.Unlock()
			return a, nil
		}
		b.mu.Unlock()
		select {
		case <-b.came:
		case <-ctx.Done():
		}
	}
}
