package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// alone runs a search of one target in a folder of its own.
func alone(t *testing.T, c config.Config, target string) *config.Result {
	t.Helper()
	c.Target, c.Out = target, filepath.Join(t.TempDir(), "alone")
	r, err := Search(context.Background(), c)
	if r == nil || r.Score.Mixed == nil {
		t.Fatal(err)
	}
	return r
}

// sameAsAlone holds the folders of a list against runs alone: the same decisions, and the same promotion list.
func sameAsAlone(t *testing.T, c config.Config, list []*config.Result) {
	t.Helper()
	for _, r := range list {
		single := alone(t, c, r.Target.Text)
		if a, b := decisions(t, r), decisions(t, single); a != b {
			t.Errorf("target %s: %s\nalone: %s", r.Target.Text, a, b)
		}
		for _, name := range []string{journal.PromotionFile, journal.CurveFile, journal.MixedFile} {
			a, aerr := os.ReadFile(filepath.Join(r.Config.Out, name))
			b, berr := os.ReadFile(filepath.Join(single.Config.Out, name))
			if aerr != nil || berr != nil || string(a) != string(b) {
				t.Errorf("target %s: %s differs from that of a run alone: %v %v", r.Target.Text, name, aerr, berr)
			}
		}
		if r.Met != single.Met || !r.Finished || r.Verified == nil || !r.Verified.Identical {
			t.Errorf("target %s: met %t, alone %t; finished %t, %+v", r.Target.Text, r.Met, single.Met, r.Finished, r.Verified)
		}
	}
}

// TestTargetsAnswerAsAlone holds that every target of a list has the answer of a run alone, by strategies with and
// without a ranking, and that they share their work.
func TestTargetsAnswerAsAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, strategy := range []string{"auto", "demotion", "rank"} {
		cfg := tasktest.TinyConfig(t, 90)
		cfg.Strategy, cfg.Target = strategy, "16bit-0.03, 16bit-0.1,50%,0.2,16bit-0.06"
		list, err := SearchTargets(context.Background(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 5 {
			t.Fatalf("%d results of 5 targets", len(list))
		}
		sameAsAlone(t, cfg, list)
		later := 0.0
		for _, r := range list[1:] {
			later += r.SampleEvals
			if r.SetUpSeconds != 0 {
				t.Errorf("target %s has a set-up of %v s", r.Target.Text, r.SetUpSeconds)
			}
		}
		t.Logf("%s: the first takes %.1f passes, the four others %.1f", strategy, list[0].SampleEvals/90, later/90)
		if later > 1.5*list[0].SampleEvals {
			t.Errorf("%s: the others take %.0f sample passes, the first %.0f", strategy, later, list[0].SampleEvals)
		}
		curve, err := os.ReadFile(filepath.Join(cfg.Out, journal.CurveFile))
		if lines := strings.Split(strings.TrimSpace(string(curve)), "\n"); err != nil || len(lines) != 6 || !strings.HasPrefix(lines[2], "16bit-0.1,") {
			t.Errorf("curve %q, %v", curve, err)
		}
	}
}

// TestTargetsGoOn interrupts a list after its first target and in the middle of the second: what is ready stays, and
// the same list comes to the same end.
func TestTargetsGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 90)
	cfg.Target = "16bit-0.03,16bit-0.1,16bit-0.06"
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broken, begun, seen := cfg, 0, 0
	broken.Next = func(string) { begun++ }
	broken.Progress = func(search.Event) {
		if begun == 2 {
			if seen++; seen == 3 {
				stop()
			}
		}
	}
	list, err := SearchTargets(ctx, broken)
	if !errors.Is(err, context.Canceled) || len(list) != 2 || !list[0].Finished || list[1].Finished {
		t.Fatalf("%d results, %v", len(list), err)
	}
	if curve, err := os.ReadFile(filepath.Join(cfg.Out, journal.CurveFile)); err != nil || strings.Count(string(curve), "\n") != 2 {
		t.Errorf("curve %q, %v", curve, err)
	}
	if list, err = SearchTargets(context.Background(), cfg); err != nil || len(list) != 3 {
		t.Fatalf("%d results, %v", len(list), err)
	}
	sameAsAlone(t, cfg, list)
	if _, err := SearchTargets(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "the folder holds a finished run for every target of the list") {
		t.Errorf("a list that is finished: %v", err)
	}
	more := cfg
	more.Target += ",16bit-0.08"
	grown, err := SearchTargets(context.Background(), more)
	if err != nil || len(grown) != 4 {
		t.Fatalf("%d results, %v", len(grown), err)
	}
	sameAsAlone(t, cfg, grown[3:])
	again := cfg
	again.Force = true
	if _, err = SearchTargets(context.Background(), again); err == nil || !strings.Contains(err.Error(), "another list, with the target 16bit-0.08") {
		t.Errorf("another list: %v", err)
	}
	again.Target = more.Target
	if list, err = SearchTargets(context.Background(), again); err != nil || len(list) != 4 {
		t.Fatalf("with force: %d results, %v", len(list), err)
	}
	sameAsAlone(t, cfg, list[:1])
}

// TestTargetsMissed holds that a target that cannot be met ends no other search, and that the error names it.
func TestTargetsMissed(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Target = "0.999999,16bit-0.1,16bit+0.5"
	list, err := SearchTargets(context.Background(), cfg)
	if ExitCode(err) != ExitUnreachable || len(list) != 3 || list[0].Met || !list[1].Met || list[2].Met {
		t.Fatalf("%d results, %v", len(list), err)
	}
	for _, name := range []string{"target 0.999999: ", "; target 16bit+0.5: "} {
		if !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v", err)
		}
	}
}

// TestTargetsRefused holds what is no list, before anything is run or written.
func TestTargetsRefused(t *testing.T) {
	for _, c := range []struct{ target, want string }{
		{"16bit-0,005", "16bit-0,005"},
		{",", "a target is missing between two commas"},
		{"16bit-0.01,", "a target is missing between two commas"},
		{"16bit-0.01,,0.5", "a target is missing between two commas"},
		{"0.91,16bit-0.01, 0.910", "0.91 and 0.910 are the same target"},
		{"16bit-0.01,16bit-0.01", "16bit-0.01 and 16bit-0.01 are the same target"},
		{"0.5,lots", "target \"lots\": write a number such as"},
		{"16bit-0.01,91", "agreement is a fraction between 0 and 1"},
	} {
		cfg := tasktest.TinyConfig(t, 60)
		cfg.Target = c.target
		list, err := SearchTargets(context.Background(), cfg)
		if !mistake.Is(err) || !strings.Contains(fmt.Sprint(err), c.want) || list != nil {
			t.Errorf("%q: %v, want %q", c.target, err, c.want)
		}
		if _, err := os.Stat(cfg.Out); err == nil {
			t.Errorf("%q: left a folder", c.target)
		}
	}
	cfg := tasktest.TinyConfig(t, 60)
	mustSearch(t, cfg)
	cfg.Target = "16bit-0.03,16bit-0.1"
	if _, err := SearchTargets(context.Background(), cfg); !mistake.Is(err) || !strings.Contains(err.Error(), "a list needs a folder of its own") {
		t.Errorf("the folder of one target: %v", err)
	}
}
