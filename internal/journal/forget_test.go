package journal_test

import (
	"path/filepath"
	"testing"

	"example.org/demote/internal/journal"
)

// TestForgetLastTries: with the scores go the last tries, which have scores too; the ranges stay, which are a choice.
func TestForgetLastTries(t *testing.T) {
	j, err := journal.Open(filepath.Join(t.TempDir(), journal.JournalFile), journal.Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, err := range []error{j.KeepLastTries("tries"), j.KeepRanges("ranges")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if tries, err := j.LastTries(); err != nil || tries != "tries" {
		t.Fatalf("%q, %v", tries, err)
	}
	if err := j.Forget(); err != nil {
		t.Fatal(err)
	}
	tries, err := j.LastTries()
	ranges, err2 := j.Ranges()
	if err != nil || err2 != nil || tries != "" || ranges != "ranges" {
		t.Errorf("tries %q, %v, ranges %q, %v", tries, err, ranges, err2)
	}
}
