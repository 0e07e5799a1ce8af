//go:build unix

package dataset

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe has no samples by index, and opening it would wait for its writer.
func TestPipeIsRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(pipe, input("in", Float32, -1), Options{})
	wantBad(t, err, pipe, "not a regular file", "copy it to one")
}
