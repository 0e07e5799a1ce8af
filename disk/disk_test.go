package disk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, dir, "/dev/zero", "/dev/null"} {
		done := make(chan error, 1)
		go func() {
			_, err := Read(path, 10)
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s: %v, want ErrNotRegular", path, err)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: reading it waits", path)
		}
	}
}

func TestReadHasALimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, c := range []struct {
		size int
		fits bool
	}{{0, true}, {99, true}, {100, true}, {101, false}, {1 << 20, false}} {
		want := bytes.Repeat([]byte{7}, c.size)
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, 100)
		if c.fits && (err != nil || !bytes.Equal(got, want)) {
			t.Errorf("%d bytes: %v", c.size, err)
		}
		if !c.fits && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v, want ErrTooLarge", c.size, err)
		}
	}
}

func TestNoFollow(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "f"), filepath.Join(dir, "l")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if f, err := OpenNoFollow(link); err == nil {
		f.Close()
		t.Error("a link was followed")
	}
	f, err := Open(link)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestReplaceHonoursTheUmask(t *testing.T) {
	for _, mask := range []int{0o022, 0o077, 0o007} {
		old := syscall.Umask(mask)
		path := filepath.Join(t.TempDir(), "f")
		err := Replace(Forced, Bytes(path, []byte("x")))
		syscall.Umask(old)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := os.FileMode(0o666 &^ mask); info.Mode().Perm() != want {
			t.Errorf("umask %03o: mode %03o, want %03o", mask, info.Mode().Perm(), want)
		}
	}
}

func TestReplaceLeavesAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(a, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := Replace(Forced, Bytes(a, []byte("new")), File{b, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return broken
	}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), b) {
		t.Errorf("error %v, want one of %s that matches its cause", err, b)
	}
	if got, _ := os.ReadFile(a); string(got) != "old" {
		t.Errorf("a is %q, want what was there before", got)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("%d files are left, want 1", len(entries))
	}
}

func TestNamesOfTemporaries(t *testing.T) {
	for name, want := range map[string]bool{".result.json.01234567.tmp": true, ".a.b.deadbeef.tmp": true, "result.json": false, ".lock": false,
		".tmp": false, ".x.tmp": false, ".result.json.0123456.tmp": false, "a.01234567.tmp": false} {
		if IsTemporary(name) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}

func TestReadAllocatesOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 8<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Read(path, 1<<30); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if all := after.TotalAlloc - before.TotalAlloc; all > 9<<20 {
		t.Errorf("%d bytes were allocated for %d", all, 8<<20)
	}
}

func TestSyncFolder(t *testing.T) {
	dir := t.TempDir()
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(filepath.Join(dir, "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is gone: %v, want ErrNotExist", err)
	}
	if err := SyncFolder("/proc/self/fd"); err != nil {
		t.Errorf("a folder that cannot be forced: %v", err)
	}
}
