package far_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
)

// TestDataFilesOfAWorker has a search name files of a worker: it reads what lies below the folder that its command line
// names, whatever the way there looks like, if it is the file that the search has; nothing else is opened.
func TestDataFilesOfAWorker(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	toy := devicetest.NewToy(block, samples, 21)
	var content []byte
	for sample := range samples {
		one := make([]byte, toy.Inputs()[0].SampleBytes(block))
		if err := toy.Read(0, sample, one); err != nil {
			t.Fatal(err)
		}
		content = append(content, one...)
	}
	file := append(make([]byte, 100), content...)
	for _, path := range []string{"secret", "root/x.npy", "root/deep/x.npy"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"out": "../secret", "away": dir, "in": "deep/x.npy"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "other"), make([]byte, len(file)), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := far.NewData(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := far.NewData(filepath.Join(dir, "secret")); err == nil {
		t.Error("a file is a folder")
	}

	_, h, plan, hold := served(t)
	kind := devicetest.Reference
	open := func(d *far.Data) *far.Server {
		s := far.NewServer(h, far.ServerOptions{Kind: &kind, Memory: 1 << 20, Beat: time.Hour, Data: d, Source: func(link.Network) (device.Source, error) { return toy, nil }})
		t.Cleanup(s.Close)
		return s
	}
	right := link.DataFile{Path: "x.npy", Size: int64(len(file)), SHA256: sha256.Sum256(file), Offsets: []int64{100}}
	s := open(data)
	if text := ask(t, s, "data", right); !strings.Contains(text, "has no plan") {
		t.Errorf("without a plan: %q", text)
	}
	if text := ask(t, s, "plan", plan); text != "" {
		t.Fatal(text)
	}
	none := open(nil)
	if text := ask(t, none, "plan", plan); text != "" {
		t.Fatal(text)
	}
	if text := ask(t, none, "data", right); !strings.Contains(text, "it may read no data files") {
		t.Errorf("without a folder: %q", text)
	}
	for path, want := range map[string]string{
		"x.npy": "", "deep/x.npy": "", "./deep/../x.npy": "", "in": "", root + "/x.npy": "",
		"../secret": "does not lie below", dir + "/secret": "does not lie below", "/etc/passwd": "does not lie below", "deep/../../secret": "does not lie below", "": "does not lie below",
		"out": "cannot be read below", "away/secret": "cannot be read below", "nothing": "cannot be read below", "pipe": "not a regular file", "sub": "not a regular file", ".": "not a regular file",
		"other": "another file than that of the search: its sha256 begins with",
	} {
		at := right
		at.Path = path
		if text := ask(t, s, "data", at); (want == "") != (text == "") || !strings.Contains(text, want) {
			t.Errorf("%q: %q, want %q", path, text, want)
		}
	}
	for name, c := range map[string]struct {
		change func(at *link.DataFile)
		want   string
	}{
		"another size":      {func(at *link.DataFile) { at.Size-- }, "it has 260 bytes, not 259"},
		"no offset":         {func(at *link.DataFile) { at.Offsets = nil }, "a file of 0 inputs"},
		"a negative offset": {func(at *link.DataFile) { at.Offsets = []int64{-1} }, "row 9 of 16 bytes behind -1"},
		"behind the end":    {func(at *link.DataFile) { at.Offsets = []int64{101} }, "row 9 of 16 bytes behind 101"},
		"far behind it":     {func(at *link.DataFile) { at.Offsets = []int64{1 << 62} }, "behind 4611686018427387904"},
		"a row too many":    {func(at *link.DataFile) { at.Rows = h.put([]byte(strings.Repeat("\x0a\x00\x00\x00", samples))) }, "row 10 of 16 bytes"},
		"a huge row":        {func(at *link.DataFile) { at.Rows = h.put([]byte(strings.Repeat("\xff\xff\xff\xff", samples))) }, "row 4294967295"},
		"few rows":          {func(at *link.DataFile) { at.Rows = h.put(make([]byte, 4)) }, "4 bytes of rows"},
		"many rows":         {func(at *link.DataFile) { at.Rows.Size = 1 << 40 }, "the rows of a file"},
	} {
		at := right
		c.change(&at)
		if text := ask(t, s, "data", at); !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
	there := func() (own link.HoldArgs) {
		own = link.HoldArgs{Own: hold.Own}
		for _, b := range hold.Blocks {
			from := b.Samples[0] * 16
			b.File, b.There = link.FileOf(content[from:from+len(b.Samples)*16]), true
			own.Blocks = append(own.Blocks, b)
		}
		return own
	}
	if text := ask(t, none, "hold", there()); !strings.Contains(text, "is not in a file here") {
		t.Errorf("without a file: %q", text)
	}
	if text := ask(t, s, "data", right); text != "" {
		t.Fatal(text)
	}
	if text := ask(t, s, "hold", there()); text != "" {
		t.Error(text)
	}
	first := there()
	if first.Blocks, first.Own = first.Blocks[:1], nil; ask(t, s, "hold", first) != "" { // what stays is not read again
		t.Error("the first block alone is refused")
	}
	wrong := there()
	wrong.Blocks[1].File = link.FileOf(make([]byte, 64))
	if text := ask(t, s, "hold", wrong); !strings.Contains(text, "block 1 in x.npy: it has changed") {
		t.Errorf("other samples: %q", text)
	}
}
