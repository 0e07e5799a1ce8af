package files

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"example.org/demote/mistake"
)

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist}, "a: no such file or folder: check the path"},
		{&fs.PathError{Op: "open", Path: "a", Err: fs.ErrPermission}, "a: not readable: check its permissions"},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, "a: cannot be read: input/output error"},
	} {
		err := CannotOpen("a", c.err)
		if err.Error() != c.want || !errors.Is(err, mistake.Err) || !errors.Is(err, errors.Unwrap(c.err)) {
			t.Errorf("%q, want %q", err, c.want)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write(b []byte) (int, error) { return 0, &fs.PathError{Op: "write", Err: syscall.ENOSPC} }

func TestDiskFull(t *testing.T) {
	err := NewSpool("").fill(full{}, strings.NewReader("abc"), 3)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "set TMPDIR") {
		t.Error(err)
	}
}

func TestSourceErrorIsNotTheDisks(t *testing.T) {
	r := io.MultiReader(strings.NewReader("ab"), errReader{})
	if err := NewSpool("").fill(io.Discard, r, 3); err == nil || !strings.Contains(err.Error(), "cannot be read (input/output error)") {
		t.Error(err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, syscall.EIO }
