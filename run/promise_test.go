package run

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/dataset"
	"example.org/demote/internal/holdout"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

// heldConfig is a search of the tiny network with a hold-out of its own.
func heldConfig(t testing.TB, samples, held int) config.Config {
	c := tasktest.TinyConfig(t, samples)
	c.Holdout = tasktest.RandomImages(t, filepath.Join(filepath.Dir(c.Data), "held.npy"), held, 3)
	c.Strategy = "gallop"
	return c
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestHoldoutScores compares what the hold-out says with the scores of the very files on the same samples, and holds
// that it changes nothing in the search.
func TestHoldoutScores(t *testing.T) {
	for _, metric := range []string{"agreement", "cosine"} {
		t.Run(metric, func(t *testing.T) {
			t.Parallel()
			c := heldConfig(t, 60, 90)
			c.Metric = metric
			if metric == "cosine" {
				c.Target = "16bit-0.002"
			}
			with := mustSearch(t, c)
			h := with.Holdout
			if h == nil || h.Samples != 90 || h.Promise != nil || h.UsedBefore != nil {
				t.Fatalf("%+v", h)
			}
			for _, file := range []struct {
				path  string
				score *result.Score
			}{{filepath.Join(c.Out, journal.MixedFile), h.Score.Mixed}, {c.Model, h.Score.Float}} {
				e, err := Eval(context.Background(), config.Config{Data: c.Holdout, Metric: metric, Block: 8}, file.path, c.Model, "exact")
				if err != nil {
					t.Fatal(err)
				}
				if got, want := asText(t, file.score), asText(t, e.Score); got != want {
					t.Errorf("%s scores %s on the hold-out, by itself %s", file.path, got, want)
				}
			}
			if metric == "agreement" {
				lost := h.Against.OnlyHigh - h.Against.OnlyMix
				if lost != *h.Score.High.Correct-*h.Score.Mixed.Correct || h.Sure == nil || *h.Sure != 1-*h.PValue || h.Claim == "" {
					t.Errorf("%+v against %s", h.Against, asText(t, h.Score))
				}
			} else if h.Against != nil || h.Sure != nil {
				t.Errorf("a metric that does not count is tested: %+v", h)
			}
			own, out := c.Holdout, c.Out
			c.Holdout, c.Out = "", c.Out+"-without"
			if without := mustSearch(t, c); decisions(t, without) != decisions(t, with) || without.Trials != with.Trials {
				t.Errorf("%s of %s changes the search", own, out)
			}
		})
	}
}

// TestPromise holds the answer of a promised run against its steps.
func TestPromise(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct{ name, target, strategy string }{
		{"a loss", "16bit-0.05", "gallop"}, {"against the float network", "float-0.35", "auto"}, {"a score", "0.65", "rank"}, {"by the reference", "16bit-0.05", "demotion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := heldConfig(t, 60, 300)
			cfg.Target, cfg.Strategy, cfg.Confidence = c.target, c.strategy, "0.95"
			r := mustSearch(t, cfg)
			p := r.Holdout.Promise
			if !p.Held || !strings.HasPrefix(p.Statement, "with confidence 0.95, the mix ") || len(p.Steps) == 0 {
				t.Fatalf("%s", asText(t, p))
			}
			low, held := len(r.Holders)-len(r.Promotion), -1
			for i, s := range p.Steps {
				if s.Held != (s.PValue <= 0.05) || i > 0 && (s.Int8 <= p.Steps[i-1].Int8 || !p.Steps[i-1].Held) {
					t.Errorf("step %d: %s", i, asText(t, p.Steps))
				}
				if s.Held {
					held = i
				}
				if c.name != "a loss" && c.name != "by the reference" && i == 0 && s.Int8 != 0 {
					t.Errorf("the 16-bit network itself is not tested first: %s", asText(t, p.Steps))
				}
			}
			last := p.Steps[held]
			if last.Int8 != low || *last.Holdout.Correct != *r.Holdout.Score.Mixed.Correct || *last.Score.Correct != *r.Score.Mixed.Correct || last.PValue != *r.Holdout.PValue {
				t.Errorf("the mix has %d int8 and %s; steps %s", low, asText(t, r.Holdout), asText(t, p.Steps))
			}
			if !r.Verified.Identical || *r.Verified.Correct != *r.Score.Mixed.Correct {
				t.Errorf("the file is not the promised mix: %+v", r.Verified)
			}
			names, err := os.ReadFile(filepath.Join(cfg.Out, journal.PromotionFile))
			if err != nil || !slices.Equal(strings.Fields(string(names)), r.Promotion) {
				t.Errorf("promotion.txt has %q, the result %q, error %v", names, r.Promotion, err)
			}
			for _, h := range r.Holders {
				if (h.Precision == "int16") != slices.Contains(r.Promotion, h.Name) {
					t.Errorf("%s is %s; promoted are %q", h.Name, h.Precision, r.Promotion)
				}
			}
			if _, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil {
				t.Error(err)
			}
			t.Log(asText(t, p))
		})
	}
}

