package dataset

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

// TestSpoolFolder unpacks to the folder that is named, and refuses one that there is not.
func TestSpoolFolder(t *testing.T) {
	path := save(t, "d.npz", npz(zip.Deflate, entry{"x.npy", f4(3, 2)}))
	dir := t.TempDir()
	s := mustOpen(t, path, input("in", Float32, -1, 2), Options{Spool: dir})
	if names := s.temp.Names(); len(names) != 1 || filepath.Dir(names[0]) != dir {
		t.Errorf("files %q", names)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it has %v, %v: a crash would leave that behind", left, err)
	}
	for _, other := range []string{filepath.Join(dir, "none"), path} {
		_, err := Open(path, input("in", Float32, -1, 2), Options{Spool: other})
		wantBad(t, err, "--spool "+other+": is no folder: name one that there is")
	}
}

// TestNoTemporaryFile says what to do where there can be none.
func TestNoTemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	_, err := Open("testdata/deflated.npz", input("in", Float32, -1, 2, 5), Options{})
	wantBad(t, err, `array "x" needs a temporary file`, "set TMPDIR")
}
