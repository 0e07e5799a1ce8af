package serve

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"

	"example.org/demote/internal/program"
)

// A wrongAnswer is an answer that no request asks for.
type wrongAnswer string

func (w wrongAnswer) Error() string { return string(w) }

// Open tells the server of a view, once, and returns its number.
func (s *Server) Open(ctx context.Context, v View) (id int, err error) {
	name, err := v.same()
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	id, known := s.told[name]
	if !known {
		id = len(s.views)
		s.told[name], s.views = id, append(s.views, v)
		s.views[id].Labels = nil // they are the server's now
	}
	s.mu.Unlock()
	if known {
		return id, nil
	}
	f, err := v.frame(id)
	if err != nil {
		return 0, err
	}
	s.began()
	if err = s.send(ctx, 0, f); err != nil { // it was not told, after an interrupt
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.told, name)
	}
	return id, err
}

// Judge asks what the samples of a block are worth, whose rows lie one behind the other, and returns at once: the rows
// are the caller's again. The function waits for the numbers, one a sample. The first block is asked about twice, since
// what a sample is worth must depend on its outputs alone.
func (s *Server) Judge(ctx context.Context, id int, samples []int, rows []float32) (wait func() ([]float64, error), err error) {
	first, err := s.ask(ctx, id, samples, rows)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	proven := s.proven
	s.proven = true
	s.mu.Unlock()
	if proven {
		return first, nil
	}
	again, err := s.ask(ctx, id, samples, rows)
	return func() ([]float64, error) {
		list, err := first()
		if err != nil {
			return nil, err
		}
		other, err := again()
		if err != nil {
			return nil, err
		}
		for i, v := range list {
			if other[i] != v {
				return nil, s.broken("answers %v and then %v for the same outputs of sample %d: it must depend on them alone", v, other[i], s.view(id).Numbers[samples[i]])
			}
		}
		return list, nil
	}, err
}

// ask sends the rows of some samples.
func (s *Server) ask(ctx context.Context, id int, samples []int, list []float32) (wait func() ([]float64, error), err error) {
	request := s.number()
	p := s.expect(request, rows, len(samples))
	if err := s.send(ctx, request, s.view(id).rowsFrame(request, id, samples, list)); err != nil {
		return nil, err
	}
	return func() ([]float64, error) {
		a, err := s.await(ctx, p)
		if err != nil {
			return nil, err
		}
		got := numbers(a.body)
		if err := s.form.check(got, s.view(id).Numbers, samples); err != nil {
			return nil, s.broken("%w", err)
		}
		return got, nil
	}, nil
}

// Add sends the outputs of some samples, for a score of all samples of the view: each is sent once for each score, and
// replaces what was sent of it for the one before.
func (s *Server) Add(ctx context.Context, id int, samples []int, list []float32) error {
	s.began()
	return s.send(ctx, 0, s.view(id).rowsFrame(0, id, samples, list))
}

// Score asks for the score of all samples of some views, which were added. The first one is asked for twice.
func (s *Server) Score(ctx context.Context, views ...int) (float64, error) {
	v, err := s.score(ctx, views)
	s.mu.Lock()
	proven := s.proven
	s.proven = s.proven || err == nil
	s.mu.Unlock()
	if err != nil || proven {
		return v, err
	}
	again, err := s.score(ctx, views)
	if err == nil && again != v {
		err = s.broken("answers %v and then %v for the same outputs: a score must depend on them alone", v, again)
	}
	return v, err
}

func (s *Server) score(ctx context.Context, views []int) (float64, error) {
	request := s.number()
	p := s.expect(request, scoring, 1)
	f := binary.LittleEndian.AppendUint64(begin(scoring, 8+4*len(views)), request)
	for _, id := range views {
		f = binary.LittleEndian.AppendUint32(f, uint32(id))
	}
	if err := s.send(ctx, request, end(f)); err != nil {
		return 0, err
	}
	a, err := s.await(ctx, p)
	if err != nil {
		return 0, err
	}
	v := numbers(a.body)[0]
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, s.broken("it answers %v: return a finite number", v)
	}
	return v, nil
}

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
