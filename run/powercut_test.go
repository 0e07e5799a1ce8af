package run

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// slowSample is how long the metric slow-agreement takes for a sample.
var slowSample atomic.Int64

func init() {
	err := metric.Register(metric.Custom{Name: "slow-agreement", Reference: true, Count: true, Gain: func(row []float32, s metric.Sample) float64 {
		time.Sleep(time.Duration(slowSample.Load()))
		if metric.Top1(row) == metric.Top1(s.Reference) {
			return 1
		}
		return 0
	}})
	if err != nil {
		panic(err)
	}
}

// slowConfig is a search of some seconds whose scores are learnt one by one.
func slowConfig(t *testing.T) config.Config {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Metric, cfg.Target, cfg.Workers = "slow-agreement", "16bit-0.01", 1
	return cfg
}

// A powerCut is what a disk has after the power was cut at an instant.
type powerCut struct {
	at     time.Time
	folder string // with what is on disk
}

// cutting runs a slow search and hands every instant at which the power is cut to cut, which says what the disk has
// then. It returns the cuts, and when each mask was learnt.
func cutting(t *testing.T, cfg config.Config, cuts int, cut func(n int) (folder string, ok bool)) (list []powerCut, learnt map[string]time.Time) {
	t.Helper()
	slowSample.Store(int64(2 * time.Millisecond))
	defer slowSample.Store(0)
	var mu sync.Mutex
	learnt = map[string]time.Time{}
	journal.OnLearnt = func(m search.Mask) {
		mu.Lock()
		defer mu.Unlock()
		learnt[m.String()] = time.Now()
	}
	defer func() { journal.OnLearnt = nil }()
	done := make(chan error, 1)
	go func() {
		_, err := Search(context.Background(), cfg)
		done <- err
	}()
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, seed))
	for n := 0; n < cuts; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return list, learnt
		case <-time.After(time.Duration(rng.IntN(250)) * time.Millisecond):
		}
		at := time.Now()
		if folder, ok := cut(n); ok {
			list = append(list, powerCut{at, folder})
			n++
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return list, learnt
}

// survives holds what every power cut has left to the promise: the same command goes on to the same result, and no
// score is lost that was learnt more than a second before.
func survives(t *testing.T, cfg config.Config, cuts []powerCut, learnt map[string]time.Time, want string) {
	t.Helper()
	resumed, kept := 0, 0
	for i, c := range cuts {
		known := map[string]bool{}
		path := filepath.Join(c.folder, journal.JournalFile)
		if _, err := os.Stat(path); err == nil {
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := db.Query(`SELECT mask FROM scores WHERE total IS NOT NULL`)
			if err != nil {
				t.Fatalf("cut %d: %v", i, err)
			}
			for rows.Next() {
				var mask string
				if err := rows.Scan(&mask); err != nil {
					t.Fatal(err)
				}
				known[mask] = true
			}
			if err := errors.Join(rows.Err(), rows.Close(), db.Close()); err != nil {
				t.Fatal(err)
			}
		}
		kept += len(known)
		for mask, when := range learnt {
			if c.at.Sub(when) > time.Second && !known[mask] {
				t.Errorf("cut %d: the score of %s was learnt %v before and is lost", i, mask, c.at.Sub(when))
			}
		}
		again := cfg
		again.Out = c.folder
		r, err := Search(context.Background(), again)
		if err != nil {
			if prior, rerr := ReadResult(c.folder); rerr == nil && prior.Finished { // the search had come to its end
				r = prior
			} else {
				t.Errorf("cut %d: %v", i, err)
				continue
			}
		}
		if got := decisions(t, r); got != want {
			t.Errorf("cut %d: %s\nwithout: %s", i, got, want)
		}
		resumed++
	}
	t.Logf("%d cuts, %d resumed or finished, %d scores kept in all", len(cuts), resumed, kept)
	if len(cuts) < 10 || kept == 0 {
		t.Errorf("%d cuts with %d scores: the search is too short for this test", len(cuts), kept)
	}
}

