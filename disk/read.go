package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNotRegular marks what is no regular file: a folder, a pipe, a socket, a device. To open a pipe would wait for
// its writer, and a device may have no end.
var ErrNotRegular = errors.New("is not a regular file")

// ErrTooLarge marks a file beyond the limit of its reader.
var ErrTooLarge = errors.New("is too large")

// Open opens a regular file for reading; links are followed, and what they lead to is looked at after it is open, so
// that nothing can be exchanged in between. It never waits: a pipe is refused like every other thing that is no
// regular file, by an error that matches ErrNotRegular. The caller closes the file.
func Open(path string) (*os.File, error) { return open(path, 0) }

// OpenNoFollow is Open for a file that must not be a symbolic link, as those of a run folder are not.
func OpenNoFollow(path string) (*os.File, error) { return open(path, unix.O_NOFOLLOW) }

func open(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|flags, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read returns the whole of a regular file of at most limit bytes. A larger one is refused by an error that matches
// ErrTooLarge before anything is allocated for it, and one that grows while it is read as soon as it is beyond the
// limit.
func Read(path string, limit int64) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	tooLarge := func(size int64) error {
		return &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: %d bytes, at most %d are read", ErrTooLarge, size, limit)}
	}
	if info.Size() > limit {
		return nil, tooLarge(info.Size())
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // once: networks are gigabytes
	if _, err := data.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, err
	}
	if n := int64(data.Len()); n > limit {
		return nil, tooLarge(n)
	}
	return data.Bytes(), nil
}
