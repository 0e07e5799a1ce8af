package external

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"example.org/demote/mistake"
)

// A Folder reads the files of external data of one model, each once. The zero value has no folder, and reads nothing.
// A Folder must not be used by several goroutines at once.
type Folder struct {
	dir      string
	copyLeft int64 // bytes that may still be copied
	files    []File
	at       map[string][]byte // by location
}

// A File is a file of external data, mapped or copied.
type File struct {
	Path string // in the model's folder
	Data []byte // the whole file; read only
}

// NewFolder returns the folder dir, whose files are copied up to copyMost bytes in all, and mapped beyond. "" is no
// folder: that of a model from memory.
func NewFolder(dir string, copyMost int64) *Folder {
	return &Folder{dir: dir, copyLeft: copyMost, at: make(map[string][]byte)}
}

// Files returns the files that were read, in the order in which they were first asked for.
func (d *Folder) Files() []File { return d.files }

// Read returns the bytes of a file, given its location: a slash-separated path relative to the folder. A second call
// returns the same bytes. The error is a mistake.Err: a location outside the folder, also by a symbolic link; a file
// that is missing, no regular file, or changed while it was read.
func (d *Folder) Read(location string) ([]byte, error) {
	if data, ok := d.at[location]; ok {
		return data, nil
	}
	data, err := d.read(filepath.FromSlash(location), location)
	if err != nil {
		return nil, err
	}
	d.at[location] = data
	d.files = append(d.files, File{filepath.Join(d.dir, filepath.FromSlash(location)), data})
	return data, nil
}

// read copies a file if it fits into what may still be copied, and maps it otherwise.
func (d *Folder) read(path, location string) ([]byte, error) {
	if d.dir == "" {
		return nil, mistake.Errorf("external data %q of a model without a folder", location)
	}
	if !filepath.IsLocal(path) {
		return nil, mistake.Errorf("external data %q are outside the model's folder", location)
	}
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return nil, mistake.Errorf("folder of the external data: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, mistake.Errorf("external data %q are missing: put the file beside the model", location)
	case errors.Is(err, fs.ErrPermission):
		return nil, mistake.Errorf("external data: %w", err)
	case err != nil: // os.Root follows no link out of its folder
		return nil, mistake.Errorf("external data %q are outside the model's folder: %w", location, err)
	case !info.Mode().IsRegular():
		return nil, mistake.Errorf("external data %q are not a file", location)
	}
	// what it is may have changed: a pipe must not wait
	f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, mistake.Errorf("external data: %w", err)
	}
	defer f.Close()
	file := &dataFile{path: filepath.Join(d.dir, path)}
	if file.info, err = f.Stat(); err != nil {
		return nil, mistake.Errorf("external data: %w", err)
	}
	if !file.info.Mode().IsRegular() {
		return nil, mistake.Errorf("external data %q are not a file", location)
	}
	if size := file.info.Size(); size <= d.copyLeft {
		d.copyLeft -= size
		return file.copy(f)
	}
	data, err := mapFile(f, file)
	if err != nil {
		return nil, fmt.Errorf("external data %q: %w", location, err)
	}
	return data, nil
}
