//go:build unix

package external

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

// written writes a file and returns its folder.
func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFolderCopiesThenMaps reads a file as a copy and as a mapping, and changes it.
func TestFolderCopiesThenMaps(t *testing.T) {
	want := bytes.Repeat([]byte{1, 2, 3}, 100)
	for _, c := range []struct {
		name     string
		copyMost int64
		mapped   bool
	}{{"copied", 300, false}, {"mapped", 299, true}} {
		t.Run(c.name, func(t *testing.T) {
			dir := written(t, "w", want)
			d := NewFolder(dir, c.copyMost)
			data, err := d.Read("w")
			if err != nil || !bytes.Equal(data, want) || Mapped(data[10:20]) != c.mapped {
				t.Fatalf("%d bytes, mapped %v, %v", len(data), Mapped(data), err)
			}
			if again, err := d.Read("w"); err != nil || &again[0] != &data[0] || len(d.Files()) != 1 || d.Files()[0].Path != filepath.Join(dir, "w") {
				t.Errorf("a second call reads again: %v, %v", d.Files(), err)
			}
			LetGo(data) // costs nothing but time
			if !bytes.Equal(data, want) {
				t.Error("LetGo changed the bytes")
			}
			pieces := slices.Values([][]byte{nil, {1}, data[5:]})
			if err := Changed(pieces); err != nil {
				t.Error(err)
			}
			if err := os.Truncate(filepath.Join(dir, "w"), 301); err != nil {
				t.Fatal(err)
			}
			if err := Changed(pieces); c.mapped != errors.Is(err, mistake.Err) {
				t.Errorf("after a change: %v", err)
			}
		})
	}
}

// TestFaultsElsewhereAreNotExplained asks for addresses that are in no mapping.
func TestFaultsElsewhereAreNotExplained(t *testing.T) {
	if _, err := NewFolder(written(t, "w", make([]byte, 100)), 0).Read("w"); err != nil {
		t.Fatal(err)
	}
	for _, at := range []uintptr{0, 1, ^uintptr(0)} {
		if err := ChangedAt(at); err != nil {
			t.Errorf("%x: %v", at, err)
		}
	}
}

// TestCopyOfAFileThatIsCut reads a file that ends before it should.
func TestCopyOfAFileThatIsCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &dataFile{path: path}
	if s.info, err = f.Stat(); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{100, 99, 0} {
		if size < 100 {
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		data, err := s.copy(f)
		if want := size < 100; want != (err != nil) || err == nil && len(data) != 100 || want && !strings.Contains(err.Error(), path+" changed while it was read") {
			t.Errorf("cut to %d bytes: %d bytes, %v", size, len(data), err)
		}
	}
}
