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
	"example.org/demote/crash"
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
}

// serving is a server of a session. It is the server's link.Host.
type serving struct {
	*session
	number uint16
	server Server
	ended  bool
}

var _ link.Host = (*serving)(nil)

// A reply is what a call has come to.
type reply struct {
	done   bool
	failed bool
	data   []byte // nil as soon as it has come
	cancel context.CancelFunc
}

// newSession begins a worker's part in a run. Nothing is said before beat.
func newSession(ctx context.Context, c *nats.Conn, cache *Cache, run, name, instance string, begin func(link.Host) Server) (s *session, err error) {
	s = &session{conn: c, publish: c.Publish, cache: cache, run: run, up: upSubject(run, name, instance), over: make(chan string, 1), begin: begin, servers: map[uint16]*serving{}, replies: map[uint64]*reply{}}
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
	case kindClose:
		s.close(w.server)
	case kindEnd:
		select {
		case s.over <- clean(string(w.body)):
		default:
		}
	}
}

// serving is the server of a number, which begins with its first call; nil: it has ended. s.mu is held.
func (s *session) serving(number uint16) *serving {
	at := s.servers[number]
	if at == nil {
		at = &serving{session: s, number: number}
		at.server = s.begin(at)
		s.servers[number] = at
	}
	if at.ended {
		return nil
	}
	return at
}

// close ends a server. It does not wait.
func (s *session) close(number uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.servers[number]
	if at == nil {
		s.servers[number] = &serving{session: s, number: number, ended: true}
		return
	}
	if at.ended {
		return
	}
	at.ended = true
	s.calls.Add(1)
	go caught(func() {
		defer s.calls.Done()
		at.server.Close()
	})
}

// take begins a call, unless it has begun: then its reply, if there is one, is said again.
func (s *session) take(server uint16, number uint64, body []byte) {
	s.mu.Lock()
	if s.replies[number] != nil || s.ctx.Err() != nil {
		s.mu.Unlock()
		s.reply(server, number, 0)
		return
	}
	at := s.serving(server)
	if at == nil {
		s.mu.Unlock()
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	r := &reply{cancel: cancel}
	s.replies[number] = r
	s.calls.Add(1)
	s.mu.Unlock()
	go caught(func() {
		defer s.calls.Done()
		defer cancel()
		data, err := s.call(ctx, at.server, body)
		s.mu.Lock()
		if err != nil {
			data = []byte(err.Error())
		}
		r.done, r.failed, r.data = true, err != nil, data
		if r.data == nil {
			r.data = []byte{}
		}
		s.mu.Unlock()
		s.reply(server, number, 0)
	})
}

// call has the server answer a request, which lies in a file where it is long.
func (s *session) call(ctx context.Context, server Server, body []byte) (data []byte, err error) {
	defer crash.Catch(&err)
	if len(body) == 0 {
		return nil, errMessage
	}
	request := body[1:]
	if body[0] == 1 {
		if len(request) != len(Digest{}) {
			return nil, errMessage
		}
		if request, err = s.files.Get(ctx, Digest(request)); err != nil {
			return nil, err
		}
	}
	if data, err = server.Call(ctx, request); err == nil && len(data) > mostReply {
		return nil, fmt.Errorf("a reply of %d bytes: %w", len(data), errTooLong)
	}
	return data, err
}

// reply says a piece of a reply that is there.
func (s *session) reply(server uint16, number, from uint64) {
	s.mu.Lock()
	r := s.replies[number]
	if r == nil || !r.done || r.data == nil || from > uint64(len(r.data)) {
		s.mu.Unlock()
		return
	}
	failed, data := byte(0), r.data
	s.mu.Unlock()
	if r.failed {
		failed = 1
	}
	piece := data[from:min(uint64(len(data)), from+pieceBytes)]
	_ = s.publish(s.up, message(kindReply, server, []uint64{number, uint64(len(data)), from}, []byte{failed}, piece))
}

// Get returns the file of a digest, from the cache or from the coordinator.
func (s *serving) Get(ctx context.Context, digest [32]byte) ([]byte, error) {
	if data, ok := s.cache.get(digest); ok {
		return data, nil
	}
	data, err := s.files.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	return data, s.cache.put(digest, data)
}

// Send sends a message to the search, and does not wait.
func (s *serving) Send(m []byte) error {
	if len(m) > mostMessage {
		return errTooLong
	}
	s.mu.Lock()
	defer s.mu.Unlock() // parts of one message follow each other
	s.parts++
	for from := 0; ; from += pieceBytes {
		piece := m[from:min(len(m), from+pieceBytes)]
		if err := s.publish(s.up, message(kindPart, s.number, []uint64{s.parts, uint64(len(m)), uint64(from)}, piece)); err != nil {
			return err
		}
		if from+pieceBytes >= len(m) {
			return nil
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
