package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/journal"
	"example.org/demote/internal/live"
	"example.org/demote/search"
)

// TestLadderTargets: every target of a list has the ladder of a run alone, file by file, in both of its steps; the
// later first steps run less than alone. The list is finished then, and a longer one goes on.
func TestLadderTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := searchOfLadder(t)
	c.RangeLow, c.Target = "auto", "16bit-0.1, 16bit-0.15,16bit-0.04"
	list, err := SearchTargets(context.Background(), c)
	if err != nil || len(list) != 3 {
		t.Fatalf("%d results, %v", len(list), err)
	}
	sameAsAlone(t, c, list)
	saved := 0
	for _, r := range list {
		first, err := ReadResult(LadderFolder(filepath.Join(c.Out, r.Target.Text)))
		if err != nil {
			t.Fatal(err)
		}
		single := alone(t, c, r.Target.Text)
		step, err := ReadResult(LadderFolder(single.Config.Out))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := decisions(t, first), decisions(t, step); a != b {
			t.Errorf("target %s, step 1: %s\nalone: %s", r.Target.Text, a, b)
		}
		saved += step.Trials - first.Trials
	}
	if saved <= 0 {
		t.Errorf("the first steps have run %d masks less than alone", saved)
	}
	curve, err := os.ReadFile(filepath.Join(c.Out, journal.CurveFile))
	if lines := strings.Split(strings.TrimSpace(string(curve)), "\n"); err != nil || len(lines) != 4 || lines[0] != "target,above,met,int4_holders,int8_holders,int16_holders,true_score,cost" || !strings.HasPrefix(lines[2], "16bit-0.15,") {
		t.Errorf("curve %q, %v", curve, err)
	}
	if s, ok, err := live.Read(c.Out); !ok || err != nil || !s.Finished {
		t.Errorf("a finished list: %+v, %v, %v", s.Now, ok, err)
	}
	if _, err := SearchTargets(context.Background(), c); !errors.Is(err, journal.ErrFinished) || ExitCode(err) != ExitMistake {
		t.Errorf("a finished list: %v", err)
	}
	c.Target += ",16bit-0.2"
	if list, err = SearchTargets(context.Background(), c); err != nil || len(list) != 4 || !list[3].Finished {
		t.Errorf("a longer list: %d results, %v", len(list), err)
	}
}

// TestLadderTargetsGoOn: interrupted in the first step of its second target, a list goes on to the same end; whoever
// watches it meanwhile sees that it has not ended. A target that cannot be met ends no other.
func TestLadderTargetsGoOn(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := searchOfLadder(t)
	c.Target = "16bit-0.15,16bit+0.3,16bit-0.1"
	whole := c
	whole.Out = filepath.Join(t.TempDir(), "whole")
	want, err := SearchTargets(context.Background(), whole)
	if ExitCode(err) != ExitUnreachable || len(want) != 3 || want[1].Met || !want[2].Met {
		t.Fatalf("%d results, %v", len(want), err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	broken, at := c, ""
	broken.Next = func(name string) { at = name }
	broken.Progress = func(e search.Event) {
		if at == "16bit+0.3, step 1" && e.Kind == search.EventTrial {
			if s, ok, err := live.Read(c.Out); err != nil || ok && s.Finished {
				t.Errorf("under way: %+v, %v", s.Now, err)
			}
			stop()
		}
	}
	if list, err := SearchTargets(ctx, broken); !errors.Is(err, context.Canceled) || len(list) == 0 || !list[0].Finished {
		t.Fatalf("%d results, %v", len(list), err)
	}
	list, err := SearchTargets(context.Background(), c)
	if ExitCode(err) != ExitUnreachable || len(list) != 3 {
		t.Fatalf("%d results, %v", len(list), err)
	}
	for i, r := range list {
		if promotedBy(r) != promotedBy(want[i]) || !r.Finished {
			t.Errorf("%s: going on ends with %s, in one go %s", r.Target.Text, promotedBy(r), promotedBy(want[i]))
		}
	}
}

// TestLadderTargetsForced: with --force a list with other grids begins anew in the folder of one that is finished.
func TestLadderTargetsForced(t *testing.T) {
	c := searchOfLadder(t)
	c.RangeLow, c.Target = "minmax", "16bit-0.15,16bit-0.1"
	if _, err := SearchTargets(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	c.RangeLow, c.Force = "mse", true
	list, err := SearchTargets(context.Background(), c)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d results, %v", len(list), err)
	}
	sameAsAlone(t, c, list)
}

// TestLadderTargetsRefused: what no ladder can answer is refused before the first begins, and leaves nothing.
func TestLadderTargetsRefused(t *testing.T) {
	for target, want := range map[string]string{"16bit-0.1,50%": "measured between two widths", "16bit-0.1,": "a target is missing", "0.5,0.50": "are the same target"} {
		c := searchOfLadder(t)
		c.Target = target
		if _, err := SearchTargets(context.Background(), c); err == nil || !strings.Contains(err.Error(), want) || ExitCode(err) != ExitMistake {
			t.Errorf("%s: %v", target, err)
		}
		if _, err := os.Stat(c.Out); err == nil {
			t.Errorf("%s: refused, and a folder is left", target)
		}
	}
	c := searchOfLadder(t)
	c.Target, c.Out = "16bit-0.1,16bit-0.2", ""
	if _, err := SearchTargets(context.Background(), c); err == nil || !strings.Contains(err.Error(), "out is missing") {
		t.Errorf("without a folder: %v", err)
	}
	c = searchOfLadder(t)
	c.Target, c.DryRun = "16bit-0.1,16bit-0.2", true
	if r, err := SearchTargets(context.Background(), c); err != nil || len(r) != 1 {
		t.Errorf("a dry run: %v, %v", r, err)
	}
	if _, err := os.Stat(c.Out); err == nil {
		t.Error("a dry run has made a folder")
	}
}
