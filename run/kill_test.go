package run

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// runsToBreak are searches of every strategy and with everything that writes into a run folder.
func runsToBreak(t *testing.T) map[string]config.Config {
	all := map[string]config.Config{}
	add := func(name string, change func(c *config.Config)) {
		c := tasktest.TinyConfig(t, 60)
		c.EveryCut = false // a child has it not
		change(&c)
		c.Out = filepath.Join(t.TempDir(), "run")
		all[name] = c
	}
	for _, strategy := range Strategies() {
		add(strategy, func(c *config.Config) { c.Strategy = strategy })
	}
	add("curve and exports", func(c *config.Config) {
		c.Curve, c.Export = true, []string{"promotion", "encodings", "overrides", "mctq"}
	})
	add("budget", func(c *config.Config) { c.Strategy, c.Trials = "greedy", 12 })
	add("share", func(c *config.Config) { c.Strategy, c.Target, c.Int16Share = "auto", "", "30%" })
	add("cost budget", func(c *config.Config) { c.Strategy, c.Target, c.Budget, c.Cost = "auto", "", "1.3x", "bops" })
	add("hold-out", func(c *config.Config) {
		c.Strategy, c.Holdout, c.Confidence, c.Curve, c.Target = "auto", "40%", "0.8", true, "16bit-0.2"
	})
	add("default session", func(c *config.Config) { c.Session = "default" })
	add("value", func(c *config.Config) { c.Metric, c.Target = "sqnr", "50%" })
	add("command", func(c *config.Config) {
		c.Metric, c.MetricCmd, c.Strategy, c.Target, c.Int16Share = "", "cksum | cut -c1-6", "auto", "", "50%"
	})
	add("constraints", func(c *config.Config) { c.Pins, c.Groups = []string{"a1=int16"}, []string{"a2,r2"} })
	follow := followConfig(t, "mctq/lutpot_low", "mctq/lutpot_high", "50%")
	follow.Out = filepath.Join(t.TempDir(), "run")
	all["pair that follows"] = follow
	if raced { // which finds nothing in a process of its own, and makes it ten times slower
		maps.DeleteFunc(all, func(name string, _ config.Config) bool {
			return name != "auto" && name != "curve and exports" && name != "hold-out"
		})
	}
	return all
}

// TestKilled kills searches at random instants with a signal that cannot be caught, and starts the same command again
// until it ends: always with the files of a search that was left alone, nothing else in the folder, and the same
// whole scores in the journal.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	all := runsToBreak(t)
	for name, cfg := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the searches are processes of their own
			killing(t, cfg, max(1, kills/len(all)))
		})
	}
}

func killing(t *testing.T, cfg config.Config, kills int) {
	t.Helper()
	start := time.Now()
	ended := child(t, cfg, 0)
	if ended != ExitFound && ended != ExitUnreachable {
		t.Fatalf("exit code %d", ended)
	}
	took := time.Since(start)
	want, wantScores := finished(t, cfg)
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	done, killed := 0, 0
	for killed < kills {
		cfg.Out = filepath.Join(t.TempDir(), "run")
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
			if code == ended {
				break
			} else if code != -1 {
				t.Fatalf("exit code %d after %d kills", code, killed)
			}
			killed++
		}
		done++
		got, scores := finished(t, cfg)
		if got != want {
			t.Fatalf("after %d kills, seed %d: %s\nwithout: %s", killed, seed, got, want)
		}
		if !slices.Equal(scores, wantScores) {
			t.Fatalf("after %d kills, seed %d, the journal holds %d whole scores, without %d", killed, seed, len(scores), len(wantScores))
		}
	}
	t.Logf("%d kills, %d searches came to their end", killed, done)
}

// TestCopied copies the folder of a search while it runs, file by file in any order, damages what a copy may lack,
// and gives the same command for the copy: it comes to the same files, or says in a line that it is finished or
// damaged.
func TestCopied(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	var refused, resumed atomic.Int64
	t.Run("all", func(t *testing.T) { // ends with the last of them
		all := runsToBreak(t)
		for name, cfg := range all {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // the searches are processes of their own
				copying(t, name, cfg, max(1, copies/len(all)), &resumed, &refused)
			})
		}
	})
	t.Logf("%d copies resumed, %d refused in a line", resumed.Load(), refused.Load())
	if resumed.Load() == 0 {
		t.Error("no copy went on")
	}
}

