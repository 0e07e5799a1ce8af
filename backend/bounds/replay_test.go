package bounds

import (
	"context"
	"fmt"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// recorded is a machine that knows the outcomes of the masks of the real run, and no others.
type recorded struct {
	outcomes map[string][]bool
	order    []int // of the samples
	block    int
}

func (m recorded) Run(_ context.Context, job Job, gains []Gain) error {
	right, ok := m.outcomes[job.Mask.String()]
	if !ok {
		return fmt.Errorf("mask %s was never scored", job.Mask)
	}
	for i := range gains {
		for _, s := range m.order[(job.From+i)*m.block : (job.From+i+1)*m.block] {
			if right[s] {
				gains[i].Count++
			}
		}
	}
	return nil
}

// TestReplayBounded replays the recorded real run by the bounded scan, on the outcomes of its samples: its chain and
// list must come out, from a part of the samples.
func TestReplayBounded(t *testing.T) {
	r := searchtest.ReadReal(t)
	m := recorded{outcomes: r.Outcomes(t), block: 20}
	m.order = r.WrongFirst(m.outcomes)
	for _, mode := range []search.ChainMode{search.ChainLast, search.ChainDemoted} {
		rule := &Rule{}
		for range r.Samples / m.block {
			rule.Sizes = append(rule.Sizes, m.block)
		}
		e := NewEvaluator(m, rule)
		res, err := search.Demotion(context.Background(), e, r.Options(mode))
		if err != nil {
			t.Fatal(err)
		}
		r.Check(t, &res, mode)
		if res.Evaluations != len(r.Evaluations) {
			t.Errorf("%s: %d evaluations, want %d", mode, res.Evaluations, len(r.Evaluations))
		}
		stats := e.Stats()
		t.Logf("%s: %d trials, %d samples of %d", mode, stats.Trials, stats.Samples, stats.Trials*r.Samples)
		if stats.Samples >= stats.Trials*r.Samples {
			t.Errorf("%s: nothing is saved", mode)
		}
	}
}
