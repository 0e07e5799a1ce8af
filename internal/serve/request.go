package serve

import (
	"context"
	"encoding/binary"
	"math"
)

// Open tells the server of a view, once, and returns its number.
func (s *Server) Open(ctx context.Context, v View) (id int, err error) {
	name, err := v.same()
	if err != nil {
		return 0, err
	}
	s.telling.Lock()
	defer s.telling.Unlock()
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
