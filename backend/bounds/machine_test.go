package bounds

import (
	"context"
	"math/rand/v2"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// tableMachine runs a lookup-table model in blocks and counts what it runs.
type tableMachine struct {
	table   *searchtest.Table
	rule    *Rule
	starts  []int                                      // first sample of each block
	value   func(mask search.Mask, sample int) float64 // Mean and Whole; nil: counted
	outcome func(mask search.Mask, sample int) Outcome // Folded
	ran     map[string][]int                           // how often each block of a mask was run
	fail    func() error                               // asked before every run; nil: never fails
}

// split cuts samples into random blocks.
func split(rng *rand.Rand, samples, longest int) []int {
	var sizes []int
	for left := samples; left > 0; {
		n := min(left, 1+rng.IntN(longest))
		sizes = append(sizes, n)
		left -= n
	}
	return sizes
}

func newTableMachine(table *searchtest.Table, rule *Rule) *tableMachine {
	m := &tableMachine{table: table, rule: rule, ran: map[string][]int{}}
	at := 0
	for _, n := range rule.Sizes {
		m.starts = append(m.starts, at)
		at += n
	}
	return m
}

func (m *tableMachine) Run(_ context.Context, job Job, gains []Gain) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	times := m.ran[job.Mask.Key()]
	if times == nil {
		times = make([]int, len(m.rule.Sizes))
		m.ran[job.Mask.Key()] = times
	}
	for i := range gains {
		times[job.From+i]++
		gains[i] = m.gain(job.Mask, job.From+i)
	}
	return nil
}

func (m *tableMachine) gain(mask search.Mask, block int) (g Gain) {
	from, to := m.starts[block], m.starts[block]+m.rule.Sizes[block]
	if m.outcome != nil {
		for s := from; s < to; s++ {
			g.Outcomes = append(g.Outcomes, m.outcome(mask, s))
		}
		return g
	}
	if m.value == nil {
		g.Count = m.table.Count(mask, from, to)
		for s := from; s < to; s++ {
			if m.table.Correct(mask, s) {
				g.Hits.Set(s - from)
			}
		}
		return g
	}
	for s := from; s < to; s++ {
		g.Sum += m.value(mask, s)
	}
	return g
}

// prefix is the progress of a mask after so many blocks.
func (m *tableMachine) prefix(mask search.Mask, blocks int) (p Progress) {
	for b := range blocks {
		p = m.rule.add(p, m.gain(mask, b))
	}
	return p
}

// score is the full score, for the naive scan.
func (m *tableMachine) score(_ context.Context, mask search.Mask) (search.Score, error) {
	return m.rule.score(m.prefix(mask, m.rule.Blocks())), nil
}

// blocks returns how many blocks of a mask were run, and whether one of them twice.
func (m *tableMachine) blocks(mask search.Mask) (n int, twice bool) {
	for _, times := range m.ran[mask.Key()] {
		if times > 0 {
			n++
		}
		twice = twice || times > 1
	}
	return n, twice
}
