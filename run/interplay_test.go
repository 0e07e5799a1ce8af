package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// TestProofOutOfTime holds that what comes behind a proof that its time has ended runs on: the curve, and the check of
// the file.
func TestProofOutOfTime(t *testing.T) {
	c := twelveHolders(t)
	c.Strategy, c.Target, c.Curve = "rank", "16bit-0.001", true
	c.Prove = "1ms"
	want := c
	want.Prove, want.Out = "", filepath.Join(t.TempDir(), "plain")
	w := mustSearch(t, want)
	for _, limit := range []string{"1ms", "5ms", "20ms"} {
		own := c
		own.Prove, own.Out = limit, filepath.Join(t.TempDir(), limit)
		r := mustSearch(t, own)
		if !r.Finished || !r.Verified.Identical || len(r.Chain) < len(w.Chain) {
			t.Errorf("%s: finished %t, %+v, %d steps of %d", limit, r.Finished, r.Verified, len(r.Chain), len(w.Chain))
		}
	}
}

// TestReuseToProve holds that a finished search can be proven by another one that takes over its scores, also where
// each has chosen ranges for single activations.
func TestReuseToProve(t *testing.T) {
	c := twelveHolders(t)
	c.Target, c.RangeLow = "16bit-0.03", "auto"
	first := mustSearch(t, c)
	if last := first.Ranges[len(first.Ranges)-1]; last.Method != "each" {
		t.Fatalf("no choice for single activations was tried: %+v", first.Ranges)
	}
	chosen := 0
	again := c
	again.Prove, again.Reuse, again.Out = "all", c.Out, filepath.Join(t.TempDir(), "proven")
	again.Say = func(text string) {
		if strings.HasPrefix(text, "ranges of int8 by") {
			chosen++
		}
	}
	r := mustSearch(t, again)
	if chosen != 0 || r.Proof == nil || !r.Proof.Minimal || len(r.Promotion) > len(first.Promotion) {
		t.Errorf("ranges chosen %d times, proof %+v, %d at int16 of %d", chosen, r.Proof, len(r.Promotion), len(first.Promotion))
	}
}

// TestReuseOfItself holds that a folder is not its own source, though it is not there yet.
func TestReuseOfItself(t *testing.T) {
	c := tasktest.TinyConfig(t, 60)
	c.Reuse = c.Out + string(filepath.Separator)
	if _, err := Search(context.Background(), c); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "names the same folder") {
		t.Errorf("%v", err)
	}
	c.Target = "16bit-0.1,16bit-0.05"
	if _, err := SearchTargets(context.Background(), c); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "names the same folder") {
		t.Errorf("a list: %v", err)
	}
}

// TestReuseIsGone holds that a run goes on when the folder that it took scores from is no longer there.
func TestReuseIsGone(t *testing.T) {
	c := tasktest.TinyConfig(t, 60)
	c.Target, c.Strategy = "16bit-0.1", "bisect"
	mustSearch(t, c)
	ctx, stop := context.WithCancel(context.Background())
	own := c
	own.Reuse, own.Strategy, own.Out = c.Out, "rank", filepath.Join(t.TempDir(), "own")
	broken := own
	broken.Progress = func(e search.Event) {
		if e.Kind == search.EventTrial {
			stop()
		}
	}
	if _, err := Search(ctx, broken); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(c.Out); err != nil {
		t.Fatal(err)
	}
	if r := mustSearch(t, own); !r.Met || !r.Finished {
		t.Errorf("met %t, finished %t", r.Met, r.Finished)
	}
}

// TestDefaultSessionsAreShared holds that a list of targets, and a run that takes over another, score a mix in a
// default session once: changed numbers in the journal of the first show it.
func TestDefaultSessionsAreShared(t *testing.T) {
	c := tasktest.TinyConfig(t, 60)
	c.Session, c.Strategy = "default", "rank"
	list := c
	list.Target = "16bit-0.2,16bit-0.05"
	first := c
	first.Target, first.Out = "16bit-0.2", filepath.Join(c.Out, "16bit-0.2")
	r := mustSearch(t, first)
	j, err := openForTest(first.Out)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	err = j.EachInDefault(journal.Limits{Holders: len(r.Holders), Total: 60, Blocks: 60}, func(m search.Mask, score search.Score) {
		if err := j.LearntInDefault(m, search.Score{Count: 7, Total: 60}); err != nil {
			t.Error(err)
		}
		changed++
	})
	if err = errors.Join(err, j.Close()); err != nil || changed == 0 || changed != len(r.Sessions) {
		t.Fatalf("%d of %d mixes, %v", changed, len(r.Sessions), err)
	}
	remembered := func(r *config.Result) (n int) {
		for _, m := range r.Sessions {
			if *m.Default.Correct == 7 {
				n++
			}
		}
		return n
	}
	both, err := SearchTargets(context.Background(), list)
	if len(both) != 2 || remembered(both[1]) == 0 {
		t.Errorf("%d results of a list, %v", len(both), err)
	}
	other := c
	other.Target, other.Reuse, other.Out = "16bit-0.1", first.Out, filepath.Join(t.TempDir(), "other")
	if r, err := Search(context.Background(), other); r == nil || remembered(r) == 0 {
		t.Errorf("%v: nothing was taken over", err)
	}
}

// TestProofOfTheBase holds that all int16 is not called minimal where it misses the target in a default session.
func TestProofOfTheBase(t *testing.T) {
	s := newSearch(trialtest.Compiled(t, tasktest.TinyConfig(t, 60)))
	s.Config.Session, s.Config.Say, s.Config.Prove = "default", func(string) {}, "all"
	s.above = s.HighScore.Float() - 0.1
	s.Layout.Pinned, s.Result = search.NewMask(len(s.Records)), &config.Result{}
	s.Units()
	s.inDefault = func(context.Context, search.Mask) (search.Score, error) {
		return search.Score{Count: 1, Total: 60}, nil
	}
	s.sessions = map[string]bool{}
	f := search.Result{Mask: s.Layout.Pinned.Clone(), Holds: true, Proof: &search.Proof{Minimal: true, Least: len(s.Units()), From: len(s.Units()), Mask: s.Layout.Pinned.Clone()}}
	lost, err := s.holdBase(context.Background(), &f, true)
	p := s.Result.Proof
	if err != nil || !errors.Is(lost, ErrUnreachable) || p == nil || p.From != nil || *p.Least != len(s.Units())+1 {
		t.Errorf("%v, %v, %+v", lost, err, p)
	}
}

// TestListIsMadeAgain holds that the common curve and page of a list are made again where all its targets are finished,
// as after a kill before them, and that one target is no run for the folder of a list.
func TestListIsMadeAgain(t *testing.T) {
	c := tasktest.TinyConfig(t, 60)
	c.Target = "16bit-0.2,16bit-0.1"
	if _, err := SearchTargets(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	curve := filepath.Join(c.Out, journal.CurveFile)
	want := tasktest.ReadFile(t, curve)
	if err := os.Remove(curve); err != nil {
		t.Fatal(err)
	}
	if _, err := SearchTargets(context.Background(), c); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "for every target of the list") {
		t.Errorf("%v", err)
	}
	if got := tasktest.ReadFile(t, curve); string(got) != string(want) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	c.Target = "16bit-0.1"
	if _, err := Search(context.Background(), c); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "the folder holds other runs, such as ") {
		t.Errorf("%v", err)
	}
}
