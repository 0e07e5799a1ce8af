// Package orttest finds ONNX Runtime for tests. It never skips: without the library a test fails and says how to get
// it.
package orttest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the library that tests run with: the file that DEMOTE_ORT names, or else libonnxruntime in the folder
// .ort of the test's own folder or of one above. It fails the test if there is none.
func Path(t testing.TB) string {
	t.Helper()
	path, ok := Find()
	if !ok {
		t.Fatal("no ONNX Runtime library: run `make setup`, or let DEMOTE_ORT name the file")
	}
	return path
}

// Find is Path for a TestMain, which has no testing.TB.
func Find() (path string, ok bool) {
	if path := os.Getenv("DEMOTE_ORT"); path != "" {
		_, err := os.Stat(path)
		return path, err == nil
	}
	name := "libonnxruntime.so"
	if runtime.GOOS == "darwin" {
		name = "libonnxruntime.dylib"
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		path := filepath.Join(folder, ".ort", name)
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
		up := filepath.Dir(folder)
		if up == folder {
			return "", false
		}
		folder = up
	}
}
