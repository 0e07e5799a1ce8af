package cluster

import (
	"crypto/sha256"
	"os"
	"path/filepath"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// A Cache keeps files that have come over the network, by their digests, in a folder that its owner alone may read.
type Cache struct {
	dir  string
	free func()
	left func(dir string) (bytes int64, ok bool) // on its disk
}

// OpenCache opens the cache in a folder, which is made; empty: in a temporary one, which Close removes.
func OpenCache(dir string) (*Cache, error) {
	if dir == "" {
		dir, free, err := disk.TempFolder()
		if err != nil {
			return nil, mistake.Errorf("%w", err)
		}
		return &Cache{dir, free, disk.Left}, nil
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
	return &Cache{dir, func() {}, disk.Left}, nil
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
	return data, true
}

// leastFree is how many bytes a cache leaves free on its disk: a search cannot fill the disk of a worker.
const leastFree = 1 << 30

// put keeps a file, unless the disk has no room to spare: then it is fetched again where it is wanted again.
func (c *Cache) put(d Digest, data []byte) error {
	if free, ok := c.left(c.dir); ok && free-int64(len(data)) < leastFree {
		return nil
	}
	err := disk.Replace(disk.Cached, disk.Bytes(filepath.Join(c.dir, d.String()), data))
	if err != nil {
		return mistake.Errorf("%s takes no more files (%w): make room there, or give another --worker-cache", c.dir, err)
	}
	return nil
}

// Close removes the files of a cache that is temporary; one that a person has named stays as it is.
func (c *Cache) Close() { c.free() }
