package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/sys/unix"

	"example.org/demote/disk"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

// Names of the files in a run folder.
const (
	PromotionFile = "promotion.txt"
	MixedFile     = "mixed.onnx"
	CurveFile     = "curve.csv"
	JournalFile   = "journal.db"
	lockFile      = ".lock"
	reportFile    = "report.html"
	StepFolder    = "step-1" // of a ladder's first step, in the run folder of its second
)

// A Folder is the folder of a run, locked until Close.
type Folder struct {
	Path string

	inside string // the name of a folder in it that belongs to the run; empty: none does

	lock *os.File
	made []string // folders that were made for it, the outermost first
	New  bool     // it held no run before
	Lost bool     // it holds the result of a run without its journal
}

// OpenFolder makes the folder or opens an existing one, and locks it. A folder with files that are not those of a run
// is refused and not changed. Whether its run may resume, the journal decides. OpenFolder removes the temporary files
// of killed processes.
func OpenFolder(path string) (*Folder, error) { return openFolder(&Folder{Path: path}) }

// OpenLadder is OpenFolder for a ladder's second step: the folder has that of the first one, StepFolder, in it.
func OpenLadder(path string) (*Folder, error) {
	return openFolder(&Folder{Path: path, inside: StepFolder})
}

// CheckLadder sees that the folder of a ladder may be one. The error is a mistake.Err.
func CheckLadder(path string) error {
	f := &Folder{Path: path, inside: StepFolder}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err := f.HoldsRun()
	return err
}

func openFolder(f *Folder) (*Folder, error) {
	path := f.Path
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		f.made = missingFolders(path)
		if err := os.MkdirAll(path, 0o777); err != nil {
			f.New = true
			f.Abandon()
			return nil, mistake.Errorf("cannot make the run folder: %w; give --out another one", err)
		}
	case err != nil:
		return nil, mistake.Errorf("cannot use the run folder: %w; give --out another one", err)
	case !info.IsDir():
		return nil, mistake.Errorf("%s: --out names a file; give a new folder", path)
	default:
		// Before a lock file is put into it. What is seen here is looked at again under the lock.
		if _, err := f.HoldsRun(); err != nil {
			return nil, err
		}
	}
	if err := f.acquire(); err != nil {
		f.dropFolders()
		return nil, err
	}
	held, err := f.HoldsRun()
	if err != nil {
		f.Close()
		return nil, err
	}
	f.New = !held
	if err := f.removeLeftovers(); err != nil {
		f.Abandon()
		return nil, mistake.Errorf("cannot clear the run folder of temporary files: %w; give --out another one", err)
	}
	return f, nil
}

// LockFolder locks an existing folder, for a command that adds a file to it.
func LockFolder(path string) (*Folder, error) {
	f := &Folder{Path: path}
	return f, f.acquire()
}

// acquire takes the folder's lock. The file that is locked must still be the one of that name: the folder may have
// been removed, and made again, between the opening of the file and the lock.
func (f *Folder) acquire() error {
	const tries = 100
	for range tries {
		lock, err := os.OpenFile(f.File(lockFile), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o666)
		if errors.Is(err, fs.ErrNotExist) { // the folder is gone
			if err = os.MkdirAll(f.Path, 0o777); err == nil {
				continue
			}
		}
		switch {
		case errors.Is(err, unix.ELOOP):
			return mistake.Errorf("%s is a symbolic link, which a lock must not be: remove it, or give --out another folder", f.File(lockFile))
		case err != nil:
			return mistake.Errorf("cannot lock the run folder: %w; give --out a folder that can be written to", err)
		}
		if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			lock.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return mistake.Errorf("%s: another demote is running in this folder; wait for it or give --out another folder", f.Path)
			}
			return mistake.Errorf("%s: cannot be locked: %w; give --out a folder on a disk that knows locks", f.Path, err)
		}
		mine, err := lock.Stat()
		if err == nil && mine.Mode().IsRegular() {
			if there, serr := os.Lstat(f.File(lockFile)); serr == nil && os.SameFile(mine, there) {
				f.lock = lock
				return nil
			}
		}
		lock.Close()
		if err == nil && !mine.Mode().IsRegular() {
			return mistake.Errorf("%s is not a regular file, which a lock must be: remove it, or give --out another folder", f.File(lockFile))
		}
	}
	return mistake.Errorf("%s: other processes make and remove this folder all the time; give --out another folder", f.Path)
}

// HoldsRun reports whether a run is in the folder. An error that matches mistake.Err refuses a folder with anything
// else in it.
func (f *Folder) HoldsRun() (bool, error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return false, mistake.Errorf("cannot read the run folder: %w; give --out another one", err)
	}
	kind, err := JournalKind(f.File(JournalFile))
	switch {
	case err != nil:
		return false, err
	case kind == OurJournal || kind == oldJournal:
		return true, nil
	case kind == foreignJournal && isResult(f.Path): // its journal is damaged
		return true, nil
	case kind == foreignJournal:
		return false, mistake.Errorf("%s: the %s in this folder is not one of demote, or is damaged; give --out a new folder", f.Path, JournalFile)
	}
	if isResult(f.Path) {
		f.Lost = true
		return true, nil
	}
	inside := slices.DeleteFunc(RunsIn(f.Path), func(run string) bool { return filepath.Base(run) == f.inside })
	if len(inside) > 0 { // such as those of a list of targets
		return false, mistake.Errorf("%s: the folder holds other runs, such as %s; give --out a new folder", f.Path, inside[0])
	}
	for _, e := range entries {
		if name := e.Name(); name != lockFile && !leftover(name) && (name != f.inside || !e.IsDir()) {
			return false, mistake.Errorf("%s: the folder is not empty and holds no run of demote; give --out a new folder", f.Path)
		}
	}
	return false, nil
}

