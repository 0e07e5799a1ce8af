package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A call is a request on its way. It is sent again until its reply comes; the worker answers a number once, and keeps
// the reply until it has come.
type call struct {
	news  chan struct{} // has one element where more of the reply has come
	begun bool          // a piece has come
	fails bool          // the reply is an error's text
	total int
	reply []byte
}

// mostReply is the most that a reply has.
const mostReply = MostBytes + 1<<20

// Call has the worker answer a request, and waits as long as the worker is heard and the context goes on: who asks
// knows how long that may take.
func (l *Link) Call(ctx context.Context, request []byte) ([]byte, error) {
	form, body := byte(0), request
	if len(request) > inlineBytes {
		d, err := l.Put(ctx, request)
		if err != nil {
			return nil, err
		}
		form, body = 1, d[:]
	}
	c := &call{news: make(chan struct{}, 1)}
	l.of.mu.Lock()
	l.of.calls++
	number := l.of.calls
	l.of.mu.Unlock()
	l.mu.Lock()
	l.calls[number] = c
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.calls, number)
		l.mu.Unlock()
	}()
	asked := message(kindCall, l.server, []uint64{number}, []byte{form}, body)
	again := time.NewTimer(l.of.of.again)
	defer again.Stop()
	for {
		l.mu.Lock()
		begun, done, have := c.begun, c.begun && len(c.reply) == c.total, len(c.reply)
		l.mu.Unlock()
		if done {
			_ = l.of.tell(message(kindGot, l.server, []uint64{number}))
			if c.fails {
				return nil, errors.New(clean(string(c.reply)))
			}
			return c.reply, nil
		}
		ask := asked
		if begun {
			ask = message(kindFetch, l.server, []uint64{number, uint64(have)})
		}
		if err := l.of.tell(ask); err != nil {
			return nil, err
		}
		again.Reset(l.of.of.again)
		select {
		case <-c.news:
		case <-again.C:
		case <-l.gone:
			return nil, fmt.Errorf("%s: %w", l.Name(), l.ended())
		case <-ctx.Done():
			_ = l.of.tell(message(kindCancel, l.server, []uint64{number}))
			return nil, ctx.Err()
		}
	}
}

// replied takes a piece of a reply, by the number of the call, the length of the reply and where the piece begins. One
// that comes twice, or to a call that nobody waits for, is dropped; a nil link is one that was closed.
func (l *Link) replied(numbers [3]uint64, body []byte) error {
	number, total, from := numbers[0], numbers[1], numbers[2]
	if len(body) == 0 || total > mostReply || from > total || uint64(len(body)-1) > total-from {
		return errMessage
	}
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.calls[number]
	if c == nil || uint64(len(c.reply)) != from || c.begun && c.total != int(total) {
		return nil
	}
	c.begun, c.total, c.fails = true, int(total), body[0] == 1
	c.reply = append(c.reply, body[1:]...)
	select {
	case c.news <- struct{}{}:
	default:
	}
	return nil
}
