package journal

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/mistake"
)

// TestLockExcludes has many holders take a folder's lock and leave the folder as it was, again and again: never two
// at once, whether the folder is made and removed each time or is always there.
func TestLockExcludes(t *testing.T) {
	for _, c := range []struct {
		name  string
		stays bool
	}{{"a folder that is made", false}, {"a folder that is there", true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "run")
			if c.stays {
				if err := os.Mkdir(dir, 0o777); err != nil {
					t.Fatal(err)
				}
			}
			var inside, holds, overlaps atomic.Int64
			var all sync.WaitGroup
			end := time.Now().Add(400 * time.Millisecond)
			for range 6 {
				all.Go(func() {
					for time.Now().Before(end) {
						f, err := OpenFolder(dir)
						if err != nil {
							if !errors.Is(err, mistake.Err) {
								t.Error(err)
							}
							continue
						}
						holds.Add(1)
						if inside.Add(1) > 1 {
							overlaps.Add(1)
						}
						time.Sleep(100 * time.Microsecond)
						inside.Add(-1)
						f.Abandon()
					}
				})
			}
			all.Wait()
			if holds.Load() < 4 || overlaps.Load() > 0 {
				t.Errorf("%d of %d holds overlapped with another", overlaps.Load(), holds.Load())
			}
			if _, err := os.Stat(dir); c.stays && err != nil {
				t.Error(err)
			}
		})
	}
}
