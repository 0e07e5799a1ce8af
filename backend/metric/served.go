package metric

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"example.org/demote/backend/bounds"
	"example.org/demote/internal/serve"
)

// Open is the command as a metric. One that serves is started, and says what it judges; Close ends it. Errors match
// mistake.Err, but for that of the context.
func (c *Command) Open(ctx context.Context) (*Metric, error) {
	m := c.Metric()
	if !c.Serve {
		return m, nil
	}
	s, err := serve.Start(ctx, c.Line, serve.Options{Timeout: c.Timeout, Start: c.Start})
	if err != nil {
		return nil, c.failed(err)
	}
	c.server = s
	f := s.Form()
	m.whole = func(j *Scorer, _ int) Accumulator { return &served{j: j} }
	if m.served = c; f.Judges != serve.Whole {
		m.whole = nil
	}
	switch f.Judges {
	case serve.Hits:
		m.Countable, m.Fraction, m.Best, m.margin = true, true, 1, (*Scorer).guessMargin
		if c.Lower {
			err = c.wrong("it counts hits, of which more are better: leave out --metric-lower")
		}
	case serve.Values:
		m.Fraction, m.Best = f.Low >= 0 && f.High <= 1, f.High
		if c.Lower {
			m.Best = 0 - f.Low
		}
		if math.IsInf(m.Best, 0) {
			err = c.wrong("its values lie between %v and %v: the better of these bounds must be finite, since evaluations end early by it", f.Low, f.High)
		}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return m, nil
}

// Exact tells whether a score of the command's is its own number, and not one that blocks were added up to in some
// order.
func (c *Command) Exact() bool { return c.server == nil || c.server.Form().Judges == serve.Whole }

// Close ends a command that serves. It may be called more than once, and on nil.
func (c *Command) Close() {
	if c != nil && c.server != nil {
		c.server.Close()
	}
}

// served is what a server has cost so far.
func (c *Command) served() (cost Cost) {
	if c.server == nil {
		return cost
	}
	requests, busy := c.server.Cost()
	return Cost{Starts: 1, Requests: requests, Seconds: busy.Seconds()}
}

// failed is an error of the server's as one of the command's; that of a context stays what it is.
func (c *Command) failed(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return c.wrong("%w", err)
}

// A view is the samples of a scorer, as a server knows them.
type view struct {
	mu     sync.Mutex
	opened bool
	id     int
	gained []float64 // by sample: by the rows that were judged last; nil before
}

// openView tells the server of the scorer's samples, once.
func (j *Scorer) openView(ctx context.Context) (id int, err error) {
	j.view.mu.Lock()
	defer j.view.mu.Unlock()
	if j.view.opened {
		return j.view.id, nil
	}
	v := serve.View{Set: j.truth.Set, Outputs: []serve.Output{{Name: j.output, Dims: j.rowDims()}}}
	if v.Set == "" {
		v.Set = "data"
	}
	for sample := range j.samples {
		v.Numbers = append(v.Numbers, j.truth.number(sample))
	}
	if j.parts != nil {
		v.Outputs = nil
		for _, p := range j.parts {
			v.Outputs = append(v.Outputs, serve.Output{Name: p.Name, Dims: p.Dims})
		}
	}
	for _, l := range j.truth.Own {
		rows := int64(j.samples)
		if l.Offsets != nil {
			rows = l.Offsets[j.samples]
		}
		v.Labels = append(v.Labels, serve.Array{Name: l.Name, Descr: l.Descr, Dims: append([]int64{rows}, l.Dims...), Data: l.Data, Offsets: l.Offsets})
	}
	c := j.metric.served
	if j.view.id, err = c.server.Open(ctx, v); err != nil {
		return 0, c.failed(err)
	}
	j.view.opened, j.view.gained = true, make([]float64, j.samples)
	return j.view.id, nil
}

// gainOf is what a sample has gained last; 0 before.
func (v *view) gainOf(sample int) float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gained == nil {
		return 0
	}
	return v.gained[sample]
}

// Served tells whether blocks are judged by Submit, and not by Block.
func (j *Scorer) Served() bool { return j.metric.served != nil && !j.metric.IsWhole() }

// Submit is Block by a metric server: it asks, and returns at once. wait waits for the answer. The rows are the
// caller's again.
func (j *Scorer) Submit(ctx context.Context, rows []float32, samples []int) (wait func(g *bounds.Gain) error, err error) {
	id, err := j.openView(ctx)
	if err != nil {
		return nil, err
	}
	c := j.metric.served
	answer, err := c.server.Judge(ctx, id, samples, rows[:len(samples)*j.Length()])
	if err != nil {
		return nil, c.failed(err)
	}
	return func(g *bounds.Gain) error {
		list, err := answer()
		if err != nil {
			return c.failed(err)
		}
		j.view.mu.Lock()
		defer j.view.mu.Unlock()
		*g = bounds.Gain{}
		for slot, sample := range samples {
			gain := j.metric.Signed(list[slot])
			j.view.gained[sample] = gain
			Add(g, slot, Verdict{Gain: gain})
		}
		return nil
	}, nil
}

// served is an Accumulator of a server that wants all outputs: they are sent as blocks end.
type served struct {
	j   *Scorer
	mu  sync.Mutex
	err error // the first of Add
}

// Add sends the rows on. That it cannot is the error of Score.
func (t *served) Add(samples []int, rows []float32) {
	ctx := context.Background() // who interrupts does not wait long: rows are read before they are judged
	id, err := t.j.openView(ctx)
	if c := t.j.metric.served; err == nil {
		if err = c.server.Add(ctx, id, samples, rows[:len(samples)*t.j.Length()]); err != nil {
			err = c.failed(err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

func (t *served) Score(ctx context.Context) (float64, error) { return t.scoreWith(ctx, nil) }

// scoreWith is the score of these samples and those of others, of other shapes.
func (t *served) scoreWith(ctx context.Context, others []Accumulator) (float64, error) {
	views := []int{t.j.view.id}
	err := t.err
	for _, o := range others {
		other := o.(*served)
		if views = append(views, other.j.view.id); err == nil {
			err = other.err
		}
	}
	if err != nil {
		return 0, err
	}
	slices.Sort(views)
	v, err := t.j.metric.served.server.Score(ctx, views...)
	if err != nil {
		return 0, t.j.metric.served.failed(err)
	}
	return v, nil
}
