package serve

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.org/demote/internal/program"
)

// pending is a request that waits for its answer.
type pending struct {
	kind string
	n    int         // numbers that the answer has
	got  chan answer // holds one
}

// A wrongAnswer is an answer that no request asks for.
type wrongAnswer string

func (w wrongAnswer) Error() string { return string(w) }

// broken ends the server for what it has done wrong.
func (s *Server) broken(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	s.fail(err)
	return err
}

// number is that of a new request.
func (s *Server) number() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return s.next
}

// view is one that was told.
func (s *Server) view(id int) View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.views[id]
}

// expect has the answer of a request, with so many numbers, kept for who waits.
func (s *Server) expect(request uint64, kind string, n int) *pending {
	p := &pending{kind: kind, n: n, got: make(chan answer, 1)}
	s.began() // that it is written, and that it is answered
	s.began()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits[request] = p
	return p
}

// began counts something that is to be written or answered, and finished that it is.
func (s *Server) began() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == 0 {
		s.since, s.progress = time.Now(), time.Now()
	}
	s.open++
}

func (s *Server) finished() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish()
}

func (s *Server) finish() {
	s.progress = time.Now()
	if s.open--; s.open == 0 {
		s.busy += time.Since(s.since)
	}
}

// send has a frame written, of a request that somebody waits for, or of 0.
func (s *Server) send(ctx context.Context, request uint64, f []byte) error {
	select {
	case <-s.dead:
		return s.err
	default:
	}
	select {
	case s.frames <- f:
		return nil
	case <-s.dead:
		return s.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.finish(); s.waits[request] != nil { // nothing will be answered
			delete(s.waits, request)
			s.finish()
		}
		return ctx.Err()
	}
}

// await waits for an answer. One that comes when nobody waits any more is dropped.
func (s *Server) await(ctx context.Context, p *pending) (answer, error) {
	select {
	case a := <-p.got:
		return a, s.refused(a)
	default:
	}
	select {
	case a := <-p.got:
		return a, s.refused(a)
	case <-s.dead:
		return answer{}, s.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// refused is the error of an answer that says that there is none.
func (s *Server) refused(a answer) error {
	if a.kind != failing {
		return nil
	}
	return s.broken("%s", whyNot(a))
}

// whyNot is what such an answer says, in one line.
func whyNot(a answer) string {
	text := program.Shorten(strings.Join(strings.Fields(strings.ToValidUTF8(string(a.body), "?")), " "))
	if text == "" {
		return "it says that it cannot answer, and not why"
	}
	return text
}

// take hands an answer to who waits for it.
func (s *Server) take(a answer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	request := uint64(0)
	if a.kind != hello {
		number, rest, ok := a.request()
		if !ok {
			return wrongAnswer(fmt.Sprintf("it answers a frame %s of %d bytes, without the number of a request", a.kind, len(a.body)))
		}
		request, a.body = number, rest
	}
	p := s.waits[request]
	switch {
	case p == nil && a.kind == failing: // of what nobody waits for, such as a view
		return wrongAnswer(whyNot(a))
	case p == nil && request > 0 && request <= s.next || p == nil && a.kind == hello:
		return wrongAnswer(fmt.Sprintf("it answers request %d again: give one answer to each", request))
	case p == nil:
		return wrongAnswer(fmt.Sprintf("it answers request %d, which was not asked", request))
	case a.kind != failing && a.kind != p.kind:
		return wrongAnswer(fmt.Sprintf("it answers a frame %s to a request %s", a.kind, p.kind))
	case a.kind != failing && a.kind != hello && len(a.body) != 8*p.n:
		return wrongAnswer(fmt.Sprintf("it answers %d bytes for %d numbers of 8: give one for each sample", len(a.body), p.n))
	}
	delete(s.waits, request)
	s.requests++
	s.finish()
	p.got <- a
	return nil
}
