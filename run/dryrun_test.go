package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestDryRun says what would be searched, runs no trial, and makes no folder.
func TestDryRun(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		texts  []string
	}{
		{"demotion", func(*config.Config) {}, []string{"7 holders", "60 samples in blocks of 8", "metric agreement", "target 16bit-0.03",
			"15.0 KiB of resident data", "1.0 GiB of stored activations", "strategy demotion", "n = 7 holders", "at most 31", "60 samples"}},
		{"budget", func(c *config.Config) { c.Trials = 20 }, []string{"at most 20"}},
		{"budget above the bound", func(c *config.Config) { c.Trials = 2000 }, []string{"at most 31"}},
		{"auto", func(c *config.Config) { c.Strategy = "auto" }, []string{"strategy auto", "gallop"}},
		{"limit", func(c *config.Config) { c.Limit = 30 }, []string{"30 samples"}},
		{"no folder named", func(c *config.Config) { c.Out = "" }, []string{"7 holders"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 60)
			c.change(&cfg)
			var said []string
			cfg.DryRun = true
			cfg.Say = func(text string) { said = append(said, text) }
			cfg.Progress = func(e search.Event) { t.Errorf("event %+v", e) }
			r, err := Search(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			all := strings.Join(said, "\n")
			for _, text := range c.texts {
				if !strings.Contains(all, text) {
					t.Errorf("%q is not said:\n%s", text, all)
				}
			}
			for _, h := range r.Holders {
				if !strings.Contains(all, h.Name) {
					t.Errorf("holder %s is not said", h.Name)
				}
				if h.Seen != nil {
					t.Errorf("holder %s: the network was calibrated", h.Name)
				}
			}
			if _, err := os.Stat(cfg.Out); cfg.Out != "" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a run folder: %v", err)
			}
		})
	}
}

// TestDryRunRefuses holds that a dry run finds the mistakes that the search would find before it begins.
func TestDryRunRefuses(t *testing.T) {
	for _, c := range []struct {
		name, text string
		change     func(*config.Config)
	}{
		{"target", "0.91", func(c *config.Config) { c.Target = "91%" }},
		{"metric", "unknown metric", func(c *config.Config) { c.Metric = "loss" }},
		{"labels", "needs labels", func(c *config.Config) { c.Metric = "top1" }},
		{"network", "no such file", func(c *config.Config) { c.Model = "none.onnx" }},
		{"strategy", "unknown strategy", func(c *config.Config) { c.Strategy = "luck" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 60)
			cfg.DryRun = true
			c.change(&cfg)
			if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestDryRunBound holds the bound that a dry run gives against what searches ask for.
func TestDryRunBound(t *testing.T) {
	for _, strategy := range []string{"demotion", "greedy", "rank"} {
		cfg := tasktest.TinyConfig(t, 30)
		cfg.Strategy, cfg.Target = strategy, "16bit-0.2"
		r := mustSearch(t, cfg)
		if n := len(r.Holders); r.Evaluations > n*(n+1)/2+3 || strategy == "rank" && r.Evaluations > 2*n+3 {
			t.Errorf("%s asks for %d scores with %d holders", strategy, r.Evaluations, n)
		}
	}
}

// TestActivations counts all holders' tensors of a block, the network's input among them.
func TestActivations(t *testing.T) {
	cfg := tasktest.NewGraph(20).In("x", nil, 8).Weight("w1", 0.5, 8, 6).Weight("w2", 0.5, 6, 3).Do("a = MatMul x w1; r = Relu a; y = MatMul r w2").Out("y", 3).Config(t)
	s := trialtest.Compiled(t, cfg)
	if got, err := s.Activations(context.Background()); err != nil || got != int64(4*s.Block*(8+6)) {
		t.Errorf("%d bytes in blocks of %d, %v", got, s.Block, err)
	}
}
