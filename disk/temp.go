package disk

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// tempPattern is the pattern of temporary folders: the star is drawn.
const tempPattern = "demote-*"

// tempLock is the file of a temporary folder that its process holds a lock on while it lives.
const tempLock = "lock"

// TempFolder makes a folder for temporary files, below TMPDIR, for the user alone. What it returns second removes it with all
// that is in it and may be called more than once. A folder that a killed process has left is removed by the next call of the
// same user: each is held by a lock that ends with its process.
func TempFolder() (path string, remove func(), err error) {
	sweep(os.TempDir())
	if path, err = os.MkdirTemp("", tempPattern); err != nil {
		return "", nil, fmt.Errorf("needs a folder for temporary files (%w): set TMPDIR to a folder that can be written", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, tempLock), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	remove = func() {
		_ = os.RemoveAll(path)
		lock.Close()
	}
	if err != nil {
		remove()
		return "", nil, fmt.Errorf("needs a folder for temporary files (%w): set TMPDIR to another one", err)
	}
	return path, remove, nil
}

// sweep removes temporary folders whose process is gone. A folder without a lock file may be one that is being made.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if named, _ := filepath.Match(tempPattern, e.Name()); !named || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, tempLock), os.O_RDWR|unix.O_NOFOLLOW, 0)
		if err != nil {
			continue // no folder of ours
		}
		var stat unix.Stat_t
		if unix.Fstat(int(lock.Fd()), &stat) == nil && int(stat.Uid) == os.Getuid() && unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			_ = os.RemoveAll(path)
		}
		lock.Close()
	}
}
