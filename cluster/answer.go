package cluster

import (
	"context"
	"fmt"

	"example.org/demote/crash"
)

// A reply is what a call has come to.
type reply struct {
	done   bool
	failed bool
	data   []byte // nil as soon as it has come
	cancel context.CancelFunc
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
		if request, err = s.fetch(ctx, Digest(request)); err != nil {
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
