package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/backend/link"
)

// A Server is what a worker has of what computes: package far's. Call may be called from several goroutines, beside
// Message, which does not wait.
type Server interface {
	Call(ctx context.Context, request []byte) (reply []byte, err error)
	Message(message []byte)
	Close()
}

// A session is a worker's part in a run: it has as many servers as the coordinator has links to it.
type session struct {
	conn  *nats.Conn
	files *Files
	cache *Cache
	run   string
	up    string // the subject that the coordinator hears
	subs  []*nats.Subscription

	ctx     context.Context // of the calls
	cancel  context.CancelFunc
	calls   sync.WaitGroup
	silent  atomic.Int32 // looks since the run was heard
	publish func(subject string, m []byte) error
	over    chan string // has one element where the coordinator has ended the session, with the reason

	begin func(link.Host) Server

	mu      sync.Mutex
	servers map[uint16]*serving
	replies map[uint64]*reply
	parts   uint64
	again   map[Digest]chan bool // files that were asked for again: whether they are there now
	broken  error                // the worker cannot go on; nil: it can
}

// newSession begins a worker's part in a run. Nothing is said before beat.
func newSession(ctx context.Context, c *nats.Conn, cache *Cache, run, name, instance string, begin func(link.Host) Server) (s *session, err error) {
	s = &session{conn: c, publish: c.Publish, cache: cache, run: run, up: upSubject(run, name, instance), over: make(chan string, 1), begin: begin, servers: map[uint16]*serving{}, replies: map[uint64]*reply{}, again: map[Digest]chan bool{}}
	if s.files, err = OpenFiles(ctx, c, run); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	for subject, hear := range map[string]func(m *nats.Msg){
		downSubject(run, name, instance): func(m *nats.Msg) { caught(func() { s.hear(m.Data) }) },
		beatSubject(run): func(m *nats.Msg) {
			if w, err := opened(m.Data); err == nil && w.kind == kindBeat {
				s.silent.Store(0)
			}
		},
	} {
		sub, err := c.Subscribe(subject, hear)
		if err != nil {
			s.leave()
			return nil, err
		}
		s.subs = append(s.subs, sub)
	}
	if err := c.FlushTimeout(beatEvery * 5); err != nil {
		s.leave()
		return nil, err
	}
	return s, nil
}

// hear takes a message of the coordinator's.
func (s *session) hear(m []byte) {
	w, err := opened(m)
	if err != nil {
		return // the coordinator has checked that both speak the same
	}
	number := w.numbers[0]
	switch w.kind {
	case kindMessage:
		s.mu.Lock()
		at := s.servers[w.server]
		there := at != nil && !at.ended
		s.mu.Unlock()
		if there {
			at.server.Message(w.body)
		}
	case kindCall:
		s.take(w.server, number, w.body)
	case kindFetch:
		s.reply(w.server, number, w.numbers[1])
	case kindGot:
		s.mu.Lock()
		if r := s.replies[number]; r != nil && r.done {
			r.data = nil
		}
		s.mu.Unlock()
	case kindCancel:
		s.mu.Lock()
		if r := s.replies[number]; r != nil {
			r.cancel()
		}
		s.mu.Unlock()
	case kindAgain:
		s.isBack(w.body)
	case kindClose:
		s.close(w.server)
	case kindEnd:
		select {
		case s.over <- clean(string(w.body)):
		default:
		}
	}
}

// stay beats until the session ends: the coordinator ends it, or is not heard any more, or the context is done. It
// returns why.
func (s *session) stay(ctx context.Context) (why string) {
	look := time.NewTicker(tickEvery)
	defer look.Stop()
	for n := 0; ; n++ {
		if n%int(beatEvery/tickEvery) == 0 {
			_ = s.publish(s.up, message(kindBeat, 0, nil))
		}
		select {
		case <-ctx.Done():
			return "it was told to end"
		case why := <-s.over:
			return why
		case <-look.C:
			if s.conn.IsClosed() {
				return "its connection was closed"
			}
			if s.silent.Add(1) > mournLooks {
				return fmt.Sprintf("the search has not been heard for %v", mournLooks*tickEvery)
			}
		}
	}
}

// back says that the connection was lost and made again: the run may be another coordinator's now.
func (s *session) back() {
	if s.silent.Load() < mournLooks-backLooks {
		s.silent.Store(mournLooks - backLooks)
	}
}

// end ends the servers, behind the blocks at hand.
func (s *session) end() {
	s.cancel()
	s.mu.Lock()
	list := slices.Collect(maps.Keys(s.servers))
	s.mu.Unlock()
	for _, number := range list {
		s.close(number)
	}
	s.calls.Wait()
}

// leave ends the session.
func (s *session) leave() {
	for _, sub := range s.subs {
		_ = sub.Unsubscribe()
	}
	s.end()
}
