package cluster

import (
	"context"
	"errors"
	"sync"

	"example.org/demote/backend/link"
)

// A Link leads to a server of a worker's.
type Link struct {
	of     *seat
	server uint16
	gone   chan struct{} // closed: it has ended

	mu      sync.Mutex
	message func([]byte)
	lost    func(error)
	calls   map[uint64]*call
	end     error // why it ended; nil: it has not
	stands  link.Standing
}

var (
	_ link.Link       = (*Link)(nil)
	_ link.Watched    = (*Link)(nil)
	_ link.Branching  = (*Link)(nil)
	_ link.Dismissing = (*Link)(nil)
	_ link.Ending     = (*Link)(nil)
)

// Stands takes note of how the worker stands, for whoever asks.
func (l *Link) Stands(s link.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stands = s
}

// Name is the worker, its host and its device, for people.
func (l *Link) Name() string { return l.of.who.title() }

// Receive has message called with each message that the worker sends by itself, and lost once, when it is gone.
func (l *Link) Receive(message func([]byte), lost func(why error)) {
	l.mu.Lock()
	l.message, l.lost = message, lost
	end := l.end
	l.mu.Unlock()
	if end != nil && !errors.Is(end, errClosed) {
		lost(end)
	}
}

// Another is a link to a server of its own of the same worker; nil: the worker is lost.
func (l *Link) Another() link.Link {
	if other := l.of.link(); other != nil {
		return other
	}
	return nil
}

// Dismiss ends the worker's part in the run, with all links to it. It hears why, and may come again, once what it was
// asked has come to an end.
func (l *Link) Dismiss(why error) { l.of.lose(why) }

// take takes a message of the worker's. A nil link is one that was closed.
func (l *Link) take(m []byte) {
	if l == nil {
		return
	}
	l.mu.Lock()
	message := l.message
	l.mu.Unlock()
	if message != nil {
		message(m)
	}
}

// errTooLong says that a message does not go through.
var errTooLong = errors.New("the message is too long")

// Send hands the worker a message, and does not wait.
func (l *Link) Send(m []byte) error {
	if len(m) > pieceBytes {
		return errTooLong
	}
	if err := l.ended(); err != nil {
		return err
	}
	return l.of.tell(message(kindMessage, l.server, nil, m))
}

// Put makes data a file that the worker can get.
func (l *Link) Put(ctx context.Context, data []byte) ([32]byte, error) {
	return l.of.of.files.Put(ctx, data)
}

// Gone says whether the link has ended.
func (l *Link) Gone() bool { return l.ended() != nil }

// ended is why the link ended; nil: it has not.
func (l *Link) ended() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// lose ends the link of a worker that is gone.
func (l *Link) lose(why error) {
	if !l.finish(why) {
		return
	}
	l.mu.Lock()
	lost := l.lost
	l.mu.Unlock()
	if lost != nil {
		lost(why)
	}
}

// errClosed says that the link is closed.
var errClosed = errors.New("the worker was let go")

// Close ends the link, and the worker its server.
func (l *Link) Close() {
	if l.finish(errClosed) {
		_ = l.of.tell(message(kindClose, l.server, nil))
	}
}

// finish ends the link; it is false where it has ended.
func (l *Link) finish(why error) bool {
	l.mu.Lock()
	if l.end != nil {
		l.mu.Unlock()
		return false
	}
	l.end = why
	l.mu.Unlock()
	close(l.gone)
	l.of.mu.Lock()
	delete(l.of.links, l.server)
	l.of.mu.Unlock()
	return true
}