func copying(t *testing.T, name string, cfg config.Config, copies int, resumed, refused *atomic.Int64) {
	t.Helper()
	start := time.Now()
	ended := child(t, cfg, 0)
	took := time.Since(start)
	want, _ := finished(t, cfg)
	seed := crc32.ChecksumIEEE([]byte(name)) // that not all copies are made at the same time
	rng := rand.New(rand.NewPCG(uint64(seed), 3))
	for range copies {
		cfg := cfg
		cfg.Out = filepath.Join(t.TempDir(), "run")
		copied := make(chan string, 1)
		after := time.Duration((0.2 + 0.8*rng.Float64()) * float64(took))
		how := rng.IntN(6)
		go func() {
			time.Sleep(after)
			copied <- copyAlive(cfg.Out, filepath.Join(t.TempDir(), "copy"), how, rng)
		}()
		if code := child(t, cfg, 0); code != ended {
			t.Fatalf("exit code %d", code)
		}
		cfg.Out = <-copied
		switch code := child(t, cfg, 0); code {
		case ended:
			resumed.Add(1)
			if got, _ := finished(t, cfg); got != want {
				t.Errorf("a copy after %v, seed %d: %s\nwithout: %s", after, seed, got, want)
			}
		case ExitMistake: // a line, which child hands on to the test's standard error
			refused.Add(1)
		default:
			t.Errorf("exit code %d", code)
		}
	}
}

// copyAlive copies a folder whose files change, in a random order, and may lose a part of the log.
func copyAlive(from, to string, how int, rng *rand.Rand) string {
	_ = os.MkdirAll(to, 0o777)
	entries, _ := os.ReadDir(from)
	rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		if data, err := os.ReadFile(filepath.Join(from, e.Name())); err == nil {
			_ = os.WriteFile(filepath.Join(to, e.Name()), data, 0o666)
		}
	}
	log := filepath.Join(to, journal.JournalFile+"-wal")
	data, err := os.ReadFile(log)
	if err != nil || len(data) == 0 {
		return to
	}
	switch how {
	case 1:
		_ = os.WriteFile(log, data[:rng.IntN(len(data))], 0o666)
	case 2:
		_ = os.Remove(log)
	case 3:
		clear(data[rng.IntN(len(data)):])
		_ = os.WriteFile(log, data, 0o666)
	case 4:
		_ = os.Remove(filepath.Join(to, journal.JournalFile+"-shm"))
	}
	return to
}

// child runs a search in a process of its own and kills it after a while; 0: never. The exit code
// of a killed one is -1.
func child(t *testing.T, cfg config.Config, after time.Duration) int {
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

// finished reads what a run that came to its end has left: every file, the result without what differs from session
// to session, and the whole scores of the journal.
func finished(t *testing.T, cfg config.Config) (string, []string) {
	t.Helper()
	r, err := ReadResult(cfg.Out)
	if err != nil || !r.Finished {
		t.Fatalf("result: %v", err)
	}
	var all strings.Builder
	entries, err := os.ReadDir(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(cfg.Out, e.Name()))
		switch {
		case err != nil:
			t.Fatal(err)
		case e.Name() == result.File:
			fmt.Fprintf(&all, "%s %s\n", e.Name(), lasting(t, data))
		case e.Name() == journal.JournalFile || e.Name() == "report.html":
			fmt.Fprintln(&all, e.Name())
		default:
			fmt.Fprintf(&all, "%s %x\n", e.Name(), sha256.Sum256(data))
		}
	}
	j, err := openForTest(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	scores := map[string]bool{}
	l := journal.Limits{Holders: len(r.Holders), Blocks: r.Samples}
	if r.Score.High.Total != nil {
		l.Total = *r.Score.High.Total
	}
	err = j.Load(l, func(m search.Mask, s search.Score, _ []byte) { scores[fmt.Sprint(m, s)] = true }, func(search.Mask, bounds.Progress, []byte) {})
	if err != nil {
		t.Fatal(err)
	}
	return all.String(), slices.Sorted(maps.Keys(scores))
}

// lasting is a result without what is of a session: times, work, paths.
func lasting(t *testing.T, data []byte) string {
	t.Helper()
	var r map[string]any
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"seconds", "setup_seconds", "setup", "stages", "command", "sample_evaluations", "trial_costs", "metric_command", "config"} {
		delete(r, key)
	}
	if q, ok := r["questions"].(map[string]any); ok {
		delete(q, "seconds")
	}
	if exports, ok := r["exports"].([]any); ok {
		for _, e := range exports {
			delete(e.(map[string]any), "files")
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
