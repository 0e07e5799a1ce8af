package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// tempPattern is the pattern of temporary folders: the star is drawn.
const tempPattern = "demote-*"

// tempLock is the file of a temporary folder that its process holds a lock on while it lives.
const tempLock = "lock"

// TempFolder makes a folder for temporary files, below TMPDIR, for the user alone. What it returns second removes it
// with all that is in it and may be called more than once. A folder that a killed process has left is removed by the
// next call of the same user: each is held by a lock that ends with its process.
func TempFolder() (path string, remove func(), err error) {
	SweepTemp()
	const tries = 10
	for range tries {
		if path, err = os.MkdirTemp("", tempPattern); err != nil {
			break
		}
		var lock *os.File
		if lock, err = os.OpenFile(filepath.Join(path, tempLock), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
			_ = os.RemoveAll(path)
			break
		}
		remove = func() {
			_ = os.RemoveAll(path)
			lock.Close()
		}
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && sameFile(lock) {
			return path, remove, nil
		}
		remove() // another process has taken it for one that was left behind
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
			break
		}
	}
	return "", nil, fmt.Errorf("needs a folder for temporary files (%w): set TMPDIR to a folder that can be written", err)
}

// sameFile reports whether an open file is still the one of its name.
func sameFile(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, there)
}

// sweepAfter is how old a folder must be to be taken for left behind: one that is being made has no lock for a
// moment.
const sweepAfter = time.Minute

// SweepTemp removes the temporary folders below TMPDIR that killed processes of this user have left, and returns their
// number. Those of the last minute stay.
func SweepTemp() int { return sweep(os.TempDir()) }

// sweep removes temporary folders whose process is gone. A folder without a lock file may be one that is being made.
func sweep(dir string) (removed int) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if named, _ := filepath.Match(tempPattern, e.Name()); !named || !e.IsDir() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		lock, err := os.OpenFile(filepath.Join(path, tempLock), os.O_RDWR|unix.O_NOFOLLOW, 0)
		if err != nil {
			// no folder of ours, or its process was killed before the lock was there
			if info, ierr := e.Info(); errors.Is(err, os.ErrNotExist) && ierr == nil && time.Since(info.ModTime()) > sweepAfter && unix.Rmdir(path) == nil {
				removed++
			}
			continue
		}
		var stat unix.Stat_t
		if unix.Fstat(int(lock.Fd()), &stat) == nil && int(stat.Uid) == os.Getuid() && time.Since(time.Unix(stat.Mtim.Unix())) > sweepAfter && unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil && os.RemoveAll(path) == nil {
			removed++
		}
		lock.Close()
	}
	return removed
}