// isResult reports whether a folder has the result of a run of ours.
func isResult(dir string) bool {
	data, err := result.Read(dir)
	var r struct {
		SchemaVersion int               `json:"schema_version"`
		Holders       []json.RawMessage `json:"holders"`
		Target        *result.Target    `json:"target"`
	}
	return err == nil && json.Unmarshal(data, &r) == nil && r.SchemaVersion > 0 && len(r.Holders) > 0 && r.Target != nil
}

// oldTemporary is how files were called that versions before this one were writing.
var oldTemporary = regexp.MustCompile(`^\.(result\.json|promotion\.(txt|json)|curve\.csv|report\.html)-[0-9]+$`)

// leftover reports whether a file of this name is what a killed process of ours was writing.
func leftover(name string) bool { return disk.IsTemporary(name) || oldTemporary.MatchString(name) }

// removeLeftovers removes what killed processes were writing in the folder, whose lock is held.
func (f *Folder) removeLeftovers() error {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type().IsRegular() && leftover(e.Name()) {
			if err := os.Remove(f.File(e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// File is the path of a file in the folder.
func (f *Folder) File(name string) string { return filepath.Join(f.Path, name) }

// Clear removes the files of an earlier run and of its exports, with their external data; with those of a ladder also
// its first step's, if the folder is to be no ladder's.
func (f *Folder) Clear(exports []string) error {
	if step := f.File(StepFolder); f.inside == "" && holdsJournal(step) {
		if err := clearStep(step, exports); err != nil {
			return err
		}
	}
	names := []string{result.File, PromotionFile, CurveFile, reportFile}
	for _, name := range exports {
		names = append(names, name, name+".data")
	}
	// The journal goes last: by it a folder that is half cleared is still a run's.
	for _, name := range append(names, JournalFile+"-wal", JournalFile+"-shm", JournalFile) {
		if err := os.Remove(f.File(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return mistake.Errorf("cannot clear the run folder: %w; give --out another one", err)
		}
	}
	return nil
}

// holdsJournal reports whether a folder has a journal of ours.
func holdsJournal(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	kind, err := JournalKind(filepath.Join(path, JournalFile))
	return err == nil && kind == OurJournal
}

// clearStep removes the first step of a ladder, and its folder unless something else lies there.
func clearStep(path string, exports []string) error {
	step, err := LockFolder(path)
	if err != nil {
		return err
	}
	defer step.Close()
	if err := step.Clear(exports); err != nil {
		return err
	}
	if entries, err := os.ReadDir(path); err == nil && len(entries) == 1 && entries[0].Name() == lockFile {
		os.Remove(step.File(lockFile))
		os.Remove(path)
	}
	return nil
}

// Abandon closes the folder and restores its state before OpenFolder, if no run was begun in it: it removes the journal
// and the folders that it made. It removes the lock file only together with the folder, since another process may be
// about to lock it. An earlier run stays.
func (f *Folder) Abandon() {
	if f.lock != nil && f.New {
		for _, name := range journalFiles {
			os.Remove(f.File(name))
		}
	}
	f.dropFolders()
	f.Close()
}

// dropFolders removes the folders that were made, as far as they are empty but for the lock file that is held.
func (f *Folder) dropFolders() {
	if len(f.made) == 0 {
		return
	}
	if entries, err := os.ReadDir(f.Path); err == nil && len(entries) == 1 && entries[0].Name() == lockFile && f.lock != nil {
		os.Remove(f.File(lockFile))
	}
	for _, folder := range slices.Backward(f.made) {
		os.Remove(folder) // none that has files
	}
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

// Close releases the lock. It may be called more than once.
func (f *Folder) Close() error {
	if f == nil || f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// WriteFile replaces a file of the user by data, and forces it to disk.
func WriteFile(path string, data []byte) error {
	return Replace(disk.Forced, disk.Bytes(path, data))
}

// Replace replaces files of the user; an error names the file.
func Replace(d disk.Durability, files ...disk.File) error {
	err := disk.Replace(d, files...)
	var at *fs.PathError
	if errors.As(err, &at) {
		return cannotWrite(at.Path, at.Err)
	}
	if err != nil {
		return fmt.Errorf("cannot write: %w", err)
	}
	return nil
}

// cannotWrite words an error of writing a file of a run.
func cannotWrite(path string, err error) error {
	return fmt.Errorf("cannot write %s: %w; fix this and rerun the same command to resume", path, err)
}