// TestNothingCanBePromised ends with exit code 3, the search's own mix, and what would help.
func TestNothingCanBePromised(t *testing.T) {
	cfg := heldConfig(t, 60, 40)
	cfg.Confidence = "0.95"
	var said []string
	cfg.Say = func(text string) { said = append(said, text) }
	r, err := Search(context.Background(), cfg)
	if !errors.Is(err, holdout.ErrUnpromised) || ExitCode(err) != ExitUnreachable {
		t.Fatalf("error %v", err)
	}
	for _, text := range []string{"no mix can be promised with confidence 0.95", "of 40 samples of the hold-out", "with chance 0.8"} {
		if !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q does not say %q in one line", err, text)
		}
	}
	p := r.Holdout.Promise
	if p.Held || len(p.Steps) != 1 || len(p.Needs) != 3 || !r.Met || !r.Finished || len(r.Holders)-len(r.Promotion) != p.SearchInt8 || !r.Verified.Identical {
		t.Errorf("%s", asText(t, r.Holdout))
	}
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "can be proven on no fewer than") }) {
		t.Errorf("nobody was warned beforehand: %q", said)
	}
}

// TestHoldoutShare splits the data: no sample is on both sides, copies are left out, and the seed decides.
func TestHoldoutShare(t *testing.T) {
	cfg := heldConfig(t, 100, 1)
	cfg.Holdout = "30%"
	first := mustSearch(t, cfg)
	if first.Samples != 70 || first.Holdout.Samples != 30 || first.Holdout.LeftOut != 0 {
		t.Fatalf("%d samples, hold-out %+v", first.Samples, first.Holdout)
	}
	if _, err := Verify(context.Background(), cfg.Out, config.Config{}); err != nil {
		t.Error(err)
	}
	cfg.Seed, cfg.Out = new(uint32(2)), cfg.Out+"-2"
	if other := mustSearch(t, cfg); other.Holdout.SHA256 == first.Holdout.SHA256 {
		t.Error("another seed holds out the same samples")
	}
	raw, err := os.ReadFile(cfg.Data)
	if err != nil {
		t.Fatal(err)
	}
	body := raw[len(tasktest.NPYHeader("<f4", 100, 1, 8, 8)):]
	// every sample twice
	tasktest.WriteFile(t, cfg.Data, append(append(tasktest.NPYHeader("<f4", 200, 1, 8, 8), body...), body...))
	cfg.Out += "-copies"
	twice := mustSearch(t, cfg)
	h := twice.Holdout
	if h.Samples+h.LeftOut != 60 || h.LeftOut == 0 || !slices.ContainsFunc(twice.Warnings, func(w result.Warning) bool { return strings.Contains(w.Text, "are copies of samples") }) {
		t.Errorf("%d samples, %d left out, warnings %q", h.Samples, h.LeftOut, twice.Warnings)
	}
	set, err := dataset.Open(cfg.Data, []dataset.Input{{Name: "image", Dims: []int64{-1, 1, 8, 8}, Type: dataset.Float32}}, dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	held := set.HoldOut(60, 2)
	seen, copies := map[[32]byte]bool{}, 0
	for i := range set.Len() {
		sum, err := set.SampleHash(i)
		if err != nil {
			t.Fatal(err)
		}
		seen[sum] = true
	}
	for i := range held.Len() {
		sum, err := held.SampleHash(i)
		if err != nil {
			t.Fatal(err)
		}
		if seen[sum] {
			copies++
		}
	}
	if copies != h.LeftOut {
		t.Errorf("%d copies; the result says %d", copies, h.LeftOut)
	}
}

// TestHoldoutInterrupted stops a run while the hold-out is scored; the same command ends as if nothing had been, and
// does not take its own first look for another's.
func TestHoldoutInterrupted(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := heldConfig(t, 60, 300)
	cfg.Target, cfg.Confidence = "16bit-0.05", "0.95"
	whole := mustSearch(t, cfg)
	for _, at := range []string{"scoring on 300 samples", "activations in int8: a loss"} {
		cfg.Out += "-again"
		ctx, stop := context.WithCancel(context.Background())
		stopped := cfg
		stopped.Say = func(text string) {
			if strings.Contains(text, at) {
				stop()
			}
		}
		r, err := Search(ctx, stopped)
		stop()
		if ExitCode(err) != ExitInterrupted || r.Finished || r.Holdout != nil || !r.Met {
			t.Fatalf("at %q: error %v, finished %v, hold-out %+v", at, err, r.Finished, r.Holdout)
		}
		again := mustSearch(t, cfg)
		again.Holdout.UsedBefore = nil // the run before it lies beside
		if decisions(t, again) != decisions(t, whole) || asText(t, again.Holdout) != asText(t, whole.Holdout) {
			t.Errorf("at %q: %s\nat once: %s", at, asText(t, again.Holdout), asText(t, whole.Holdout))
		}
	}
}

// TestHoldoutUsedBefore holds that a second look at the same samples is said, whether by --force or by another
// folder, and that the journal keeps count.
func TestHoldoutUsedBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := heldConfig(t, 60, 80)
	if r := mustSearch(t, cfg); r.Holdout.UsedBefore != nil {
		t.Errorf("used before: %q", r.Holdout.UsedBefore)
	}
	cfg.Force = true
	for _, want := range []string{"(runs: 1)", "(runs: 2)"} {
		r := mustSearch(t, cfg)
		if len(r.Holdout.UsedBefore) != 1 || !strings.Contains(r.Holdout.UsedBefore[0], want) || !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return strings.Contains(w.Text, "evaluated before") }) {
			t.Errorf("used before: %q, warnings %q; want %s", r.Holdout.UsedBefore, r.Warnings, want)
		}
	}
	first := cfg.Out
	cfg.Out, cfg.Force, cfg.Target = first+"-other", false, "16bit-0.05"
	if r := mustSearch(t, cfg); !slices.Equal(r.Holdout.UsedBefore, []string{first}) {
		t.Errorf("used before: %q, want %q", r.Holdout.UsedBefore, first)
	}
	cfg.Out, cfg.Holdout = first+"-third", tasktest.RandomImages(t, filepath.Join(filepath.Dir(cfg.Data), "fresh.npy"), 80, 4)
	if r := mustSearch(t, cfg); r.Holdout.UsedBefore != nil {
		t.Errorf("samples that nobody has seen were used before: %q", r.Holdout.UsedBefore)
	}
}

// TestHoldoutOfShare scores a search that has no target: there is nothing to be sure of.
func TestHoldoutOfShare(t *testing.T) {
	cfg := heldConfig(t, 60, 80)
	cfg.Target, cfg.Strategy, cfg.Int16Share = "", "auto", "30%"
	h := mustSearch(t, cfg).Holdout
	if h.Against == nil || h.Score.Mixed == nil || h.Claim != "" || h.Sure != nil || h.PValue != nil {
		t.Errorf("%s", asText(t, h))
	}
}

// TestPromiseWithPins begins with what is held at int8 where that is not the 16-bit network, and keeps to it.
func TestPromiseWithPins(t *testing.T) {
	cfg := heldConfig(t, 60, 300)
	cfg.Target, cfg.Confidence, cfg.Pins = "16bit-0.1", "0.95", []string{"a4=int8", "a1=int16"}
	r := mustSearch(t, cfg)
	p := r.Holdout.Promise
	if !p.Held || p.Steps[0].Int8 != 1 || !slices.Contains(r.Promotion, "a1") || slices.Contains(r.Promotion, "a4") {
		t.Errorf("promoted %q, %s", r.Promotion, asText(t, p))
	}
}
