package cluster

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// CacheBytes is what a cache has at most where nothing else is asked for.
const CacheBytes = 64 << 30

// A Cache keeps files that have come over the network, by their digests, in a folder that its owner alone may read. It
// has a bound, beyond which those go first that were used longest ago. Its methods may be called from several
// goroutines, and several processes may have the same folder: each of them may have a sixteenth more in it then.
type Cache struct {
	dir   string
	most  int64 // bytes
	free  func()
	left  func(dir string) (bytes int64, ok bool) // on its disk
	write func(path string, data []byte) error

	mu     sync.Mutex
	looked bool
	since  int64 // bytes that were put since the folder was looked over
}

// OpenCache opens the cache in a folder, which is made; empty: in a temporary one, which Close removes. It has at most
// so many bytes; 0: CacheBytes.
func OpenCache(dir string, most int64) (*Cache, error) {
	c := &Cache{dir: dir, most: cmp.Or(most, CacheBytes), free: func() {}, left: disk.Left, write: func(path string, data []byte) error {
		return disk.Replace(disk.Cached, disk.Bytes(path, data))
	}}
	if dir == "" {
		var err error
		if c.dir, c.free, err = disk.TempFolder(); err != nil {
			return nil, mistake.Errorf("%w", err)
		}
		return c, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, mistake.Errorf("--worker-cache: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, mistake.Errorf("--worker-cache: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, mistake.Errorf("--worker-cache %s may be read by others (%v), and gets samples: chmod 700 %s, or give another folder", dir, mode, dir)
	}
	return c, nil
}

// get returns a file that is there, unless its bytes are not those of its digest: then it is removed.
func (c *Cache) get(d Digest) ([]byte, bool) {
	path := filepath.Join(c.dir, d.String())
	data, err := disk.Read(path, MostBytes)
	if err != nil {
		return nil, false
	}
	if sha256.Sum256(data) != d {
		_ = os.Remove(path)
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(path, now, now) // it was used
	return data, true
}

// leastFree is how many bytes a cache leaves free on its disk: a search cannot fill the disk of a worker.
const leastFree = 1 << 30

// put keeps a file, unless the disk has no room to spare, or it is larger than the bound: then it is fetched again
// where it is wanted again.
func (c *Cache) put(d Digest, data []byte) error {
	if free, ok := c.left(c.dir); ok && free-int64(len(data)) < leastFree || int64(len(data)) > c.most {
		return nil
	}
	c.makeRoom(int64(len(data)))
	if err := c.write(filepath.Join(c.dir, d.String()), data); err != nil {
		return &cacheError{c.dir, err}
	}
	return nil
}

// cacheError says that a cache takes no more files.
type cacheError struct {
	dir string
	why error
}

// Error implements error.
func (e *cacheError) Error() string {
	return mistake.Text(fmt.Sprintf("%s takes no more files (%v): make room there, or give another --worker-cache", e.dir, e.why))
}

// Unwrap is what the system says.
func (e *cacheError) Unwrap() error { return e.why }

// lookShare is the share of a cache's bound that is put in before the folder is looked over again.
const lookShare = 16

// makeRoom removes what was used longest ago, so that the cache has no more than its bound with so many bytes more.
func (c *Cache) makeRoom(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since += bytes; c.looked && c.since < c.most/lookShare {
		return
	}
	c.looked, c.since = true, 0
	list, err := os.ReadDir(c.dir)
	if err != nil {
		return // writing will say so
	}
	var files []os.FileInfo
	all := bytes
	for _, entry := range list {
		var d Digest
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || d.UnmarshalText([]byte(entry.Name())) != nil {
			continue // a file of others
		}
		files, all = append(files, info), all+info.Size()
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if all <= c.most-c.most/lookShare {
			return
		}
		if os.Remove(filepath.Join(c.dir, f.Name())) == nil {
			all -= f.Size()
		}
	}
}

// Close removes the files of a cache that is temporary; one that a person has named stays as it is.
func (c *Cache) Close() { c.free() }
