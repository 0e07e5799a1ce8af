package cluster

import (
	"context"

	"example.org/demote/backend/link"
)

// serving is a server of a session. It is the server's link.Host.
type serving struct {
	*session
	number uint16
	server Server
	ended  bool
}

var _ link.Host = (*serving)(nil)

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

// Get returns the file of a digest, from the cache or from the coordinator.
func (s *serving) Get(ctx context.Context, digest [32]byte) ([]byte, error) {
	if data, ok := s.cache.get(digest); ok {
		return data, nil
	}
	data, err := s.fetch(ctx, digest)
	if err != nil {
		return nil, err
	}
	if err := s.cache.put(digest, data); err != nil {
		s.breakOff(err)
		return nil, err
	}
	return data, nil
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
