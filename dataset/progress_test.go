package dataset

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// TestDecodingIsTold opens a folder of images and looks at what is said on the way: rising numbers, and nothing where
// all is decoded before the first line is due.
func TestDecodingIsTold(t *testing.T) {
	dir := t.TempDir()
	const n = 40
	for i := range n {
		put(t, filepath.Join(dir, fmt.Sprintf("%02d.png", i)), solid(t, 8, 8, uint8(i), 0, 0))
	}
	in := input("in", Uint8, -1, 3, 8, 8)
	var told []int
	set := mustOpen(t, dir, in, Options{Every: time.Nanosecond, Decoded: func(done, total int) {
		if total != n {
			t.Errorf("%d images in all", total)
		}
		told = append(told, done)
	}})
	for i, done := range told {
		if done >= n || i > 0 && done <= told[i-1] {
			t.Fatalf("told %v", told)
		}
	}
	if len(told) < n/2 {
		t.Errorf("told %v of %d images", told, n)
	}
	for i := range n { // whichever processor decoded them
		if v := values(t, set, 0, i); v[0] != float64(i) {
			t.Errorf("image %d has %v", i, v[0])
		}
	}
	mustOpen(t, dir, in, Options{Every: time.Hour, Decoded: func(done, total int) { t.Errorf("%d of %d told", done, total) }})
}