// powerCuts is at how many instants the power is cut.
const powerCuts = 20

// TestPowerCutImitated keeps, of what the journal writes, only what was forced to disk, as a disk does at worst.
func TestPowerCutImitated(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := slowConfig(t)
	plain := cfg
	plain.Out += "-left-alone"
	want := decisions(t, mustSearch(t, plain))
	var mu sync.Mutex
	forced := "" // the newest state that is on disk
	states := t.TempDir()
	n := 0
	journal.OnForced = func(log string, size int64) {
		mu.Lock()
		defer mu.Unlock()
		n++
		dir := filepath.Join(states, fmt.Sprint(n))
		db, err := os.ReadFile(log[:len(log)-len("-wal")])
		if err != nil {
			return
		}
		wal, err := os.ReadFile(log)
		if err != nil || int64(len(wal)) < size || os.Mkdir(dir, 0o777) != nil {
			return
		}
		if os.WriteFile(filepath.Join(dir, journal.JournalFile), db, 0o666) == nil && os.WriteFile(filepath.Join(dir, journal.JournalFile+"-wal"), wal[:size], 0o666) == nil {
			forced = dir
		}
	}
	defer func() { journal.OnForced = nil }()
	cuts, learnt := cutting(t, cfg, powerCuts, func(int) (string, bool) {
		mu.Lock()
		defer mu.Unlock()
		if forced == "" { // at worst nothing at all
			return filepath.Join(t.TempDir(), "run"), true
		}
		return copyFolder(t, forced), true
	})
	journal.OnForced = nil
	survives(t, cfg, cuts, learnt, want)
}

// TestPowerCut cuts the power of a real file system: the file that it lies in is copied while a search runs, which
// leaves out what the system has not brought to disk. Where no loop device can be mounted, TestPowerCutImitated
// stands alone.
func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	disk, err := mountDisk(filepath.Join(t.TempDir(), "disk"), "")
	if err != nil {
		t.Logf("no file system can be mounted here (%v): see TestPowerCutImitated", err)
		return
	}
	defer disk.unmount()
	cfg := slowConfig(t)
	plain := cfg
	plain.Out += "-left-alone"
	want := decisions(t, mustSearch(t, plain))
	cfg.Out = filepath.Join(disk.folder, "run")
	images := t.TempDir()
	cuts, learnt := cutting(t, cfg, powerCuts, func(n int) (string, bool) {
		path := filepath.Join(images, fmt.Sprint(n))
		return path, copyFile(disk.image, path) == nil
	})
	for i := range cuts {
		after, err := mountDisk(filepath.Join(t.TempDir(), "after"), cuts[i].folder)
		if err != nil {
			t.Fatalf("cut %d: %v", i, err)
		}
		cuts[i].folder = filepath.Join(t.TempDir(), "run")
		from := filepath.Join(after.folder, "run")
		if _, err := os.Stat(from); err == nil {
			err = os.CopyFS(cuts[i].folder, os.DirFS(from))
			if err != nil {
				t.Fatal(err)
			}
		}
		after.unmount()
	}
	survives(t, cfg, cuts, learnt, want)
}

// A mounted is a file system in a file.
type mounted struct{ image, folder string }

// mountDisk mounts a file as a file system at path; without one it makes a small ext4.
func mountDisk(path, image string) (m mounted, err error) {
	m = mounted{image, path}
	if err := os.Mkdir(path, 0o777); err != nil {
		return m, err
	}
	if image == "" {
		m.image = path + ".img"
		f, err := os.Create(m.image)
		if err == nil {
			err = f.Truncate(16 << 20)
		}
		if err == nil {
			err = f.Close()
		}
		if err == nil {
			err = command("mkfs.ext4", "-q", "-F", m.image)
		}
		if err != nil {
			return m, err
		}
	}
	return m, command("mount", "-o", "loop", m.image, path)
}

func (m mounted) unmount() { _ = command("umount", m.folder) }

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %.200s", name, err, out)
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o666)
}
