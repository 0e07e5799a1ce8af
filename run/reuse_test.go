package run

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// TestReuseAnswersAsAlone holds that a search which takes over what another run knows has the answer of one that does
// not, for another target, strategy, cost, pin and share, and runs less.
func TestReuseAnswersAsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	first := tasktest.TinyConfig(t, 90)
	first.Strategy = "greedy"
	mustSearch(t, first)
	for name, change := range map[string]func(c *config.Config){
		"target":   func(c *config.Config) { c.Target = "16bit-0.06" },
		"strategy": func(c *config.Config) { c.Strategy = "rank" },
		"cost":     func(c *config.Config) { c.Cost = "bytes" },
		"pin":      func(c *config.Config) { c.Pins = []string{"a1=int16"} },
		"share":    func(c *config.Config) { c.Strategy, c.Target, c.Int16Share = "auto", "", "30%" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := first
			change(&cfg)
			single := alone(t, cfg, cfg.Target)
			cfg.Out, cfg.Reuse = filepath.Join(t.TempDir(), "run"), first.Out
			r := mustSearch(t, cfg)
			if a, b := decisions(t, r), decisions(t, single); a != b {
				t.Errorf("%s\nalone: %s", a, b)
			}
			if r.Trials >= single.Trials {
				t.Errorf("%d masks were run, alone %d", r.Trials, single.Trials)
			}
			again := cfg
			again.Out, again.Reuse, again.Target = filepath.Join(t.TempDir(), "run"), cfg.Out, "16bit-0.2"
			if again.Int16Share != "" {
				again.Target = ""
			}
			if third := mustSearch(t, again); third.Finished == false {
				t.Error("a run that took scores over does not hand them on")
			}
		})
	}
}

// TestReuseOfOutcomes holds that a run with weighted classes takes over what follows from the outcomes of one without;
// and by F1 one of another target, also of trials that were not finished.
func TestReuseOfOutcomes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for name, change := range map[string]func(c *config.Config){
		"top1, weighted": func(c *config.Config) { c.Metric, c.ClassWeights = "top1", "balanced" },
		"f1, weighted":   func(c *config.Config) { c.ClassWeights = "1,2,3,4,5,6,7,8,9,10,11,12" },
		"f1, target":     func(c *config.Config) { c.Target = "16bit-0.04" },
	} {
		t.Run(name, func(t *testing.T) { reuseOutcomes(t, change) })
	}
}

func reuseOutcomes(t *testing.T, change func(c *config.Config)) {
	first := tasktest.TinyConfig(t, 90)
	first.Labels = labelsFor(t, first)
	first.Metric, first.Strategy, first.Target = "f1", "greedy", "16bit-0.05"
	cfg := first
	change(&cfg)
	first.Metric = cfg.Metric
	mustSearch(t, first)
	single := alone(t, cfg, cfg.Target)
	cfg.Out, cfg.Reuse = filepath.Join(t.TempDir(), "run"), first.Out
	r := mustSearch(t, cfg)
	if a, b := decisions(t, r), decisions(t, single); a != b {
		t.Errorf("%s\nalone: %s", a, b)
	}
	if r.Trials >= single.Trials || single.Trials < 5 {
		t.Errorf("%d masks were run, alone %d", r.Trials, single.Trials)
	}
}

// TestReuseOfAnEarlierJournal holds that a journal without outcomes, as earlier versions wrote it, is read.
func TestReuseOfAnEarlierJournal(t *testing.T) {
	first := tasktest.TinyConfig(t, 60)
	r := mustSearch(t, first)
	j, err := openForTest(first.Out)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		mask  search.Mask
		score search.Score
		part  *bounds.Progress
	}
	var rows []row
	err = j.Load(journal.Limits{Holders: len(r.Holders), Total: 60, Blocks: 60},
		func(m search.Mask, s search.Score, _ []byte) { rows = append(rows, row{m, s, nil}) },
		func(m search.Mask, p bounds.Progress, _ []byte) { rows = append(rows, row{m, search.Score{}, &p}) })
	if err == nil {
		_, err = j.DB.Exec(`DELETE FROM scores`)
	}
	for _, row := range rows {
		switch {
		case err != nil:
		case row.part != nil:
			err = j.Stopped(row.mask, *row.part, nil)
		default:
			err = j.Learnt(row.mask, row.score, nil)
		}
	}
	if err = errors.Join(err, j.Close()); err != nil {
		t.Fatal(err)
	}
	cfg := first
	cfg.Target = "16bit-0.1"
	single := alone(t, cfg, cfg.Target)
	cfg.Out, cfg.Reuse = filepath.Join(t.TempDir(), "run"), first.Out
	got := mustSearch(t, cfg)
	if a, b := decisions(t, got), decisions(t, single); a != b || got.Trials >= single.Trials {
		t.Errorf("%d masks: %s\nalone, %d: %s", got.Trials, a, single.Trials, b)
	}
}

// TestReuseRefused holds what cannot be taken over, in one line and before anything is run.
func TestReuseRefused(t *testing.T) {
	first := tasktest.TinyConfig(t, 60)
	mustSearch(t, first)
	for want, change := range map[string]func(c *config.Config){
		"its scores are not those of this search: it has grids":               func(c *config.Config) { c.GridLow = "asymmetric" },
		"its scores are not those of this search: it has ranges":              func(c *config.Config) { c.RangeLow = "mse" },
		"its scores are not those of this search: it has limit":               func(c *config.Config) { c.Limit = 40 },
		"it holds no run of demote with scores; give the folder of a run":     func(c *config.Config) { c.Reuse = t.TempDir() },
		"--out names the same folder; the same command resumes the run in it": func(c *config.Config) { c.Out = first.Out },
		"(--data) is another file than":                                       func(c *config.Config) { c.Data = tasktest.RandomImages(t, filepath.Join(t.TempDir(), "x.npy"), 60, 9) },
	} {
		cfg := first
		cfg.Reuse, cfg.Out, cfg.Target = first.Out, filepath.Join(t.TempDir(), "run"), "16bit-0.1"
		change(&cfg)
		_, err := Search(context.Background(), cfg)
		want = mistake.Text(want)
		if !mistake.Is(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if kind, err := journal.JournalKind(filepath.Join(cfg.Out, journal.JournalFile)); cfg.Out != first.Out && (err != nil || kind != 0) {
			t.Errorf("%s: a journal is left, %v", want, err)
		}
	}
}
