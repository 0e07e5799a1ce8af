//go:build unix

package dataset

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestImagesThatClaimTooMuch gives small files of every format that claim large images, thin ones too: they are refused
// by their heading, before anything is allocated.
func TestImagesThatClaimTooMuch(t *testing.T) {
	small := solid(t, 2, 2, 1, 2, 3)
	var g, j bytes.Buffer
	if err := gif.Encode(&g, image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black}), nil); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, image.NewGray(image.Rect(0, 0, 2, 2)), nil); err != nil {
		t.Fatal(err)
	}
	gifOf := func(w, h uint16) []byte {
		b := bytes.Clone(g.Bytes())
		binary.LittleEndian.PutUint16(b[6:], w)
		binary.LittleEndian.PutUint16(b[8:], h)
		return b
	}
	jpegOf := func(w, h uint16) []byte {
		b := bytes.Clone(j.Bytes())
		at := bytes.Index(b, []byte{0xff, 0xc0}) + 5
		binary.BigEndian.PutUint16(b[at:], h)
		binary.BigEndian.PutUint16(b[at+2:], w)
		return b
	}
	webp := func(w, h uint32) []byte { // a lossless one: 14 bits of width - 1, 14 of height - 1
		b := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f")
		return append(binary.LittleEndian.AppendUint32(b, w-1|(h-1)<<14), make([]byte, 9)...)
	}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"a.png", resized(small, 40_000_000, 1)}, {"a.png", resized(small, 1, 40_000_000)},
		{"a.png", resized(small, 100_000, 4)}, {"a.png", resized(small, 4, 100_000)},
		{"a.png", resized(small, 30_000, 30_000)},
		{"a.gif", gifOf(60_000, 8)}, {"a.gif", gifOf(8, 60_000)}, {"a.gif", gifOf(30_000, 30_000)},
		{"a.jpg", jpegOf(60_000, 8)}, {"a.jpeg", jpegOf(8, 60_000)}, {"a.jpg", jpegOf(30_000, 30_000)},
		{"a.webp", webp(16_000, 16_000)},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, c.name), c.data)
		for _, in := range [][]Input{input("in", Float32, -1, 3, 8, 8), input("in", Float32, -1, 3, -1, -1)} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Open(dir, in, Options{})
			runtime.ReadMemStats(&after)
			wantBad(t, err, c.name, "claims", "40000000 is the most, 32768 on a side")
			if all := after.TotalAlloc - before.TotalAlloc; all > 16<<20 {
				t.Errorf("%s: %d MiB were allocated", c.name, all>>20)
			}
		}
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.png"), small)
	_, err := Open(dir, input("in", Float32, -1, 1, 1, 40_000_000), Options{})
	wantBad(t, err, "larger than any image", "32768 on a side")
}

// TestPipesAreRefusedEverywhere puts pipes and devices in the places of a data set's files: each is refused at once.
func TestPipesAreRefusedEverywhere(t *testing.T) {
	image := solid(t, 2, 2, 1, 2, 3)
	in := input("in", Float32, -1, 3, 2, 2)
	pipe := func(path string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		make func(dir string) (path string, o Options)
	}{
		{"an image", func(dir string) (string, Options) { pipe(dir + "/a.png"); return dir, Options{} }},
		{"an image of a class", func(dir string) (string, Options) {
			put(t, dir+"/cat/a.png", image)
			pipe(dir + "/dog/a.png")
			return dir, Options{}
		}},
		{"a listed image", func(dir string) (string, Options) {
			put(t, dir+"/a.png", image)
			pipe(dir + "/b.png")
			put(t, dir+"/labels.csv", []byte("a.png,0\nb.png,1\n"))
			return dir, Options{}
		}},
		{"labels.csv", func(dir string) (string, Options) {
			put(t, dir+"/a.png", image)
			pipe(dir + "/labels.csv")
			return dir, Options{}
		}},
		{"labels of an array", func(dir string) (string, Options) {
			put(t, dir+"/x.npy", f4(4, 3, 2, 2))
			pipe(dir + "/y.npy")
			return dir + "/x.npy", Options{Labels: dir + "/y.npy"}
		}},
		{"the labels beside MNIST's images", func(dir string) (string, Options) {
			put(t, dir+"/t-images-idx3-ubyte", f4(4, 3, 2, 2))
			pipe(dir + "/t-labels-idx1-ubyte")
			return dir + "/t-images-idx3-ubyte", Options{}
		}},
		{"a link to a pipe", func(dir string) (string, Options) {
			pipe(dir + "/p")
			if err := os.Symlink("p", dir+"/a.png"); err != nil {
				t.Fatal(err)
			}
			return dir, Options{}
		}},
		{"a link to a device", func(dir string) (string, Options) {
			if err := os.Symlink("/dev/zero", dir+"/a.png"); err != nil {
				t.Fatal(err)
			}
			return dir, Options{}
		}},
		{"a device", func(string) (string, Options) { return "/dev/zero", Options{} }},
	} {
		path, o := c.make(t.TempDir())
		done := make(chan error, 1)
		go func() {
			s, err := Open(path, in, o)
			if err == nil {
				s.Close()
			}
			done <- err
		}()
		select {
		case err := <-done:
			wantBad(t, err, "is not a regular file: copy it to one")
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: opening it waits", c.name)
		}
	}
}

