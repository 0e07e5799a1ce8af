package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// CannotOpen words the error of opening a file or folder, whose path is not part of the text that err has.
func CannotOpen(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return mistake.Errorf("%s: no such file or folder: check the path%w", path, Quiet{err})
	case errors.Is(err, disk.ErrNotRegular): // to open a pipe would wait for its writer
		return mistake.Errorf("%s: is not a regular file: copy it to one, or take it out%w", path, Quiet{err})
	case errors.Is(err, disk.ErrTooLarge):
		return mistake.Errorf("%s: %w: use a part of it", path, bare(err))
	case errors.Is(err, fs.ErrPermission):
		return mistake.Errorf("%s: not readable: check its permissions%w", path, Quiet{err})
	}
	return mistake.Errorf("%s: cannot be read: %w", path, bare(err))
}

// bare takes the operation and the path off an error of package os.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// Quiet keeps a cause for errors.Is without showing it.
type Quiet struct{ Err error }

// Error is empty: the cause is not shown.
func (Quiet) Error() string { return "" }

// Unwrap returns the cause.
func (q Quiet) Unwrap() error { return q.Err }

// Unreadable words an error of reading an array; the text lacks the array's name.
func Unreadable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("ends too early: the file is truncated; save or copy it again%w", Quiet{err})
	}
	return fmt.Errorf("cannot be read (%w): save or copy the file again", bare(err))
}
