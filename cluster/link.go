package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
)

// A Link leads to a worker of a run. It is a link.Link.
type Link struct {
	of   *Coordinator
	who  hello
	down string // the subject that the worker hears
	sub  *nats.Subscription

	silent atomic.Int32 // looks since something was heard
	joined atomic.Bool  // it has beaten
	gone   chan struct{}

	mu      sync.Mutex
	message func([]byte)
	lost    func(error)
	calls   map[uint64]*call
	number  uint64
	part    partial
	end     error // why it ended; nil: it has not
}

// mostPendingBytes is what may wait for a link to be heard: outputs of blocks may be large. What is beyond it is lost,
// and asked for again.
const mostPendingBytes = 512 << 20

func newLink(h *Coordinator, w hello) (*Link, error) {
	l := &Link{of: h, who: w, down: downSubject(h.run, w.Name, w.Instance), gone: make(chan struct{}), calls: map[uint64]*call{}}
	var err error
	l.sub, err = h.conn.Subscribe(upSubject(h.run, w.Name, w.Instance), func(m *nats.Msg) { caught(func() { l.hear(m.Data) }) })
	if err != nil {
		return nil, err
	}
	return l, l.sub.SetPendingLimits(-1, mostPendingBytes)
}

// Name is the worker, its host and its device, for people.
func (l *Link) Name() string { return l.who.title() }

// order is what links are ordered by.
func (l *Link) order() string { return l.Name() + l.who.Instance }

// Receive has message called with each message that the worker sends by itself, and lost once, when it is gone.
func (l *Link) Receive(message func([]byte), lost func(why error)) {
	l.mu.Lock()
	l.message, l.lost = message, lost
	end := l.end
	l.mu.Unlock()
	if end != nil {
		lost(end)
	}
}

// hear takes a message of the worker's.
func (l *Link) hear(m []byte) {
	k, n, body, err := opened(m)
	if err != nil {
		l.lose(err)
		return
	}
	l.silent.Store(0)
	switch k {
	case kindBeat:
		if !l.joined.Swap(true) {
			l.of.arrived(l)
		}
	case kindBye:
		l.lose(fmt.Errorf("it has left: %s", clean(string(body))))
	case kindReply:
		if err := l.replied(n[0], n[1], n[2], body); err != nil {
			l.lose(err)
		}
	case kindPart:
		whole, err := l.part.add(n[0], n[1], n[2], body)
		if err != nil {
			l.lose(err)
			return
		}
		l.mu.Lock()
		message := l.message
		l.mu.Unlock()
		if whole != nil && message != nil {
			message(whole)
		}
	default:
		l.lose(errMessage)
	}
}

// A partial is a message that comes in parts, in order. One of which a part is missing is dropped.
type partial struct {
	number uint64
	data   []byte
}

// mostMessage is the most that a message of a worker's has: the outputs of a block.
const mostMessage = 512 << 20

// add takes a part, and returns the message with its last one.
func (p *partial) add(number, length, from uint64, body []byte) (whole []byte, err error) {
	if length > mostMessage || from+uint64(len(body)) > length || from > length {
		return nil, errMessage
	}
	if from == 0 {
		p.number, p.data = number, nil
		if uint64(len(body)) == length {
			return body, nil
		}
	}
	if p.number != number || uint64(len(p.data)) != from {
		return nil, nil
	}
	p.data = append(p.data, body...)
	if uint64(len(p.data)) < length {
		return nil, nil
	}
	whole, p.data = p.data, nil
	return whole, nil
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
	return l.tell(message(kindMessage, nil, m))
}

// tell publishes a message to the worker.
func (l *Link) tell(m []byte) error { return l.of.publish(l.down, m) }

// Put makes data a file that the worker can get.
func (l *Link) Put(ctx context.Context, data []byte) ([32]byte, error) {
	return l.of.files.Put(ctx, data)
}

// ended is why the link ended; nil: it has not.
func (l *Link) ended() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

// lose ends the link, whose worker is not heard any more, or says what no worker says.
func (l *Link) lose(why error) {
	if !l.finish(why, false) {
		return
	}
	if l.joined.Load() {
		l.of.opts.Say("worker " + l.Name() + " is lost: " + why.Error())
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

// Close ends the link. The worker is free.
func (l *Link) Close() { l.finish(errClosed, true) }

// finish ends the link, once, and tells the worker.
func (l *Link) finish(why error, again bool) bool {
	l.mu.Lock()
	if l.end != nil {
		l.mu.Unlock()
		return false
	}
	l.end = why
	l.mu.Unlock()
	close(l.gone)
	_ = l.tell(message(kindEnd, nil, []byte(why.Error())))
	_ = l.sub.Unsubscribe()
	l.of.drop(l, again && l.joined.Load())
	return true
}
