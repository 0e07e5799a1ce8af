package cluster

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.org/demote/disk"
)

// TestCacheLeavesRoom holds that what a search sends does not fill a worker's disk.
func TestCacheLeavesRoom(t *testing.T) {
	c, err := OpenCache(t.TempDir()+"/cache", 0)
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

// TestCacheIsBounded holds that a cache has no more than its bound, that what was used longest ago goes first, and that
// files of others stay.
func TestCacheIsBounded(t *testing.T) {
	dir := t.TempDir() + "/cache"
	const size, most = 1000, 20_000
	c, err := OpenCache(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	c.left = func(string) (int64, bool) { return 1 << 40, true }
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), make([]byte, 5*most), 0o600); err != nil {
		t.Fatal(err)
	}
	var digests []Digest
	for i := range 60 {
		data := bytes.Repeat([]byte{byte(i)}, size)
		d := Digest(sha256.Sum256(data))
		digests = append(digests, d)
		if err := c.put(d, data); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(time.Duration(i-100) * time.Second)
		if err := os.Chtimes(filepath.Join(dir, d.String()), past, past); err != nil {
			t.Fatal(err)
		}
		if _, is := c.get(digests[0]); !is { // which is used all the time
			t.Fatalf("the file that is used has gone with file %d", i)
		}
		all := int64(0)
		for _, f := range kept(t, dir) {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			all += info.Size()
		}
		if all > most || i > 20 && all < most*3/4 {
			t.Fatalf("%d bytes after file %d, of %d at most", all, i, most)
		}
	}
	for i, d := range digests {
		if _, is := c.get(d); is != (i == 0 || i > 60-len(kept(t, dir))) {
			t.Errorf("file %d is there: %v", i, is)
		}
	}
	if err := c.put(Digest{1}, make([]byte, most+1)); err != nil || len(kept(t, dir)) == 0 {
		t.Errorf("a file larger than the bound: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "notes.txt")); err != nil {
		t.Error(err)
	}
}

// kept are the files of a cache.
func kept(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "????????????????*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
