package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
)

// Durability says what is promised when a file has been replaced.
type Durability bool

const (
	// Cached leaves the bytes to the system, which writes them in its own time: a process that is killed loses
	// nothing, a machine that loses power may find the old file, the new one, or on some file systems an empty one.
	// It costs no wait for the disk, and is for files that can be made again.
	Cached Durability = false
	// Forced has the bytes and the name on disk before it returns.
	Forced Durability = true
)

// A File is a file to be replaced, and what writes its new content.
type File struct {
	Path  string
	Write func(io.Writer) error
}

// Bytes is a File with the given content.
func Bytes(path string, data []byte) File {
	return File{path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}
}

// temporary is the pattern of temporary names: "." NAME "." EIGHT HEX DIGITS ".tmp".
var temporary = regexp.MustCompile(`^\..+\.[0-9a-f]{8}\.tmp$`)

// Replace puts files in place at once: whoever reads one sees the old content or the new one, whole. All are written
// under temporary names beside their own and then renamed in order, so that none is replaced if one of them cannot be
// written. New files have the mode that the umask leaves of 0666. A symbolic link at a path is replaced, not
// followed. An error is an *fs.PathError with the path of the file that could not be written.
func Replace(d Durability, files ...File) (err error) {
	var temps []string
	defer func() {
		for _, t := range temps {
			os.Remove(t) // those that were renamed are gone
		}
	}()
	for _, f := range files {
		dir, base := filepath.Split(f.Path)
		temp := filepath.Join(dir, fmt.Sprintf(".%s.%08x.tmp", base, rand.Uint32()))
		temps = append(temps, temp)
		if err := write(temp, f.Write, d); err != nil {
			return &fs.PathError{Op: "write", Path: f.Path, Err: reason(err)}
		}
	}
	for i, f := range files {
		if err := os.Rename(temps[i], f.Path); err != nil {
			return &fs.PathError{Op: "write", Path: f.Path, Err: reason(err)}
		}
	}
	if d == Cached {
		return nil
	}
	synced := map[string]bool{}
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		if synced[dir] {
			continue
		}
		if err := SyncFolder(dir); err != nil {
			return &fs.PathError{Op: "write", Path: f.Path, Err: reason(err)}
		}
		synced[dir] = true
	}
	return nil
}

// reason is an error without the temporary name that the system puts in front of it.
func reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// write writes a new file.
func write(path string, content func(io.Writer) error, d Durability) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = content(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil && d == Forced {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// SyncFolder forces the names in a folder to disk; the files themselves are there already. A folder that the system
// cannot force, or may not open to read, is left to it: some file systems and drop boxes (mode 0333) are so.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// IsTemporary reports whether a name is one that Replace writes under. A file of such a name that no living process
// writes is what a killed one has left.
func IsTemporary(name string) bool { return temporary.MatchString(name) }
