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

// TestHeadDecidesAsNaive holds searches that ask a head and a front to those by whole evaluations, with blocks of
// another size, and interrupted early or late and resumed: the same mix, chain and number of evaluations.
func TestHeadDecidesAsNaive(t *testing.T) {
	for _, target := range []string{"16bit-0.02", "16bit-0.05", "16bit-0.2"} {
		t.Run(target, func(t *testing.T) { headDecidesAsNaive(t, target) })
	}
}

func headDecidesAsNaive(t *testing.T, target string) {
	c := tasktest.TinyConfig(t, 450)
	c.Strategy, c.Metric, c.Target = "auto", "agreement", target
	want := mustSearch(t, c)
	refused := 0
	for _, judged := range want.TrialCosts.Judged {
		if judged < 0.09 { // the two blocks of the head
			refused++
		}
	}
	if refused == 0 && target == "16bit-0.02" {
		t.Errorf("no swap was refused on the head alone: %v", want.TrialCosts.Judged)
	}
	first := slices.IndexFunc(want.Chain, func(s result.Step) bool { return s.Step > 0 })
	if first < 0 {
		first = len(want.Chain)
	}
	// without a front the first step of gallop has half of the activations at most
	if target == "16bit-0.2" && 2*first <= len(want.Holders) {
		t.Errorf("no group was kept on the front: %+v", want.Chain)
	}
	cutAfter := func(trials int) func(*config.Config) {
		return func(c *config.Config) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cut := *c
			cut.Progress = func(e search.Event) {
				if e.Trials >= trials {
					cancel()
				}
			}
			if _, err := Search(ctx, cut); !errors.Is(err, context.Canceled) {
				t.Errorf("cut off after %d trials: %v", trials, err)
			}
		}
	}
	for name, change := range map[string]func(*config.Config){
		"naive":         func(c *config.Config) { c.Scan = "naive" },
		"one worker":    func(c *config.Config) { c.Workers = 1 },
		"blocks":        func(c *config.Config) { c.Block = 7 },
		"resumed early": cutAfter(3),
		"resumed late":  cutAfter(want.Trials - 3),
	} {
		other := c
		other.Out += "-" + name
		change(&other)
		if a, b := decisions(t, mustSearch(t, other)), decisions(t, want); a != b {
			t.Errorf("%s: %s\nwant:  %s", name, a, b)
		}
	}
}
