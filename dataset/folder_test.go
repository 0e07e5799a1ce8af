package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// put writes a file and the folders that it lies in.
func put(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// solid is a PNG image of one colour.
func solid(t testing.TB, w, h int, r, g, b uint8) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(m.Pix); i += 4 {
		copy(m.Pix[i:], []uint8{r, g, b, 255})
	}
	return encodePNG(t, m)
}

// resized is a PNG image that claims another size.
func resized(data []byte, w, h uint32) []byte {
	const head = 8 + 4 // the signature and the length of the first chunk; then its name, IHDR
	b := bytes.Clone(data)
	binary.BigEndian.PutUint32(b[head+4:], w)
	binary.BigEndian.PutUint32(b[head+8:], h)
	binary.BigEndian.PutUint32(b[head+4+13:], crc32.ChecksumIEEE(b[head:head+4+13]))
	return b
}

func TestFolderLabels(t *testing.T) {
	red, blue := solid(t, 2, 2, 200, 0, 0), solid(t, 2, 2, 0, 0, 100)
	in := input("in", Float32, -1, 3, 2, 2)
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		labels  string // a file for Options.Labels
		names   []string
		want    []int64
		classes string
	}{
		{"classes by name", map[string][]byte{"cat/b.png": red, "cat/a.png": red, "ant/x.PNG": blue, "dog/deep/er/x.png": red}, "",
			[]string{"ant/x.PNG", "cat/a.png", "cat/b.png", "dog/deep/er/x.png"}, []int64{0, 1, 1, 2}, "[{ant 0} {cat 1} {dog 2}]"},
		{"classes by number", map[string][]byte{"10/a.png": red, "9/a.png": red, "0/a.png": blue}, "",
			[]string{"0/a.png", "10/a.png", "9/a.png"}, []int64{0, 10, 9}, "[{0 0} {10 10} {9 9}]"},
		{"no labels", map[string][]byte{"b.png": red, "a.png": blue, "notes.txt": nil, ".hidden.png": nil}, "",
			[]string{"a.png", "b.png"}, nil, ""},
		{"own list", map[string][]byte{"b.png": red, "a.png": blue, "c.png": red, "labels.csv": []byte("name,label\nb.png,7\na.png, 3\n")}, "",
			[]string{"b.png", "a.png"}, []int64{7, 3}, ""},
		{"own list without heading", map[string][]byte{"d/b.png": red, "labels.csv": []byte("d/b.png,1\r\n")}, "", []string{"d/b.png"}, []int64{1}, ""},
		{"list elsewhere", map[string][]byte{"b.png": red, "labels.csv": []byte("b.png,7\n")}, save(t, "y.csv", []byte("b.png,2\n")),
			[]string{"b.png"}, []int64{2}, ""},
		{"array of labels", map[string][]byte{"b.png": red, "a.png": red}, save(t, "y.npy", npyBytes("|u1", false, []int{2}, []byte{4, 5})),
			[]string{"a.png", "b.png"}, []int64{4, 5}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range c.files {
				put(t, filepath.Join(dir, name), data)
			}
			s := mustOpen(t, dir, in, Options{Labels: c.labels})
			if c.classes != "" != (s.Classes() != nil) || c.classes != "" && fmt.Sprint(s.Classes()) != c.classes {
				t.Errorf("classes %v, want %s", s.Classes(), c.classes)
			}
			if !slices.Equal(s.Labels(), c.want) || s.Len() != len(c.names) {
				t.Errorf("%d samples, labels %v, want %v", s.Len(), s.Labels(), c.want)
			}
			for i, name := range c.names {
				if s.Name(i) != name {
					t.Errorf("sample %d is %s, want %s", i, s.Name(i), name)
				}
				want := []float64{200, 200, 200, 200, 0, 0, 0, 0, 0, 0, 0, 0}
				if bytes.Equal(c.files[name], blue) {
					want = []float64{0, 0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 100}
				}
				if got := values(t, s, 0, i); !slices.Equal(got, want) {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
		})
	}
}

func TestFolderLimit(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		put(t, filepath.Join(dir, string(rune('a'+i/6)), string(rune('a'+i))+".png"), solid(t, 1, 1, uint8(i), 0, 0))
	}
	s := mustOpen(t, dir, input("in", Uint8, -1, 3, 1, 1), Options{Limit: 4})
	if s.Len() != 4 || !slices.Equal(s.Labels(), []int64{0, 0, 1, 1}) {
		t.Fatalf("%d samples, labels %v", s.Len(), s.Labels())
	}
	for i := range 4 {
		if v := values(t, s, 0, i); !strings.HasSuffix(s.Name(i), string(rune('a'+int(v[0])))+".png") {
			t.Errorf("sample %d, %s, is %v", i, s.Name(i), v)
		}
	}
}

