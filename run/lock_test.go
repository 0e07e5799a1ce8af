package run

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
)

// TestLateHolderLeavesARunAlone lets a holder that finds a run, begun after it has first looked, end without one of
// its own.
func TestLateHolderLeavesARunAlone(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 24)
	if err := os.Mkdir(cfg.Out, 0o777); err != nil {
		t.Fatal(err)
	}
	late := &journal.Folder{Path: cfg.Out}
	if held, err := late.HoldsRun(); held || err != nil {
		t.Fatal(held, err)
	}
	interrupt(t, cfg) // the run of another
	f, err := journal.OpenFolder(cfg.Out)
	if err != nil {
		t.Fatal(err)
	}
	f.Abandon()
	if kind, err := journal.JournalKind(filepath.Join(cfg.Out, journal.JournalFile)); err != nil || kind != journal.OurJournal {
		t.Errorf("the journal: %d, %v", kind, err)
	}
	mustSearch(t, cfg)
}

// TestLeftoversAreRemoved has files that killed searches were writing removed when the run goes on, and no others.
func TestLeftoversAreRemoved(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cfg := tasktest.TinyConfig(t, 24)
	interrupt(t, cfg)
	gone := []string{".result.json.0a1b2c3d.tmp", ".mixed.onnx.00000000.tmp", ".journal.db.12345678.tmp", ".result.json-123456", ".curve.csv-1"}
	stay := []string{".notes", "my.result.json.0a1b2c3d.tmp"}
	for _, name := range append(gone, stay...) {
		tasktest.WriteFile(t, filepath.Join(cfg.Out, name), nil)
	}
	mustSearch(t, cfg)
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(cfg.Out, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range stay {
		if _, err := os.Stat(filepath.Join(cfg.Out, name)); err != nil {
			t.Error(err)
		}
	}
}
