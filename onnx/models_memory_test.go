//go:build !race

package onnx

import (
	"path/filepath"
	"testing"
)

// TestModelMemory holds that importing a network with 100 MB of float weights, as a float, QDQ or MCTQ file, and
// exporting it take less than 3 times its size in memory. The race detector's own memory is several times the
// program's.
func TestModelMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	dir := t.TempDir()
	path, out, annotated := filepath.Join(dir, "float.onnx"), filepath.Join(dir, "qdq.onnx"), filepath.Join(dir, "mctq.onnx")
	size := writeLayers(t, path, 100, false)
	for _, job := range []modelJob{{Read: path}, {Read: path, Write: out}, {Read: out}, {Read: path, Write: annotated, MCTQ: true}, {Read: annotated}} {
		c := measured(t, job)
		if c.Peak == 0 {
			t.Fatal("the system does not tell the memory of a process")
		}
		if most := c.Peak - c.Before; most > 3*size {
			t.Errorf("%s to %q: %d MB in memory, of a network of %d MB", filepath.Base(job.Read), filepath.Base(job.Write), most>>20, size>>20)
		}
	}
}
