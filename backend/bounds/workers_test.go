package bounds

import (
	"context"
	"fmt"
	"math/rand/v2"

	"example.org/demote/search"
)

// workersMachine is a tableMachine of several workers that end in a random order. It holds that its contract is kept.
type workersMachine struct {
	*tableMachine
	rng     *rand.Rand
	workers int
	under   []underWay
	base    search.Mask
	started int
}

// underWay is a block on a worker.
type underWay struct {
	job    Job
	ticket int
	gain   *Gain
}

func (m *workersMachine) Workers() int { return m.workers }

func (m *workersMachine) Start(job Job, hand search.Mask, ticket int, gain *Gain) {
	switch {
	case len(m.under) == m.workers:
		panic("a block more than there are workers")
	case job.To != job.From+1:
		panic(fmt.Sprintf("blocks %d to %d at once", job.From, job.To))
	case len(m.under) > 0 && !m.base.Equal(job.Base):
		panic("two bases at once")
	case hand.Len() != job.Mask.Len():
		panic("no trial at hand")
	}
	for _, u := range m.under {
		if u.ticket == ticket {
			panic("a ticket twice")
		}
	}
	m.base = job.Base
	m.started++
	m.under = append(m.under, underWay{job, ticket, gain})
}

func (m *workersMachine) Finish() (ticket int, work float64, err error) {
	i := m.rng.IntN(len(m.under))
	u := m.under[i]
	m.under = append(m.under[:i], m.under[i+1:]...)
	var gain [1]Gain
	err = m.Run(context.Background(), u.job, gain[:])
	*u.gain = gain[0]
	return u.ticket, float64(m.rule.Sizes[u.job.From]), err
}

// atRandom has an evaluator run ahead with random blocks of random candidates.
func atRandom(e *Evaluator, rng *rand.Rand) {
	e.ahead.pick = func() (int, bool) {
		for range rng.IntN(4) {
			c := rng.IntN(len(e.ahead.trials))
			if t := e.ahead.look(c); !t.known && t.next < e.rule.Blocks() {
				return c, true
			}
		}
		return 0, false
	}
}

// told is what a journal is told, in order.
type told struct{ lines []string }

func (l *told) listen(e *Evaluator) {
	e.Learnt = func(m search.Mask, s search.Score) error {
		l.lines = append(l.lines, fmt.Sprint("learnt ", m, s))
		return nil
	}
	e.Stopped = func(m search.Mask, p Progress) error {
		if r, ok := p.State.(*recalls); ok {
			p.State = *r
		}
		l.lines = append(l.lines, fmt.Sprint("stopped ", m, p))
		return nil
	}
}
