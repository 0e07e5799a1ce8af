package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/demote/internal/journal"
	"example.org/demote/mistake"
)

// TestNowIsReadBesideTheRun: how a run stands is read while it writes, and when it has ended; all of the
// journal is in its file then, also where somebody reads while the run closes it.
func TestNowIsReadBesideTheRun(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, journal.JournalFile)
	j, err := journal.Open(path, journal.Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := journal.ReadNow(dir); err != nil || !n.At.IsZero() || n.Finished {
		t.Errorf("before anything: %+v, %v", n, err)
	}
	at := time.Now().Round(0)
	for i := range 200 {
		if err := j.KeepNow(journal.Now{At: at, Trials: i, Mask: "101", Left: &[2]float64{1, 2}}); err != nil {
			t.Fatal(err)
		}
		n, err := journal.ReadNow(dir)
		if err != nil || n.Trials != i || !n.At.Equal(at) || n.Mask != "101" || *n.Left != [2]float64{1, 2} || n.Finished {
			t.Fatalf("%d: %+v, %v", i, n, err)
		}
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	stop, ended := make(chan bool), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if _, err := journal.ReadNow(dir); err != nil {
				ended <- err
				return
			}
		}
	}()
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n, err := journal.ReadNow(dir); err != nil || !n.Finished || n.Trials != 199 {
		t.Errorf("at the end: %+v, %v", n, err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() != 0 {
		t.Errorf("%d bytes are in the log, and not in the journal", info.Size())
	}
}

// TestNowOfOtherFolders refuses what is no run.
func TestNowOfOtherFolders(t *testing.T) {
	dir := t.TempDir()
	if _, err := journal.ReadNow(dir); err == nil {
		t.Error("an empty folder")
	}
	if err := os.WriteFile(filepath.Join(dir, journal.JournalFile), []byte("no journal"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := journal.ReadNow(dir)
	if !errors.Is(err, mistake.Err) {
		t.Errorf("another file: %v", err)
	}
}
