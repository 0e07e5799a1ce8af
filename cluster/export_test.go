package cluster

import (
	"context"
	"time"

	"github.com/nats-io/nkeys"

	"example.org/demote/backend/link"
)

// Publish sends a message on a subject.
type Publish = func(subject string, m []byte) error

// WithKey is the same with another key.
func (j Join) WithKey(key nkeys.KeyPair) Join {
	j.seed, _ = key.Seed()
	return j
}

// Disturbed is a coordinator that sends messages otherwise, and asks again so soon.
func (o CoordinatorOptions) Disturbed(change func(Publish) Publish, again time.Duration) CoordinatorOptions {
	o.disturb, o.again = change, again
	return o
}

// Disturbed is a worker that sends messages otherwise.
func (o WorkerOptions) Disturbed(change func(Publish) Publish) WorkerOptions {
	o.disturb = change
	return o
}

// Writing is a worker whose cache writes files otherwise.
func (o WorkerOptions) Writing(write func(path string, data []byte) error) WorkerOptions {
	o.write = write
	return o
}

// Hear has both sides hear a message that may be anything.
func Hear(m []byte) {
	h := &Coordinator{seats: map[string]*seat{}, said: map[string][]string{}, came: make(chan struct{}, 1), publish: func(string, []byte) error { return nil }, files: &Files{}}
	h.opts.Say = func(string) {}
	at := &seat{of: h, links: map[uint16]*Link{}}
	l := &Link{of: at, server: 1, gone: make(chan struct{}), calls: map[uint64]*call{1: {news: make(chan struct{}, 1)}}}
	at.links[1] = l
	at.hear(m)
	s := &session{publish: h.publish, servers: map[uint16]*serving{}, replies: map[uint64]*reply{}, again: map[Digest]chan bool{{1}: make(chan bool, 1)}, over: make(chan string, 1)}
	s.begin = func(link.Host) Server { return deaf{} }
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.hear(m)
	s.calls.Wait()
	_, _ = readHello(m, "w1")
}

// deaf is a server that does nothing.
type deaf struct{}

func (deaf) Call(context.Context, []byte) ([]byte, error) { return nil, nil }
func (deaf) Message([]byte)                               {}
func (deaf) Close()                                       {}

// TooOpen is tooOpen.
var TooOpen = tooOpen
