package cluster

import (
	"context"
	"time"

	"github.com/nats-io/nkeys"
)

// Publish sends a message on a subject.
type Publish = func(subject string, m []byte) error

// WithKey is the same with another key.
func (j Join) WithKey(key nkeys.KeyPair) Join {
	j.seed, _ = key.Seed()
	return j
}

// Disturb changes how a coordinator sends messages, and how soon it asks again.
func (h *Coordinator) Disturb(change func(Publish) Publish, again time.Duration) {
	h.publish, h.again = change(h.publish), again
}

// Disturbed is a worker that sends messages otherwise.
func (o WorkerOptions) Disturbed(change func(Publish) Publish) WorkerOptions {
	o.disturb = change
	return o
}

// Hear has both sides hear a message that may be anything.
func Hear(m []byte) {
	h := &Coordinator{links: map[string]*Link{}, said: map[string]bool{}, came: make(chan struct{}, 1), publish: func(string, []byte) error { return nil }}
	h.opts.Say = func(string) {}
	l := &Link{of: h, gone: make(chan struct{}), calls: map[uint64]*call{1: {news: make(chan struct{}, 1)}}}
	l.hear(m)
	s := &session{publish: h.publish, replies: map[uint64]*reply{}, over: make(chan string, 1)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hear(m)
	_, _ = readHello(m, "w1")
}

// TooOpen is tooOpen.
var TooOpen = tooOpen
