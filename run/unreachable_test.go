package run

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/task"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// endsLabels are labels by which the tiny network's all-int8 mix ("int8"), its all-int16 mix ("int16") or neither
// ("equal") is better: what that end says, and for "equal" a class that neither says where they differ.
func endsLabels(t *testing.T, cfg config.Config, better string) string {
	t.Helper()
	cfg.Metric = "agreement"
	s := trialtest.Compiled(t, cfg)
	classes := func(m search.Mask) []int {
		list := make([]int, s.Data.Len())
		if _, err := s.Ev.Outputs(context.Background(), m, func(i int, row []float32) { list[i] = metric.Top1(row) }); err != nil {
			t.Fatal(err)
		}
		return list
	}
	low, high := classes(task.LowMask(s.Network.Holders)), classes(search.NewMask(len(s.Records)))
	data, differ := tasktest.NPYHeader("<i8", len(low)), 0
	for i := range low {
		label := map[string]int{"int8": low[i], "int16": high[i], "equal": high[i]}[better]
		if low[i] != high[i] {
			differ++
			if better == "equal" {
				for label = 0; label == low[i] || label == high[i]; label++ {
				}
			}
		}
		data = binary.LittleEndian.AppendUint64(data, uint64(label))
	}
	if differ < 3 {
		t.Fatalf("the ends differ on %d samples", differ)
	}
	path := filepath.Join(t.TempDir(), "labels.npy")
	tasktest.WriteFile(t, path, data)
	return path
}

// TestEndsOfASearch holds that all int8 is tried before a target is given up, that no run ends with exit code 0 and a
// mix that is not above its target, and that a share of nothing is refused with a score that can be typed.
func TestEndsOfASearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	base := tasktest.TinyConfig(t, 60)
	labels := map[string]string{}
	for _, better := range []string{"int8", "int16", "equal"} {
		labels[better] = endsLabels(t, base, better)
	}
	for _, c := range []struct {
		name, better, target string
		change               func(*config.Config)
		code, int8           int // -1: any
		said                 string
	}{
		{"all int8 is better, a score between", "int8", "0.99", nil, 0, 9, ""},
		{"all int8 is better, by auto", "int8", "0.99", func(c *config.Config) { c.Strategy = "auto" }, 0, 9, ""},
		{"all int8 is better, naive", "int8", "0.99", func(c *config.Config) { c.Scan, c.Strategy = "naive", "greedy" }, 0, 9, ""},
		{"all int8 is better, half of the way", "int8", "50%", nil, 0, 9, ""},
		{"all int8 is better, with the curve", "int8", "0.99", func(c *config.Config) { c.Curve = true }, 0, 9, ""},
		{"all int8 is better, one trial", "int8", "0.99", func(c *config.Config) { c.Trials = 1 }, 0, 9, ""},
		{"all int8 is better, and at the target", "int8", "1", nil, 3, 9, "and all int8 1.0000 (60 of 60), the target is 1"},
		{"all int8 is better, one held at int16", "int8", "1", func(c *config.Config) { c.Pins = []string{"a1=int16"} }, 3, -1, "all int8 but what is held at int16"},
		{"all int16 at the target", "int16", "1", nil, 3, 0, "the best scores it to the digit, 1.0000 (60 of 60), and a mix has to be above it; give a target that leaves some room, such as 16bit-0.005"},
		{"all int16 at the target, few trials", "int16", "16bit-0", func(c *config.Config) { c.Trials = 3 }, 3, 0, "within the limit: the best scores 1.0000 (60 of 60), and a mix has to be above the target 16bit-0"},
		{"all int16 at the target, in a default session", "int16", "1", func(c *config.Config) { c.Session = "default" }, 3, 0, "to the digit"},
		{"equal ends, half of the way", "equal", "50%", nil, 2, -1, "write a score that it is above, such as 0."},
		{"equal ends, half of the way, by its long name", "equal", "8bit+50%", nil, 2, -1, "there is no way between them"},
		{"equal ends, a score below", "equal", "16bit-0.01", nil, 0, 9, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := base
			cfg.Out, cfg.Target, cfg.Metric, cfg.Labels = filepath.Join(t.TempDir(), "run"), c.target, "top1", labels[c.better]
			if c.change != nil {
				c.change(&cfg)
			}
			r, err := Search(context.Background(), cfg)
			if ExitCode(err) != c.code || err != nil && !strings.Contains(err.Error(), c.said) {
				t.Fatalf("exit code %d: %v", ExitCode(err), err)
			}
			if c.code == ExitMistake {
				_, typed, _ := strings.Cut(err.Error(), "such as ")
				cfg.Target = strings.Fields(typed)[0]
				if r := mustSearch(t, cfg); len(r.Promotion) != 0 || !r.Met {
					t.Errorf("what the line says to type leaves %q at int16", r.Promotion)
				}
				return
			}
			if low := len(r.Holders) - len(r.Promotion); c.int8 >= 0 && low != min(c.int8, len(r.Holders)) || !r.Verified.Identical || !r.Finished {
				t.Errorf("%d of %d in int8, %+v", low, len(r.Holders), r.Verified)
			}
			if r.Met != (c.code == 0) || r.Met != (*r.Score.Mixed.Value > r.Target.Value) {
				t.Errorf("met %v at %v, target %v", r.Met, *r.Score.Mixed.Value, r.Target.Value)
			}
			if cfg.Curve && len(r.Chain) != len(r.Holders) {
				t.Errorf("a curve of %d steps for %d holders", len(r.Chain), len(r.Holders))
			}
			if best := max(*r.Score.High.Value, *r.Score.Low.Value); !r.Met && c.int8 >= 0 && *r.Score.Mixed.Value != best {
				t.Errorf("the folder's mix scores %v, the better end %v", *r.Score.Mixed.Value, best)
			}
		})
	}
}

// TestPromiseOfTheBetterEnd holds that a promise begins with the mixes that hold on the search's own samples, where
// the 16-bit network is none of them.
func TestPromiseOfTheBetterEnd(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 250)
	cfg.Metric, cfg.Labels = "top1", endsLabels(t, cfg, "int8")
	cfg.Holdout, cfg.Confidence, cfg.Target, cfg.Strategy = "50%", "0.95", "0.95", "auto"
	r := mustSearch(t, cfg)
	if p := r.Holdout.Promise; *r.Score.High.Value >= 0.95 || !p.Held || len(p.Steps) == 0 || p.Steps[0].Int8 == 0 || len(r.Promotion) != 0 || !r.Met {
		t.Errorf("all int16 %v, met %v, %q at int16, steps %s", *r.Score.High.Value, r.Met, r.Promotion, asText(t, p.Steps))
	}
}
