package cluster

import (
	"crypto/sha256"
	"os"
	"testing"

	"example.org/demote/disk"
)

// TestCacheLeavesRoom holds that what a search sends does not fill a worker's disk.
func TestCacheLeavesRoom(t *testing.T) {
	c, err := OpenCache(t.TempDir() + "/cache")
	if err != nil {
		t.Fatal(err)
	}
	if free, ok := disk.Left(c.dir); !ok || free <= 0 {
		t.Fatalf("%d bytes are left, %v", free, ok)
	}
	data := []byte("the samples of a block")
	d := Digest(sha256.Sum256(data))
	for _, at := range []struct {
		free  int64
		files int
	}{{leastFree + int64(len(data)) - 1, 0}, {leastFree + int64(len(data)), 1}} {
		c.left = func(string) (int64, bool) { return at.free, true }
		if err := c.put(d, data); err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(c.dir)
		if _, is := c.get(d); err != nil || len(files) != at.files || is != (at.files == 1) {
			t.Errorf("with %d bytes free %d files are kept, want %d: %v", at.free, len(files), at.files, err)
		}
	}
}
