package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"demote/backend/bounds"
	"demote/search"
)

// TestKilled kills searches at random instants with a signal that cannot be caught, and starts the
// same command again until it ends: always with the result of a search that was left alone, and
// with the same set of whole scores in the journal.
func TestKilled(t *testing.T) { killing(t, tinyConfig(t, 60), kills) }

func killing(t *testing.T, cfg Config, kills int) {
	t.Helper()
	start := time.Now()
	if code := child(t, cfg, 0); code != ExitFound {
		t.Fatalf("exit code %d", code)
	}
	took := time.Since(start)
	want, wantScores := finished(t, cfg)
	rng := rand.New(rand.NewPCG(7, 7))
	done, killed, folder := 0, 0, cfg.Out
	for killed < kills {
		cfg.Out = fmt.Sprintf("%s-%d", folder, done)
		for {
			after := time.Duration(rng.Float64() * float64(took))
			if killed >= kills {
				after = 0
			}
			code := child(t, cfg, after)
			if code == ExitMistake { // killed between the end of the run and that of the process
				if r, err := ReadResult(cfg.Out); err == nil && r.Finished {
					break
				}
			}
			if code == ExitFound {
				break
			} else if code != -1 {
				t.Fatalf("exit code %d after %d kills", code, killed)
			}
			killed++
		}
		done++
		got, scores := finished(t, cfg)
		if got != want {
			t.Fatalf("after %d kills: %s\nwithout: %s", killed, got, want)
		}
		if !slices.Equal(scores, wantScores) {
			t.Fatalf("after %d kills the journal holds %d whole scores, without %d", killed, len(scores), len(wantScores))
		}
	}
	t.Logf("%d kills, %d searches came to their end", killed, done)
}

// child runs a search in a process of its own and kills it after a while; 0: never. The exit code
// of a killed one is -1.
func child(t *testing.T, cfg Config, after time.Duration) int {
	t.Helper()
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DEMOTE_TEST_SEARCH="+string(text))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
		defer timer.Stop()
	}
	cmd.Wait()
	return cmd.ProcessState.ExitCode()
}

// finished reads what a run that came to its end has decided, and the whole scores of its journal.
func finished(t *testing.T, cfg Config) (string, []string) {
	t.Helper()
	r, err := ReadResult(cfg.Out)
	if err != nil || !r.Finished {
		t.Fatalf("result: %v", err)
	}
	j := &Journal{}
	if j.db, err = openDB(cfg.Out + "/" + JournalFile); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	scores := map[string]bool{}
	l := Limits{Holders: len(r.Holders), Blocks: r.Samples}
	if r.Score.High.Total != nil {
		l.Total = *r.Score.High.Total
	}
	err = j.Load(l, func(m search.Mask, s search.Score) { scores[fmt.Sprint(m, s)] = true }, func(search.Mask, bounds.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return decisions(t, r), slices.Sorted(maps.Keys(scores))
}