func TestBadFolders(t *testing.T) {
	ok := solid(t, 2, 2, 1, 2, 3)
	lossy := input("in", Float32, -1, 3, 2, 2)
	tiny := encodePNG(t, image.NewGray(image.Rect(0, 0, 1, 1)))
	huge, tall := resized(tiny, 65535, 65535), resized(tiny, 1, 32_768)
	for _, c := range []struct {
		name   string
		files  map[string][]byte
		in     []Input
		labels []byte
		want   []string
	}{
		{"empty", nil, lossy, nil, []string{"has no image", ".webp"}},
		{"images and sub-folders", map[string][]byte{"a.png": ok, "c/a.png": ok}, lossy, nil, []string{"both images (a.png) and sub-folders (c)"}},
		{"empty class", map[string][]byte{"a/a.png": ok, "b/readme.txt": nil}, lossy, nil, []string{"no image in the sub-folder b"}},
		{"damaged", map[string][]byte{"a.png": ok, "b.png": ok[:50], "c.png": ok[:40]}, lossy, nil, []string{"b.png: is no PNG", "damaged"}},
		{"not an image", map[string][]byte{"a.jpg": []byte("hello")}, lossy, nil, []string{"a.jpg: is no PNG, JPEG, GIF or WebP image"}},
		{"huge", map[string][]byte{"a.png": huge}, lossy, nil, []string{"a.png: claims 65535 x 65535 pixels, and 40000000 is the most"}},
		{"tall", map[string][]byte{"a.png": tall}, input("in", Float32, -1, 3, 2, 600), nil, []string{"a.png: is 1 x 32768 pixels, too many to be resized"}},
		{"sizes differ for open axes", map[string][]byte{"a.png": ok, "b.png": solid(t, 3, 2, 0, 0, 0)}, input("in", Float32, -1, 3, -1, -1), nil,
			[]string{"b.png: is 3 x 2 pixels", "have 2 x 2"}},
		{"no image input", map[string][]byte{"a.png": ok}, input("in", Float32, -1, 784), nil, []string{`the network's input is "in" [N,784]`, "[N,C,H,W]"}},
		{"four channels", map[string][]byte{"a.png": ok}, input("in", Float32, -1, 4, 2, 2), nil, []string{"1 or 3 channels"}},
		{"giant input", map[string][]byte{"a.png": ok}, input("in", Float32, -1, 3, 1<<40, 1<<40), nil, []string{"larger than any image"}},
		{"list: no such image", map[string][]byte{"a.png": ok}, lossy, []byte("b.png,1\n"), []string{`y.csv: lists "b.png", and there is no such file in`}},
		{"list: empty", map[string][]byte{"a.png": ok}, lossy, []byte("name,label\n"), []string{"lists no image"}},
		{"list: label", map[string][]byte{"a.png": ok}, lossy, []byte("name,label\na.png,cat\n"), []string{`line 2 has the label "cat"`}},
		{"list: negative", map[string][]byte{"a.png": ok}, lossy, []byte("a.png,-1\n"), []string{"line 1 has label -1"}},
		{"list: twice", map[string][]byte{"a.png": ok}, lossy, []byte("a.png,1\na.png,2\n"), []string{`line 2 names "a.png" again`}},
		{"list: outside", map[string][]byte{"a.png": ok}, lossy, []byte("../a.png,1\n"), []string{`"../a.png", which is not inside the folder`}},
		{"list: absolute", map[string][]byte{"a.png": ok}, lossy, []byte("/etc/a.png,1\n"), []string{"which is not inside the folder"}},
		{"list: fields", map[string][]byte{"a.png": ok}, lossy, []byte("a.png,1,2\n"), []string{"line 1 has 3 fields"}},
		{"list: quotes", map[string][]byte{"a.png": ok}, lossy, []byte("\"a.png,1\n"), []string{"is no csv file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range c.files {
				put(t, filepath.Join(dir, name), data)
			}
			var o Options
			if c.labels != nil {
				o.Labels = save(t, "y.csv", c.labels)
			}
			_, err := Open(dir, c.in, o)
			wantBad(t, err, c.want...)
		})
	}
}
