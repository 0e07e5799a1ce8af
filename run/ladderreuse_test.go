package run

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/mistake"
)

// ladderRun runs a ladder into a folder of its own, and returns the results of both steps.
func ladderRun(t *testing.T, c config.Config, reuse string) (first, second *config.Result) {
	t.Helper()
	c.Out, c.Reuse = filepath.Join(t.TempDir(), "run"), reuse
	second = mustSearch(t, c)
	first, err := ReadResult(LadderFolder(c.Out))
	if err != nil {
		t.Fatal(err)
	}
	return first, second
}

// TestLadderReuses: each step takes over what the same step of another ladder has scored, the first one also from a
// search that is no ladder; it comes to the mixes that it comes to alone, and runs less. What a second step that begins
// with another mix has scored is left alone, and that is said.
func TestLadderReuses(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	known := searchOfLadder(t)
	known.RangeLow = "auto"
	knownFirst, _ := ladderRun(t, known, "")
	plain := known
	plain.Ladder, plain.Target = "", "16bit-0.05"
	mustSearch(t, plain)
	for _, c := range []struct {
		name, reuse string
		same        bool // the second step begins with the known mix
		change      func(*config.Config)
	}{
		{"the same mix in the middle", knownFirst.Config.Out, true, func(c *config.Config) { c.LadderSplit = "0.52" }},
		{"another mix in the middle", knownFirst.Config.Out, false, func(c *config.Config) { c.Target = "16bit-0.02" }},
		{"of a plain search", plain.Out, false, func(*config.Config) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := known
			c.change(&cfg)
			first, second := ladderRun(t, cfg, "")
			if c.reuse != plain.Out && c.same != (strings.Join(first.Promotion, " ") == strings.Join(knownFirst.Promotion, " ")) {
				t.Fatalf("step 1 leaves %q, known is %q: this tests something else", first.Promotion, knownFirst.Promotion)
			}
			reuse := c.reuse
			if reuse != plain.Out {
				reuse = filepath.Dir(reuse)
			}
			var said []string
			cfg.Say = func(text string) { said = append(said, text) }
			again, end := ladderRun(t, cfg, reuse)
			if a, b := decisions(t, again), decisions(t, first); a != b {
				t.Errorf("step 1: %s\nalone: %s", a, b)
			}
			if a, b := decisions(t, end), decisions(t, second); a != b {
				t.Errorf("step 2: %s\nalone: %s", a, b)
			}
			if again.Trials >= first.Trials || c.same != (end.Trials < second.Trials) {
				t.Errorf("%d and %d masks were run, alone %d and %d", again.Trials, end.Trials, first.Trials, second.Trials)
			}
			if otherwise := strings.Contains(strings.Join(said, "\n"), "step 2 begins otherwise there"); otherwise == (c.same || reuse == plain.Out) {
				t.Errorf("said of the second step: %v\n%s", otherwise, strings.Join(said, "\n"))
			}
		})
	}
	step := plain // a search between the widths of the first step takes over what that has scored
	step.Out, step.Target = filepath.Join(t.TempDir(), "run"), knownFirst.Target.Text
	single := mustSearch(t, step)
	step.Out, step.Reuse = filepath.Join(t.TempDir(), "run"), knownFirst.Config.Out
	if r := mustSearch(t, step); decisions(t, r) != decisions(t, single) || r.Trials >= single.Trials {
		t.Errorf("%d masks, alone %d: %s\nalone: %s", r.Trials, single.Trials, decisions(t, r), decisions(t, single))
	}
}

// TestLadderReuseRefused: a folder whose scores are not those of the first step is refused in a line, and so is the
// ladder's own.
func TestLadderReuseRefused(t *testing.T) {
	known := searchOfLadder(t)
	known.Target = "16bit-0.5"
	mustSearch(t, known)
	halves := known
	halves.Ladder, halves.Out = "4,8,bf16", filepath.Join(t.TempDir(), "halves")
	mustSearch(t, halves)
	for want, change := range map[string]func(*config.Config){
		"--out names the same folder":                           func(c *config.Config) { c.Out = c.Reuse },
		"its scores are not those of this search: it has grids": func(c *config.Config) { c.Reuse = halves.Out },
	} {
		c := known
		c.Target, c.Out, c.Reuse = "16bit-0.1", filepath.Join(t.TempDir(), "run"), known.Out
		change(&c)
		if _, err := Search(context.Background(), c); !mistake.Is(err) || !strings.Contains(err.Error(), mistake.Text(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
