package bounds

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// clockMachine is a lookup-table model on workers that take time by a clock of their own. A trial's blocks take a
// part of a whole block's time, as behind a cut, and vary.
type clockMachine struct {
	*tableMachine
	rng   *rand.Rand
	now   float64
	until []float64 // a worker's end; <= now: free
	busy  float64
	under []underWay
	on    []int // the worker of each block under way
}

// begin has a worker take a block and returns it.
func (m *clockMachine) begin(job Job) (worker int) {
	for w, end := range m.until {
		if end < m.until[worker] {
			worker = w
		}
	}
	took := float64(1+job.Mask.Count()%4) / 4 * (0.6 + 0.8*m.rng.Float64())
	m.until[worker] = max(m.until[worker], m.now) + took
	m.busy += took
	return worker
}

// waitingMachine is a clockMachine that is only asked for pieces of trials, and waits for all blocks of each.
type waitingMachine struct{ *clockMachine }

func (m waitingMachine) Run(ctx context.Context, job Job, gains []Gain) error {
	for range gains {
		m.begin(job)
	}
	for _, end := range m.until {
		m.now = max(m.now, end)
	}
	return m.tableMachine.Run(ctx, job, gains)
}

// aheadMachine is a clockMachine whose workers are given blocks one by one.
type aheadMachine struct{ *clockMachine }

// Run is for whole scores: their blocks are shared.
func (m aheadMachine) Run(ctx context.Context, job Job, gains []Gain) error {
	return waitingMachine(m).Run(ctx, job, gains)
}

func (m aheadMachine) Workers() int { return len(m.until) }

func (m aheadMachine) Start(job Job, _ search.Mask, ticket int, gain *Gain) {
	m.under = append(m.under, underWay{job, ticket, gain})
	m.on = append(m.on, m.begin(job))
}

func (m aheadMachine) Finish() (ticket int, work float64, err error) {
	first := 0
	for i := range m.under {
		if m.until[m.on[i]] < m.until[m.on[first]] {
			first = i
		}
	}
	u := m.under[first]
	m.now = max(m.now, m.until[m.on[first]])
	m.under, m.on = append(m.under[:first], m.under[first+1:]...), append(m.on[:first], m.on[first+1:]...)
	*u.gain = m.gain(u.job.Mask, u.job.From)
	return u.ticket, 1, nil
}

// TestIdle compares whole searches whose workers wait for each piece of a trial, rounded up to their number, with
// searches whose workers run ahead: the same result, in less time, with the workers idle less than half as long and
// little thrown away.
func TestIdle(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(3, 3)), 30, 1000, 0.15)
	high, _ := table.Score(context.Background(), search.NewMask(table.N))
	for _, workers := range []int{2, 4, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			var sizes []int
			for range table.Samples / 10 {
				sizes = append(sizes, 10)
			}
			clock := func(rule *Rule) *clockMachine {
				return &clockMachine{tableMachine: newTableMachine(table, rule), rng: rand.New(rand.NewPCG(1, uint64(workers))), until: make([]float64, workers)}
			}
			measure := func(m Machine, c *clockMachine, rule *Rule) (search.Result, Stats, float64) {
				e := NewEvaluator(m, rule)
				r, err := search.Demotion(context.Background(), e, search.NewOptions(table.N, high.Float()-0.02))
				if err != nil {
					t.Fatal(err)
				}
				return r, e.Stats(), 1 - c.busy/(c.now*float64(workers))
			}
			before, after := &Rule{Sizes: sizes, Width: workers}, &Rule{Sizes: sizes}
			waiting, running := clock(before), clock(after)
			r1, s1, idle1 := measure(waitingMachine{waiting}, waiting, before)
			r2, s2, idle2 := measure(aheadMachine{running}, running, after)
			if !reflect.DeepEqual(r1, r2) {
				t.Errorf("%+v, want %+v", r2, r1)
			}
			t.Logf("waiting: time %.0f, idle %.1f %%, %d blocks; ahead: time %.0f, idle %.1f %%, %d blocks and %d thrown away",
				waiting.now, 100*idle1, s1.Blocks, running.now, 100*idle2, s2.Blocks, s2.Thrown)
			if idle2 > idle1/2 || running.now > waiting.now || s2.Thrown*10 > s2.Blocks {
				t.Error("running ahead does not pay")
			}
		})
	}
}