// TestHashRefusesWhatBecameAPipe exchanges an image by a pipe between reading and hashing.
func TestHashRefusesWhatBecameAPipe(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.png"), solid(t, 2, 2, 1, 2, 3))
	s := mustOpen(t, dir, input("in", Float32, -1, 3, 2, 2), Options{})
	if err := os.Remove(filepath.Join(dir, "a.png")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a.png"), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { _, err := s.sum(); done <- err }()
	select {
	case err := <-done:
		wantBad(t, err, "a.png: is not a regular file")
	case <-time.After(10 * time.Second):
		t.Fatal("hashing waits")
	}
}

// TestFirstLineOfLabels holds that a first line is a heading only where it can be nothing else: a sample is never left
// out because of its label.
func TestFirstLineOfLabels(t *testing.T) {
	red := solid(t, 2, 2, 200, 0, 0)
	for _, c := range []struct{ first, want string }{
		{"name,label", ""}, {"file,class_id", ""}, {"image,3rd", "3rd"}, {"\ufefffilename,target", ""}, {"Image Name,Label2", ""},
		{"0.png,99999999999999999999", "99999999999999999999"}, {"0.png,3x", "3x"}, {"0.png,cat", "cat"}, {"0.png,", "\"\""},
		{"0.PNG,x", `"x"`}, {"sub/0.jpeg,label", "label"}, {"0.png,1.0", "1.0"}, {"0.png,-", `"-"`}, {"0.png,+1x", "+1x"}, {"x,1e3", "1e3"}, {"x,", `""`}, {"x,?", `"?"`}, {"x,.5", ".5"},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "0.png"), red)
		put(t, filepath.Join(dir, "1.png"), red)
		put(t, filepath.Join(dir, "labels.csv"), []byte(c.first+"\n1.png,1\n"))
		s, err := Open(dir, input("in", Float32, -1, 3, 2, 2), Options{})
		if c.want == "" {
			if err != nil || s.Len() != 1 {
				t.Errorf("%q: %v", c.first, err)
			}
		} else {
			wantBad(t, err, "labels.csv: line 1 has the label", c.want)
		}
		if err == nil {
			s.Close()
		}
	}
}

// TestListOfLabelsHasALimit gives a list that no folder needs.
func TestListOfLabelsHasALimit(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "0.png"), solid(t, 2, 2, 1, 2, 3))
	list := filepath.Join(dir, "labels.csv")
	put(t, list, []byte("0.png,1\n"))
	if err := os.Truncate(list, maxList+1); err != nil { // zeros that take no room on the disk
		t.Fatal(err)
	}
	_, err := Open(dir, input("in", Float32, -1, 3, 2, 2), Options{})
	wantBad(t, err, "labels.csv", "too large")
	if err != nil && strings.Contains(err.Error(), "\x00") {
		t.Errorf("%.100q", err)
	}
}
