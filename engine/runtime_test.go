package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestNewestRuntime: a folder stands for the newest library in it, and for one without a version in its name before
// all; a folder without one is refused by name.
func TestNewestRuntime(t *testing.T) {
	folder := t.TempDir()
	if _, err := givenRuntime(folder, "by --ort"); err == nil || !strings.Contains(err.Error(), "no ONNX Runtime at "+folder) {
		t.Error(err)
	}
	for _, c := range []struct{ add, want string }{
		{"libonnxruntime.so.1.9.0", "libonnxruntime.so.1.9.0"},
		{"libonnxruntime.so.1.26.0", "libonnxruntime.so.1.26.0"},
		{"libonnxruntime.so.1.24.4", "libonnxruntime.so.1.26.0"},
		{"libonnxruntime.so.old", "libonnxruntime.so.1.26.0"},
		{"libonnxruntime_providers_shared.so", "libonnxruntime.so.1.26.0"},
		{"libonnxruntime.so", "libonnxruntime.so"},
	} {
		tasktest.WriteFile(t, filepath.Join(folder, c.add), nil)
		if got, err := givenRuntime(folder, "by --ort"); err != nil || filepath.Base(got) != c.want {
			t.Errorf("with %s: %s, %v, want %s", c.add, got, err, c.want)
		}
	}
}

// TestRuntimeOfPython: the library of the Python environment that has the program in its folder bin is found, of
// virtual environments and of the Python of Red Hat and Debian.
func TestRuntimeOfPython(t *testing.T) {
	for _, packages := range []string{"lib/python3.9/site-packages", "lib64/python3.9/site-packages", "lib/python3/dist-packages", "local/lib/python3.11/dist-packages"} {
		root := t.TempDir()
		bin := filepath.Join(root, "bin")
		if got := ofPython(bin) + besideProgram(bin); got != "" {
			t.Errorf("nothing is there, and %s was found", got)
		}
		want := filepath.Join(root, packages, "onnxruntime", "capi", "libonnxruntime.so.1.25.0")
		if err := os.MkdirAll(filepath.Dir(want), 0o777); err != nil {
			t.Fatal(err)
		}
		tasktest.WriteFile(t, want, nil)
		tasktest.WriteFile(t, filepath.Join(root, packages, "onnxruntime", "capi", "onnxruntime_pybind11_state.so"), nil)
		if got := ofPython(bin); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
