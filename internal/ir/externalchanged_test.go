//go:build unix

package ir

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/crash"
	"example.org/demote/internal/external"
	"example.org/demote/mistake"
)

// mappedModel reads a model whose external data lie in a file, mapped or copied.
func mappedModel(t *testing.T, mapped bool) (m *Model, data string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.onnx")
	m, err := Read("../../examples/fashion/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.writeSpilling(path, 1<<16); err != nil {
		t.Fatal(err)
	}
	most := copyMost
	if mapped {
		copyMost = 0
	}
	defer func() { copyMost = most }()
	if m, err = Read(path); err != nil {
		t.Fatal(err)
	}
	return m, path + ".data"
}

// TestSmallExternalDataAreCopied cuts and overwrites files in place: what was read of them stays.
func TestSmallExternalDataAreCopied(t *testing.T) {
	m, data := mappedModel(t, false)
	want := proto.Clone(m.Proto)
	if err := os.Truncate(data, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Bytes(); err != nil {
		t.Error(err)
	}
	if !proto.Equal(m.Proto, want) {
		t.Error("the model changed with its file")
	}
}

// TestMappedDataThatChange has a mapped file cut short, written over, and put in another one's place, and uses the
// model.
func TestMappedDataThatChange(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	cut := func(t *testing.T, path string, size int64) {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	changes := map[string]func(t *testing.T, path string){
		"cut to nothing": func(t *testing.T, path string) { cut(t, path, 0) },
		"cut to a page":  func(t *testing.T, path string) { cut(t, path, 4096) },
		"grown": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			cut(t, path, info.Size()+1)
		},
		"written over": func(t *testing.T, path string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte{1, 2, 3}, 5000); err != nil {
				t.Fatal(err)
			}
			// clocks of files are coarse
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		},
	}
	uses := map[string]func(m *Model, dir string) error{
		"Bytes": func(m *Model, _ string) error { _, err := m.Bytes(); return err },
		"Write": func(m *Model, dir string) error { return m.Write(filepath.Join(dir, "w.onnx")) },
		"Write with data beside it": func(m *Model, dir string) error {
			return m.writeSpilling(filepath.Join(dir, "w.onnx"), 1<<16)
		},
	}
	for change, do := range changes {
		for use, f := range uses {
			t.Run(change+", "+use, func(t *testing.T) {
				m, data := mappedModel(t, true)
				dir := t.TempDir()
				do(t, data)
				err := faulting(func() error { return f(m, dir) })
				if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), data+" changed while it was read") {
					t.Errorf("%v", err)
				}
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					t.Errorf("%s is left", left[0].Name())
				}
			})
		}
	}
	t.Run("another file in its place", func(t *testing.T) {
		m, data := mappedModel(t, true)
		if err := os.WriteFile(data+"2", make([]byte, 10), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(data+"2", data); err != nil {
			t.Fatal(err)
		}
		if err := faulting(func() error { return m.writeSpilling(filepath.Join(t.TempDir(), "w.onnx"), 0) }); err != nil {
			t.Error(err)
		}
	})
}

// faulting runs f as the program does: a fault is a panic, which external.ChangedAt explains.
func faulting(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	err = func() (err error) {
		defer crash.Catch(&err)
		return f()
	}()
	var e *crash.Error
	if errors.As(err, &e) {
		if at, ok := e.Address(); ok {
			return external.ChangedAt(at)
		}
	}
	return err
}
