package search_test

import (
	"context"
	"slices"
	"testing"

	"example.org/demote/search"
)

// TestSteps holds which parts of a strategy are told, and the mixes with which swaps begin.
func TestSteps(t *testing.T) {
	drop := []float64{1, 2, 3, 40, 50, 60, 70, 4}
	for _, c := range []struct {
		strategy string
		curve    bool
		want     []string
		settled  []string
	}{
		{"auto", false, []string{"auto", search.StepOrder, search.StepGroups, search.StepRetries, search.StepSwaps}, []string{"11100001"}},
		{"gallop", true, []string{"gallop", search.StepOrder, search.StepGroups, search.StepCurve}, nil},
		{"bisect", false, []string{"bisect"}, nil},
	} {
		var steps, settled []string
		o := search.NewOptions(len(drop), 89)
		o.Curve = c.curve
		o.Step = func(name string) { steps = append(steps, name) }
		o.Settled = func(m search.Mask) error { settled = append(settled, m.String()); return nil }
		if _, err := search.Run(context.Background(), c.strategy, distant{points(drop, nil)}, o); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(slices.Compact(steps), c.want) || !slices.Equal(settled, c.settled) {
			t.Errorf("%s: steps %q, settled %q; want %q, %q", c.strategy, steps, settled, c.want, c.settled)
		}
	}
}
