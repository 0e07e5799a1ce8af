package backend

import (
	"fmt"
	"time"

	"demote/cgo"
)

// chain is the network compiled as parts between cuts, with the workers that run them.
type chain struct {
	cuts    []int // of the source, one more than parts
	parts   []*part
	workers []*worker
	partOf  []int     // by holder
	share   []float64 // by part: its share of a whole pass's time
}

// sessionOptions are those of every session that must give the same bits: the chain's, and the
// check of the export.
func sessionOptions(o Options) cgo.Options {
	return cgo.Options{Level: o.Level, IntraThreads: o.Threads, Spin: o.Spin, Config: o.Config}
}

// compile makes a session a stretch and binds every worker to all of them.
func compile(src Source, cuts []int, inputs []Tensor, o Options) (_ *chain, err error) {
	c := &chain{cuts: cuts, partOf: make([]int, src.Holders())}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	for i := range len(cuts) - 1 {
		s, err := src.Stretch(cuts[i], cuts[i+1])
		if err != nil {
			return nil, err
		}
		p := &part{Stretch: s, index: i}
		if p.session, err = cgo.NewSession(s.Model, sessionOptions(o)); err != nil {
			return nil, fmt.Errorf("cannot compile part %d of %d: %w", i+1, len(cuts)-1, err)
		}
		c.parts = append(c.parts, p)
		for _, h := range s.Holders {
			c.partOf[h] = i
		}
		s.Model = nil // the session has its own
	}
	for range o.Workers {
		w, err := newWorker(c.parts, inputs, src.Holders())
		if err != nil {
			return nil, err
		}
		c.workers = append(c.workers, w)
	}
	c.share = make([]float64, len(c.parts))
	for i := range c.share {
		c.share[i] = 1 / float64(len(c.parts))
	}
	return c, nil
}

// measure times every part over a few runs of one block, with the least of each as its time, and
// returns the seconds a part takes.
func (c *chain) measure(data []*cgo.Tensor, runs int) ([]float64, error) {
	w := c.workers[0]
	seconds := make([]float64, len(c.parts))
	for r := range runs + 1 {
		for p := range c.parts {
			took, err := timePart(w, data, p)
			if err != nil {
				return nil, err
			}
			if r == 1 || r > 1 && took < seconds[p] {
				seconds[p] = took // the first run of all is the warm-up
			}
		}
	}
	total := 0.0
	for _, s := range seconds {
		total += s
	}
	for p, s := range seconds {
		c.share[p] = s / total
	}
	return seconds, nil
}

// timePart is the seconds that one run of a part takes.
func timePart(w *worker, data []*cgo.Tensor, part int) (float64, error) {
	start := time.Now()
	err := w.runPart(data, part)
	return time.Since(start).Seconds(), err
}

// seconds is the time that the workers have spent inside the runtime.
func (c *chain) seconds() float64 {
	var total time.Duration
	for _, w := range c.workers {
		total += w.seconds
	}
	return total.Seconds()
}

// Close gives sessions and workers back. It may be called more than once.
func (c *chain) Close() {
	for _, w := range c.workers {
		w.Close()
	}
	for _, p := range c.parts {
		p.session.Close()
	}
	c.workers, c.parts = nil, nil
}
