package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"example.org/demote/disk"
)

// syncEvery is how long a row may wait to be forced to disk. A machine that loses power loses what was learnt in this
// time and in the time that the disk takes.
const syncEvery = 500 * time.Millisecond

// A WalSync forces the write-ahead log of a journal to disk soon after each write, but not for every row: the row of a
// short trial takes less time than the disk. SQLite protects the rows in the log by checksums, each over all earlier
// ones. So any part of the log on disk is complete up to some row (https://www.sqlite.org/fileformat.html, 4.1).
type WalSync struct {
	Path string // of the log

	mu      sync.Mutex
	timer   *time.Timer // nil: everything that was written is on disk, or on its way there
	err     error       // that the last time ended with
	file    *os.File    // the log; nil until it is there
	running sync.WaitGroup
	closed  bool
}

// OnForced is for tests: called when the first size bytes of a log are on disk. It is nil elsewhere.
var OnForced func(log string, size int64)

// wrote says that something was written. It returns an error of forcing what was written before.
func (w *WalSync) wrote() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil && !w.closed {
		w.running.Add(1)
		w.timer = time.AfterFunc(syncEvery, func() {
			defer w.running.Done()
			w.force()
		})
	}
	err := w.err
	w.err = nil
	return err
}

// force has everything that was written so far on disk.
func (w *WalSync) force() {
	w.mu.Lock()
	w.timer = nil // what is written from now on is for the next time
	file, err := w.file, error(nil)
	if file == nil {
		if file, err = os.OpenFile(w.Path, os.O_RDWR, 0); err == nil {
			if err = disk.SyncFolder(filepath.Dir(w.Path)); err == nil {
				w.file = file
			} else {
				file.Close()
			}
		}
	}
	w.mu.Unlock()
	var size int64
	if err == nil && OnForced != nil {
		size, err = file.Seek(0, io.SeekEnd)
	}
	if err == nil {
		err = file.Sync()
	}
	if errors.Is(err, fs.ErrNotExist) { // folded into the database, which is on disk then
		err = nil
	}
	if err == nil && OnForced != nil {
		OnForced(w.Path, size)
	}
	w.mu.Lock()
	w.err = errors.Join(w.err, err)
	w.mu.Unlock()
}

// close ends the forcing; what is left to force is SQLite's, which closes the log.
func (w *WalSync) close() {
	w.mu.Lock()
	w.closed = true
	if w.timer != nil && w.timer.Stop() {
		w.running.Done()
	}
	w.timer = nil
	w.mu.Unlock()
	w.running.Wait()
	if w.file != nil {
		w.file.Close()
		w.file = nil
	}
}
