package tasktest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/cgo/orttest"
)

// Main is the TestMain of a room whose tests run ONNX Runtime: it opens the library, gives the tests a cache folder of
// their own, and fails if handles of the library are still open at the end. It ends the process.
func Main(m *testing.M) {
	OpenRuntime()
	cache := OwnCache()
	code := m.Run()
	os.RemoveAll(cache)
	if n := cgo.Live(); code == 0 && n != 0 {
		fmt.Fprintln(os.Stderr, n, "handles are still open")
		code = 1
	}
	os.Exit(code)
}

// OwnCache makes a new folder the user's cache folder, of this process and those that it starts, and returns its path:
// remove it at the end. Programs are still built with Go's own cache. It ends the process where it cannot.
func OwnCache() string {
	cache, err := os.MkdirTemp("", "demote-cache-*")
	if before, none := os.UserCacheDir(); err == nil && none == nil && os.Getenv("GOCACHE") == "" {
		err = os.Setenv("GOCACHE", filepath.Join(before, "go-build"))
	}
	if err == nil {
		err = os.Setenv("XDG_CACHE_HOME", cache)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return cache
}

// OpenRuntime opens ONNX Runtime, or ends the process with a line that says why it cannot.
func OpenRuntime() {
	path, ok := orttest.Find()
	if !ok {
		fmt.Fprintln(os.Stderr, "no ONNX Runtime library: run `make setup`")
		os.Exit(1)
	}
	if err := cgo.Init(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
