package bounds

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// judgedMachine is a workersMachine whose blocks are judged elsewhere, in any order: most of them have run before
// their gain is there.
type judgedMachine struct {
	*workersMachine
	behind  int
	judging []underWay
}

func (m *judgedMachine) Workers() int { return m.workers - m.behind }

func (m *judgedMachine) Behind() int { return m.behind }

func (m *judgedMachine) Start(job Job, hand search.Mask, ticket int, gain *Gain) {
	if len(m.under) == m.Workers() {
		panic("a block more than there are workers")
	}
	for _, u := range m.judging {
		if u.ticket == ticket {
			panic("a ticket twice")
		}
	}
	m.workersMachine.Start(job, hand, ticket, gain)
}

func (m *judgedMachine) Finish() (ticket int, work float64, err error) {
	if n := len(m.judging); n > 0 && (len(m.under) == 0 || m.rng.IntN(2) == 0) {
		i := m.rng.IntN(n)
		u := m.judging[i]
		m.judging = slices.Delete(m.judging, i, i+1)
		*u.gain = m.gain(u.job.Mask, u.job.From)
		return u.ticket, float64(m.rule.Sizes[u.job.From]), nil
	}
	if m.rng.IntN(8) == 0 { // such as one that needs no run
		return m.workersMachine.Finish()
	}
	i := m.rng.IntN(len(m.under))
	u := m.under[i]
	m.under = slices.Delete(m.under, i, i+1)
	m.judging = append(m.judging, u)
	var gain [1]Gain
	if err := m.Run(context.Background(), u.job, gain[:]); err != nil {
		return u.ticket, 0, err
	}
	return u.ticket, 0, ErrRan
}

// TestBehindIsNaive compares random scans whose blocks are judged elsewhere with the definition and with one worker:
// the answer, what the journal is told, and what was asked for.
func TestBehindIsNaive(t *testing.T) {
	for name, kind := range map[string]Kind{"counted": Counted, "mean": Mean} {
		for seed := range uint64(500) {
			rng := rand.New(rand.NewPCG(seed, 81+uint64(kind)))
			p := newProblem(rng, kind)
			want, _ := search.NaiveScan(context.Background(), p.machine.score, p.candidates, p.bound)
			alone := NewEvaluator(newMachineLike(p), p.rule)
			behind := 1 + rng.IntN(3)
			m := &judgedMachine{workersMachine: &workersMachine{tableMachine: p.machine, rng: rng, workers: 1 + rng.IntN(3) + behind}, behind: behind}
			several := NewEvaluator(m, p.rule)
			var one, more told
			one.listen(alone)
			more.listen(several)
			for range 2 {
				if _, err := alone.Scan(context.Background(), p.base, p.candidates, p.bound); err != nil {
					t.Fatal(err)
				}
				got, err := several.Scan(context.Background(), p.base, p.candidates, p.bound)
				if err != nil || !same(got, want) || len(m.under)+len(m.judging) > 0 {
					t.Fatalf("%s, seed %d: %v, %+v, want %+v; %d blocks under way", name, seed, err, got, want, len(m.under)+len(m.judging))
				}
			}
			if !slices.Equal(one.lines, more.lines) || asked(several.Stats()) != asked(alone.Stats()) {
				t.Fatalf("%s, seed %d: %+v, by one worker %+v; told %q and %q", name, seed, several.Stats(), alone.Stats(), more.lines, one.lines)
			}
		}
	}
}

// serverMachine is an aheadMachine with one server that judges all blocks, each in a part of a block's time, by the
// same clock. Workers go on meanwhile if they are told that a block has run.
type serverMachine struct {
	*clockMachine
	tells bool
	judge float64
	free  float64 // when the server has judged all that it has
	ready []judgedAt
}

type judgedAt struct {
	underWay
	at float64
}

func (m *serverMachine) Workers() int { return len(m.until) }

func (m *serverMachine) Behind() int {
	if m.tells {
		return len(m.until)
	}
	return 0
}

func (m *serverMachine) Start(job Job, _ search.Mask, ticket int, gain *Gain) {
	m.under = append(m.under, underWay{job, ticket, gain})
	m.on = append(m.on, m.begin(job))
}

func (m *serverMachine) Finish() (ticket int, work float64, err error) {
	first := -1
	for i := range m.under {
		if first < 0 || m.until[m.on[i]] < m.until[m.on[first]] {
			first = i
		}
	}
	if len(m.ready) > 0 && (first < 0 || m.ready[0].at <= m.until[m.on[first]]) {
		u := m.ready[0]
		m.ready, m.now = m.ready[1:], max(m.now, u.at)
		*u.gain = m.gain(u.job.Mask, u.job.From)
		return u.ticket, 1, nil
	}
	u, worker := m.under[first], m.on[first]
	m.under, m.on = slices.Delete(m.under, first, first+1), slices.Delete(m.on, first, first+1)
	m.now = max(m.now, m.until[worker])
	m.free = max(m.free, m.now) + m.judge
	if m.tells {
		m.ready = append(m.ready, judgedAt{u, m.free})
		return u.ticket, 0, ErrRan
	}
	m.now, m.until[worker] = m.free, m.free // the worker has waited
	*u.gain = m.gain(u.job.Mask, u.job.From)
	return u.ticket, 1, nil
}

// TestNobodyWaitsForAServer counts, by a clock, how long workers idle in whole searches while a server judges: with
// workers that wait for it, and with workers that run ahead.
func TestNobodyWaitsForAServer(t *testing.T) {
	table := searchtest.NewTable(rand.New(rand.NewPCG(3, 3)), 30, 1000, 0.15)
	high, _ := table.Score(context.Background(), search.NewMask(table.N))
	for _, workers := range []int{1, 2, 4} {
		var idle, took [2]float64
		var results [2]string
		for i, tells := range []bool{false, true} {
			rule := &Rule{Sizes: slices.Repeat([]int{10}, table.Samples/10)}
			c := &clockMachine{tableMachine: newTableMachine(table, rule), rng: rand.New(rand.NewPCG(1, uint64(workers))), until: make([]float64, workers)}
			m := &serverMachine{clockMachine: c, tells: tells, judge: 0.4 / float64(workers)}
			e := NewEvaluator(m, rule)
			if e.ahead == nil { // one worker that waits: as a machine without workers of its own
				e.ahead = &ahead{e: e, workers: m, free: none, flights: make([]flight, 1), landed: []int{0}, lanes: 1}
				e.ahead.odds.prepare(rule)
				e.ahead.pick = e.ahead.guess
			}
			r, err := search.Demotion(context.Background(), e, search.NewOptions(table.N, high.Float()-0.02))
			if err != nil {
				t.Fatal(err)
			}
			idle[i], took[i], results[i] = 1-c.busy/(c.now*float64(workers)), c.now, fmt.Sprintf("%+v", r)
		}
		t.Logf("%d workers: %.1f %% idle in %.0f where they wait, %.1f %% in %.0f where they run ahead", workers, 100*idle[0], took[0], 100*idle[1], took[1])
		if results[0] != results[1] {
			t.Errorf("%d workers: %s, want %s", workers, results[1], results[0])
		}
		if idle[1] > idle[0]/4 || took[1] > took[0] {
			t.Errorf("%d workers idle %.3f of the time", workers, idle[1])
		}
	}
}
