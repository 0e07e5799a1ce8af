package run

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// budgetConfig is a search of the tiny network within a budget.
func budgetConfig(t *testing.T, samples int, budget, by string) config.Config {
	t.Helper()
	c := tasktest.TinyConfig(t, samples)
	c.Strategy, c.Target, c.Budget, c.Cost = "auto", "", budget, by
	return c
}

// costFile writes a file of costs for the tiny network: of every holder by its index.
func costFile(t *testing.T, line func(i int, name string) string) string {
	t.Helper()
	s := trialtest.Compiled(t, tasktest.TinyConfig(t, 16))
	var text strings.Builder
	for i, h := range s.Network.Holders {
		text.WriteString(line(i, h.Name) + "\n")
	}
	path := filepath.Join(t.TempDir(), "cost.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBudget holds the mixes within budgets against all mixes of a small network: each costs at most the budget, and
// none within it scores better. What the folder says of the costs is what they are.
func TestBudget(t *testing.T) {
	vendor := costFile(t, func(i int, name string) string { return fmt.Sprintf("%s,%d,%d", name, 3+i%3, 4+i%3+i*i%7) })
	for _, c := range []struct{ by, budget string }{{"bops", "1.25x"}, {"bytes", "1.5x"}, {vendor, "1.1x"}, {vendor, "1x"}} {
		cfg := budgetConfig(t, 60, c.budget, c.by)
		r := mustSearch(t, cfg)
		s := trialtest.Compiled(t, cfg)
		costs, err := cost.Read(context.Background(), s.Task, cost.By{Name: c.by})
		if err != nil {
			t.Fatal(err)
		}
		low, high, known := costs.Chosen.Ends()
		times, _ := cfg.Times()
		best := search.Score{Total: 60, Count: -1}
		n := len(s.Records)
		for bits := range 1 << n {
			m := search.NewMask(n)
			for h := range n {
				if bits>>h&1 == 1 {
					m.Demote(h)
				}
			}
			if costs.Of(m) > times*low*(1+1e-9) {
				continue
			}
			if score, err := s.Ev.Score(context.Background(), m); err != nil {
				t.Fatal(err)
			} else if score.Count > best.Count {
				best = score
			}
		}
		b := r.Budget
		if !known || b == nil || b.Cost == nil || *b.Cost > times*low*(1+1e-9) || b.Low != low || b.High != high || *r.MixCost != *b.Cost {
			t.Fatalf("budget %+v of %v to %v", b, low, high)
		}
		if *r.Score.Mixed.Correct != best.Count || !r.Met || !r.Verified.Identical || r.Verified.DefaultMet != nil {
			t.Errorf("--cost %s --budget %s: %d right, the best of all %d; met %t, %+v", filepath.Base(c.by), c.budget, *r.Score.Mixed.Correct, best.Count, r.Met, r.Verified)
		}
		list, err := os.ReadFile(filepath.Join(cfg.Out, journal.PromotionFile))
		if want := "# at most " + c.budget + " what all int8 costs: "; err != nil || !strings.HasPrefix(string(list), want) {
			t.Errorf("promotion.txt begins with %.80q, want %q", list, want)
		}
		page, err := os.ReadFile(filepath.Join(cfg.Out, "report.html"))
		if err != nil || !strings.Contains(string(page), "the best that costs at most "+c.budget) {
			t.Errorf("the report does not tell of the budget: %v", err)
		}
		if v, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil || !v.Identical {
			t.Errorf("verify: %+v, %v", v, err)
		}
		t.Logf("%s %s: %d of %d right for %s of %s", filepath.Base(c.by), c.budget, best.Count, best.Total, b.Times(*b.Cost), b.Times(high))
		if c.by == "bops" { // its list is one to start from
			next := tasktest.TinyConfig(t, 60)
			next.Start = filepath.Join(cfg.Out, journal.PromotionFile)
			mustSearch(t, next)
		}
	}
}

// TestBudgetWithPins holds that what is held at int16 counts for the budget.
func TestBudgetWithPins(t *testing.T) {
	by := costFile(t, func(i int, name string) string { return fmt.Sprintf("%s,10,%d", name, 12+i) })
	cfg := budgetConfig(t, 60, "1.5x", by)
	cfg.Pins = []string{"a1=int16", "a3=int8"}
	r := mustSearch(t, cfg)
	if *r.Budget.Cost > r.Budget.Most*(1+1e-9) {
		t.Errorf("%+v", r.Budget)
	}
	for _, h := range r.Holders {
		if h.Name == "a1" && h.Precision != "int16" || h.Name == "a3" && h.Precision != "int8" {
			t.Errorf("%s is %s", h.Name, h.Precision)
		}
	}
	cfg.Out, cfg.Budget = filepath.Join(t.TempDir(), "run"), "1.01x"
	if _, err := Search(context.Background(), cfg); !mistake.Is(err) || !strings.Contains(err.Error(), "with what is held at int16, the cheapest mix costs") {
		t.Errorf("%v", err)
	}
}

// TestBudgetGoesOn holds that a search within a budget that was interrupted has a mix within it, and comes to the same
// end.
func TestBudgetGoesOn(t *testing.T) {
	cfg := budgetConfig(t, 60, "1.3x", "bops")
	whole := mustSearch(t, cfg)
	cfg.Out = filepath.Join(t.TempDir(), "run")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broken := cfg
	broken.Progress = func(e search.Event) {
		if e.Kind == search.EventMove {
			stop()
		}
	}
	r, err := Search(ctx, broken)
	if ExitCode(err) != ExitInterrupted || r.Budget == nil || *r.Budget.Cost > r.Budget.Most*(1+1e-9) {
		t.Fatalf("%+v, %v", r.Budget, err)
	}
	data, err := os.ReadFile(filepath.Join(cfg.Out, result.File))
	var read config.Result
	if err != nil || json.Unmarshal(data, &read) != nil || *read.Budget.Cost != *r.Budget.Cost {
		t.Fatalf("%v", err)
	}
	if again := mustSearch(t, cfg); decisions(t, again) != decisions(t, whole) {
		t.Errorf("%s\nwithout: %s", decisions(t, again), decisions(t, whole))
	}
	short := cfg
	short.Out, short.Trials = filepath.Join(t.TempDir(), "run"), 1
	if _, err := Search(context.Background(), short); ExitCode(err) != ExitUnreachable || !strings.Contains(err.Error(), "it ended before the first mix was scored") {
		t.Errorf("one evaluation: %v", err)
	}
}

// TestBudgetRefused holds what no budget is, each in a line with what to type.
func TestBudgetRefused(t *testing.T) {
	saves := costFile(t, func(_ int, name string) string { return name + ",3" })
	free := costFile(t, func(_ int, name string) string { return name + ",0,3" })
	turned := costFile(t, func(_ int, name string) string { return name + ",5,3" })
	below := costFile(t, func(_ int, name string) string { return name + ",-5,3" })
	other := costFile(t, func(_ int, name string) string { return "no" + name + ",5,8" })
	for _, c := range []struct {
		budget, by, want string
		change           func(c *config.Config)
	}{
		{"0.9x", "bops", "no mix costs less than all int8, which is 1x; give 1x or more", nil},
		{"2.5x", "bops", "all int16 costs 2x what all int8 does by --cost bops, so that every mix is within it; give less than that", nil},
		{"1.2", "bops", "such as 1.2x", nil},
		{"x", "bops", "such as 1.2x", nil},
		{"-1x", "bops", "such as 1.2x", nil},
		{"1.2x", "count", "by --cost count all int8 costs nothing", nil},
		{"1.2x", saves, "says what int8 saves, and not what all int8 costs", nil},
		{"1.2x", free, "all int8 costs nothing, and a budget is measured from that; give another --cost", nil},
		{"1.2x", turned, "the low cost 5 is above the high cost 3", nil},
		{"1.2x", below, `"-5" is not a cost: write a number that is not negative`, nil},
		{"1.2x", other, "no holder is named", nil},
		{"1.2x", "bops", "--target and --budget exclude each other", func(c *config.Config) { c.Target = "0.9" }},
		{"1.2x", "bops", "--target and --budget exclude each other", func(c *config.Config) { c.Target = "0.9,0.8" }},
		{"1.2x", "bops", "--int16-share and --budget exclude each other", func(c *config.Config) { c.Int16Share = "20%" }},
		{"1.2x", "bops", "--budget has a way of its own", func(c *config.Config) { c.Strategy = "rank" }},
		{"1.2x", "bops", "--budget has a start of its own", func(c *config.Config) { c.Start = "promotion.txt" }},
		{"1.2x", "bops", "--confidence and --budget exclude each other", func(c *config.Config) { c.Holdout, c.Confidence = "30%", "0.9" }},
	} {
		cfg := budgetConfig(t, 30, c.budget, c.by)
		if c.change != nil {
			c.change(&cfg)
		}
		_, err := Search(context.Background(), cfg)
		if want := mistake.Text(c.want); !mistake.Is(err) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("--budget %s --cost %s: %v, want %q", c.budget, c.by, err, want)
		}
		if _, err := os.Stat(cfg.Out); err == nil {
			t.Errorf("--budget %s: left a folder", c.budget)
		}
	}
}
