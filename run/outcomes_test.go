package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// kept are the outcomes that a run's journal has, by mask, and how many rows have none.
func kept(t *testing.T, dir string, holders, samples int) (whole, part map[string][]byte) {
	t.Helper()
	j, err := openForTest(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	whole, part = map[string][]byte{}, map[string][]byte{}
	limits := journal.Limits{Holders: holders, Total: samples, Blocks: samples}
	if strings.Contains(filepath.Base(dir), "f1") {
		limits.Total, limits.Folds = 0, true
	}
	err = j.Load(limits,
		func(m search.Mask, _ search.Score, o []byte) { whole[m.String()] = o },
		func(m search.Mask, _ bounds.Progress, o []byte) { part[m.String()] = o })
	if err != nil {
		t.Fatal(err)
	}
	return whole, part
}

// outcomesHold holds the outcomes in a run's journal against running each mask once more.
func outcomesHold(t *testing.T, c config.Config, r *config.Result) {
	t.Helper()
	whole, _ := kept(t, c.Out, len(r.Holders), r.Samples)
	s, _, err := reopen(context.Background(), c.Out, c.Filled())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	found := 0
	for text, got := range whole {
		m, err := search.ParseMask(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ev.Outputs(context.Background(), m, func(int, []float32) {}); err != nil {
			t.Fatal(err)
		}
		if want := s.Ev.PackKnown(m); got == nil || !slices.Equal(got, want) {
			t.Errorf("mask %s: outcomes %x, want %x", text, got, want)
		}
		found++
	}
	if found < 5 {
		t.Errorf("%d masks with outcomes: this test shows too little", found)
	}
}

// TestJournalKeepsOutcomes holds that the journal has the outcome of every sample for every full score, those that
// running the mask once more gives, whether trials were run in one go, by one worker or two, or taken up again; and of
// a metric that does not count what they have come to.
func TestJournalKeepsOutcomes(t *testing.T) {
	const samples = 90
	for _, c := range []struct {
		metric  string
		workers int
	}{{"agreement", 1}, {"agreement", 2}, {"f1", 2}} {
		cfg := tasktest.TinyConfig(t, samples)
		workers := c.workers
		cfg.Workers, cfg.Target, cfg.Metric = workers, "16bit-0.05", c.metric
		if c.metric == "f1" {
			cfg.Labels, cfg.Out = labelsFor(t, cfg), cfg.Out+"-f1"
		}
		r := mustSearch(t, cfg)
		outcomesHold(t, cfg, r)
		_, part := kept(t, cfg.Out, len(r.Holders), samples)
		if len(part) == 0 {
			t.Fatal("no unfinished trial: the test has too little")
		}
		for text, got := range part {
			if got == nil {
				t.Errorf("%d workers: the unfinished trial %s has no outcomes", workers, text)
			}
		}
	}
}

// labelsFor writes labels that the 16-bit network of a search gets right but for every fifth.
func labelsFor(t *testing.T, cfg config.Config) string {
	t.Helper()
	cfg.Metric, cfg.Labels = "agreement", ""
	s := trialtest.Compiled(t, cfg)
	classes := make([]int, s.Data.Len())
	if _, err := s.Ev.Outputs(context.Background(), search.NewMask(len(s.Records)), func(sample int, row []float32) { classes[sample] = metric.Top1(row) }); err != nil {
		t.Fatal(err)
	}
	labels := tasktest.NPYHeader("<i8", len(classes))
	for i, class := range classes {
		if i%5 == 0 {
			class = (class + 1) % 12
		}
		labels = binary.LittleEndian.AppendUint64(labels, uint64(class))
	}
	path := filepath.Join(t.TempDir(), "labels.npy")
	tasktest.WriteFile(t, path, labels)
	return path
}

// TestOutcomesAnswerAnotherMetric holds that the score with weighted classes that follows from stored outcomes is the
// one that running the mask gives, bit by bit.
func TestOutcomesAnswerAnotherMetric(t *testing.T) {
	for _, by := range []string{"top1", "f1"} {
		t.Run(by, func(t *testing.T) { answersWeighted(t, by) })
	}
}

func answersWeighted(t *testing.T, by string) {
	const samples = 90
	cfg := tasktest.TinyConfig(t, samples)
	cfg.Metric, cfg.Target, cfg.Strategy, cfg.Out = by, "16bit-0.05", "rank", cfg.Out+"-"+by
	cfg.Labels = labelsFor(t, cfg)
	r := mustSearch(t, cfg)
	whole, _ := kept(t, cfg.Out, len(r.Holders), samples)
	cfg.ClassWeights = "balanced"
	if by == "f1" {
		cfg.ClassWeights = "1,2,3,0,5,6,7,8,9,10,11,12"
	}
	s := newSearch(&trial.Runner{Config: cfg.Filled()})
	defer s.Close()
	if err := s.check(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if err := s.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.begin(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Open(ctx); err != nil {
		t.Fatal(err)
	}
	several := map[string]bool{}
	for text, outcomes := range whole {
		m, err := search.ParseMask(text)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Ev.Score(ctx, m)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := s.Ev.FromPacked(outcomes)
		if !ok || got != want {
			t.Errorf("mask %s: %v %v, want %v", text, got, ok, want)
		}
		several[fmt.Sprint(got)] = true
	}
	if len(several) < 5 {
		t.Errorf("%d different scores: the test has too little", len(several))
	}
}
