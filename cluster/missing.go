package cluster

import (
	"bytes"
	"context"
	"time"
)

// A NATS that others run may lose the files of a search, as where it is started anew without its disk. A worker that
// misses one asks the coordinator, which puts it again if it has kept it, and says so.

// fetch gets a file from where the coordinator has put it, and asks for it again where it is not there any more.
func (s *session) fetch(ctx context.Context, d Digest) (data []byte, err error) {
	for range tries {
		if data, err = s.files.Get(ctx, d); !isMissing(err) || !s.askAgain(ctx, d) {
			break
		}
	}
	return data, err
}

// askAgain asks for a file that is not there, and says whether it is there then. The coordinator may not hear at once.
func (s *session) askAgain(ctx context.Context, d Digest) bool {
	s.mu.Lock()
	back := s.again[d]
	if back == nil {
		back = make(chan bool, 1)
		s.again[d] = back
	}
	s.mu.Unlock()
	ctx, stop := context.WithTimeout(ctx, tryWithin)
	defer stop()
	for {
		_ = s.publish(s.up, message(kindMissing, 0, nil, d[:]))
		again := time.NewTimer(againAfter)
		select {
		case is := <-back:
			again.Stop()
			return is
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return false
		}
	}
}

// isBack takes what the coordinator says of a file that was asked for again.
func (s *session) isBack(body []byte) {
	if len(body) != len(Digest{})+1 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	back := s.again[Digest(body)]
	if back == nil {
		return // nobody has asked
	}
	select {
	case back <- body[len(Digest{})] == 1:
	default:
	}
}

// breakOff ends the session of a worker that cannot go on.
func (s *session) breakOff(why error) {
	s.mu.Lock()
	s.broken = why
	s.mu.Unlock()
	select {
	case s.over <- why.Error():
	default:
	}
}

// missing puts a file again that a worker misses, one of a worker at a time: it asks again for what it is not told of.
func (s *seat) missing(body []byte) error {
	if len(body) != len(Digest{}) {
		return errMessage
	}
	d := Digest(bytes.Clone(body))
	if !s.putting.CompareAndSwap(false, true) {
		return nil
	}
	go caught(func() {
		defer s.putting.Store(false)
		ctx, stop := context.WithTimeout(context.Background(), tryWithin)
		defer stop()
		is := byte(0)
		if s.of.files.putAgain(ctx, d) {
			is = 1
		}
		_ = s.tell(message(kindAgain, 0, nil, d[:], []byte{is}))
	})
	return nil
}
