package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"demote/disk"
)

// Names of the files in a run folder.
const (
	ResultFile    = "result.json"
	PromotionFile = "promotion.txt"
	MixedFile     = "mixed.onnx"
	CurveFile     = "curve.csv"
	JournalFile   = "journal.db"
	lockFile      = ".lock"
)

// A Folder is a run's own folder, held by a lock until Close.
type Folder struct {
	Path string

	lock *os.File
	made []string // folders that were made for it, the outermost first
	new  bool     // it held no run before
}

// OpenFolder makes the folder, or takes an existing one over, and locks it. A folder that holds
// anything that is not a run's is refused; whether the run in it may go on is the journal's to say.
func OpenFolder(path string) (*Folder, error) {
	f := &Folder{Path: path, new: true}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		f.made = missingFolders(path)
		if err := os.MkdirAll(path, 0o777); err != nil {
			f.Abandon()
			return nil, mistakef("cannot make the run folder: %w; give --out another one", err)
		}
	case err != nil:
		return nil, mistakef("cannot use the run folder: %w; give --out another one", err)
	case !info.IsDir():
		return nil, mistakef("%s: --out names a file; give a new folder", path)
	default:
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, mistakef("cannot read the run folder: %w; give --out another one", err)
		}
		if _, err := os.Stat(f.File(JournalFile)); err == nil {
			f.new = false
		} else if len(entries) > 0 {
			if len(entries) > 1 || entries[0].Name() != lockFile {
				return nil, mistakef("%s: the folder is not empty and holds no run of demote; give --out a new folder", path)
			}
		}
	}
	lock, err := os.OpenFile(f.File(lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		f.Abandon()
		return nil, mistakef("cannot lock the run folder: %w; give --out a folder that can be written to", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		return nil, mistakef("%s: another demote is running in this folder; wait for it or give --out another folder", path)
	}
	f.lock = lock
	return f, nil
}

// File is the path of a file in the folder.
func (f *Folder) File(name string) string { return filepath.Join(f.Path, name) }

// Write puts a file in place at once: whoever reads it sees the old one or the new one, whole.
func (f *Folder) Write(name string, data []byte) error { return writeFile(f.File(name), data) }

// Clear removes the files of an earlier run, for --force.
func (f *Folder) Clear() error {
	names := []string{ResultFile, PromotionFile, CurveFile, JournalFile, JournalFile + "-wal", JournalFile + "-shm", "report.html"}
	for _, format := range formats {
		files, _ := format.files(format.File)
		for _, name := range files {
			names = append(names, name, name+".data")
		}
	}
	for _, name := range names {
		if err := os.Remove(f.File(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return mistakef("cannot clear the run folder: %w; give --out another one", err)
		}
	}
	return nil
}

// Abandon closes the folder and leaves it as it was before OpenFolder, where no run was begun in it:
// its journal and lock are removed, and the folders that were made for it. A run of before is kept.
func (f *Folder) Abandon() {
	if f.lock != nil && f.new {
		for _, name := range []string{JournalFile, JournalFile + "-wal", JournalFile + "-shm", lockFile} {
			os.Remove(f.File(name))
		}
	}
	for _, folder := range slices.Backward(f.made) {
		os.Remove(folder) // none that has files
	}
	f.Close()
}

// missingFolders lists a folder that does not exist and those above it that do not, the outermost
// first.
func missingFolders(path string) []string {
	path = filepath.Clean(path)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return append(missingFolders(filepath.Dir(path)), path)
}

// Close gives the lock back. It may be called more than once.
func (f *Folder) Close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// writeFile replaces path by data.
func writeFile(path string, data []byte) error {
	err := disk.Replace(disk.Forced, disk.Bytes(path, data))
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return cannotWrite(path, err)
	}
	return nil
}
