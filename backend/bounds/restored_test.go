package bounds

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// TestRestoredTrialsAreKept restores more unfinished trials than a change of the base leaves of a run's own: none of
// them is run again, whatever bases come and go, until the samples are laid out anew.
func TestRestoredTrialsAreKept(t *testing.T) {
	const holders = 14
	table := searchtest.NewTable(rand.New(rand.NewPCG(1, 41)), holders, 40, 0.9)
	rule := &Rule{Sizes: []int{10, 10, 10, 10}}
	m := newTableMachine(table, rule)
	e := NewEvaluator(m, rule)
	high, _ := table.Score(context.Background(), search.NewMask(holders))
	above := search.Bound{Above: high.Float(), Floor: math.Inf(1)}
	need := high.Count + 1
	var refuted []search.Mask
	for set := range 1 << holders {
		mask := search.NewMask(holders)
		for h := range holders {
			if set>>h&1 == 1 {
				mask.Demote(h)
			}
		}
		p := m.prefix(mask, 2)
		if p.Count+20 < need {
			e.RestoreProgress(mask, p)
			refuted = append(refuted, mask)
		}
	}
	if len(refuted) <= mostPartial {
		t.Fatalf("only %d masks are refuted", len(refuted))
	}
	for i := 0; i+1 < len(refuted); i += 7 {
		f, err := e.Scan(context.Background(), refuted[i], refuted[i:min(i+7, len(refuted))], above)
		if err != nil || f.Passed {
			t.Fatalf("%+v, %v", f, err)
		}
	}
	if len(m.ran) > 0 {
		t.Fatalf("%d masks were run again", len(m.ran))
	}
	e.ForgetUnfinished()
	if _, err := e.Scan(context.Background(), refuted[0], refuted[:3], above); err != nil || len(m.ran) == 0 {
		t.Fatalf("%d masks were run, %v", len(m.ran), err)
	}
}
