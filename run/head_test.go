package run

import (
	"context"
	"errors"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestHeadDecidesAsNaive holds searches that ask a head to those by whole evaluations, with blocks of another size, and
// interrupted among the swaps and resumed: the same mix, chain and number of evaluations.
func TestHeadDecidesAsNaive(t *testing.T) {
	c := tasktest.TinyConfig(t, 450)
	c.Strategy, c.Metric, c.Target = "auto", "agreement", "16bit-0.02"
	want := mustSearch(t, c)
	if !slices.ContainsFunc(want.Stages, func(s result.StageTime) bool { return s.Name == search.StepSwaps }) {
		t.Fatalf("no swaps were tried: %+v", want.Stages)
	}
	refused := 0
	for _, judged := range want.TrialCosts.Judged {
		if judged < 0.09 { // the two blocks of the head
			refused++
		}
	}
	if refused == 0 {
		t.Fatalf("no swap was refused on the head alone: %v", want.TrialCosts.Judged)
	}
	for name, change := range map[string]func(*config.Config){
		"naive":      func(c *config.Config) { c.Scan = "naive" },
		"one worker": func(c *config.Config) { c.Workers = 1 },
		"blocks":     func(c *config.Config) { c.Block = 7 },
		"resumed": func(c *config.Config) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cut := *c
			cut.Progress = func(e search.Event) {
				if e.Trials >= want.Trials-3 {
					cancel()
				}
			}
			if _, err := Search(ctx, cut); !errors.Is(err, context.Canceled) {
				t.Errorf("cut off: %v", err)
			}
		},
	} {
		other := c
		other.Out += "-" + name
		change(&other)
		if a, b := decisions(t, mustSearch(t, other)), decisions(t, want); a != b {
			t.Errorf("%s: %s\nwant:  %s", name, a, b)
		}
	}
}
