package disk

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSweepsWhatHasNoLock holds that a folder whose process was killed before it had a lock is removed, if it is empty
// and not of the last minute.
func TestSweepsWhatHasNoLock(t *testing.T) {
	dir := t.TempDir()
	for name, old := range map[string]bool{"demote-1": true, "demote-2": false, "demote-3": true} {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if name == "demote-3" {
			if err := os.WriteFile(filepath.Join(path, "somebody's"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if at := time.Now().Add(-time.Hour); old {
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func(name string) bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
	if n := sweep(dir); n != 1 || left("demote-1") || !left("demote-2") || !left("demote-3") {
		t.Errorf("%d were removed: %v %v %v are left", n, left("demote-1"), left("demote-2"), left("demote-3"))
	}
}
