package far

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"example.org/demote/backend/link"
)

// Data are the data files that a worker reads samples from: regular ones in a folder, or below it. A search has no
// other file opened. Its methods may be called from several goroutines.
type Data struct {
	root string

	mu    sync.Mutex
	known map[state]link.Digest // that were read
}

// state is what tells a file that was read from one that has changed since.
type state struct {
	path string
	size int64
	at   time.Time
}

// mostKnown is how many files are known at most.
const mostKnown = 64

// NewData are the data files below a folder.
func NewData(root string) (*Data, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(root)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", root)
	}
	return &Data{root: root, known: map[state]link.Digest{}}, err
}

// open opens a file of a search, whose path is one below the folder, or relative to it. No link leads out of it.
func (d *Data) open(path string) (*os.File, os.FileInfo, error) {
	inside := path
	if filepath.IsAbs(path) {
		var err error
		if inside, err = filepath.Rel(d.root, path); err != nil {
			return nil, nil, err
		}
	}
	if !filepath.IsLocal(inside) {
		return nil, nil, fmt.Errorf("%s does not lie below %s, where this worker may read data", path, d.root)
	}
	root, err := os.OpenRoot(d.root)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(inside, os.O_RDONLY|syscall.O_NONBLOCK, 0) // of a pipe it does not wait for who writes
	if err != nil {
		return nil, nil, fmt.Errorf("%s cannot be read below %s: %w", path, d.root, reason(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// reason is an error without the path that the system puts in front of it.
func reason(err error) error {
	if p, is := errors.AsType[*os.PathError](err); is {
		return p.Err
	}
	return err
}

// find opens a file if it is the one that a search has. step is called while it is read.
func (d *Data) find(ctx context.Context, at link.DataFile, step func()) (*os.File, error) {
	f, info, err := d.open(at.Path)
	if err != nil {
		return nil, err
	}
	if info.Size() != at.Size {
		f.Close()
		return nil, fmt.Errorf("%s is another file than that of the search: it has %d bytes, not %d", at.Path, info.Size(), at.Size)
	}
	now := state{at.Path, info.Size(), info.ModTime()}
	d.mu.Lock()
	sum, is := d.known[now]
	d.mu.Unlock()
	if !is {
		h := sha256.New()
		if _, err = io.Copy(h, io.NewSectionReader(heard{ctx, f, step}, 0, at.Size)); err != nil {
			f.Close()
			return nil, err
		}
		sum = link.Digest(h.Sum(nil))
		d.mu.Lock()
		if len(d.known) >= mostKnown {
			clear(d.known)
		}
		d.known[now] = sum
		d.mu.Unlock()
	}
	if sum != at.SHA256 {
		f.Close()
		return nil, fmt.Errorf("%s is another file than that of the search: its sha256 begins with %x, not %x", at.Path, sum[:4], at.SHA256[:4])
	}
	return f, nil
}

// heard reads until its context ends, and says so each time.
type heard struct {
	ctx context.Context
	*os.File
	step func()
}

// ReadAt implements io.ReaderAt.
func (h heard) ReadAt(p []byte, at int64) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	defer h.step()
	return h.File.ReadAt(p, at)
}

// data has the search at hand read its samples from a file.
func (s *Server) data(ctx context.Context, r *run, args json.RawMessage) error {
	var at link.DataFile
	if err := json.Unmarshal(args, &at); err != nil {
		return fmt.Errorf("a file that cannot be read: %w", err)
	}
	if s.o.Data == nil {
		return errors.New("it may read no data files: data-root of demote worker names a folder of those that it may")
	}
	file, most := at.Rows, 4*int64(r.Samples())
	if at.Places.Size > 0 {
		file, most = at.Places, 8*int64(r.Samples())*int64(r.Inputs())
	}
	rows, err := link.Get(ctx, s.host, file, most)
	if err != nil {
		return fmt.Errorf("the rows of a file: %w", err)
	}
	f, err := s.o.Data.find(ctx, at, s.step)
	if err != nil {
		return err
	}
	if err := r.ReadFrom(f, f.Close, at, rows); err != nil {
		f.Close()
		return err
	}
	return nil
}
