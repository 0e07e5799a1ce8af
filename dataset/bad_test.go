package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/demote/dataset/internal/files"
)

func f4(shape ...int) []byte {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return npyBytes("<f4", false, shape, count[float32](n))
}

// patched is an archive in which all occurrences of some bytes are replaced.
func patched(data []byte, old, new string) []byte {
	return bytes.ReplaceAll(data, []byte(old), []byte(new))
}

func u32(v uint32) string { return string(binary.LittleEndian.AppendUint32(nil, v)) }

// TestBadFiles opens what is no good for the input in [N,2,5] float32.
func TestBadFiles(t *testing.T) {
	x := entry{"x.npy", f4(3, 2, 5)}
	y := func(descr string, shape []int, data any) entry {
		return entry{"y.npy", npyBytes(descr, false, shape, data)}
	}
	stored := npz(zip.Store, x)
	deflated := npz(zip.Deflate, x)
	size := uint32(len(x.data))
	huge := "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
	shape := func(s string) []byte { return npyRaw(strings.Replace(huge, "%s", s, 1), []float32{1, 2, 3}) }
	for _, c := range []struct {
		name string
		data []byte
		want []string
	}{
		{"empty", nil, []string{"is empty"}},
		{"text", []byte("hello world"), []string{"is neither .npy, .npz nor MNIST idx", "numpy.savez"}},
		{"single image", []byte("\x89PNG\r\n\x1a\n"), []string{"single image", "folder"}},
		{"npy magic only", []byte(npyMagic), []string{"ends too early"}},
		{"npy length cut", []byte(npyMagic + "\x01\x00v"), []string{"ends too early"}},
		{"npy header cut", x.data[:40], []string{"ends too early"}},
		{"npy version", []byte(npyMagic + "\x04\x00v\x00"), []string{"version 4.0"}},
		{"npy long header", []byte(npyMagic + "\x02\x00\xff\xff\xff\xff"), []string{"claims a header of 4294967295 bytes"}},
		{"npy data cut", x.data[:len(x.data)-1], []string{"claims 120 bytes ([3,2,5] float32) and holds 119", "truncated"}},
		{"npy data behind", append(bytes.Clone(x.data), 0), []string{"claims 120 bytes", "holds 121", "one array a file"}},
		{"no samples", f4(0, 2, 5), []string{"[0,2,5]", "no sample"}},
		{"empty axis", f4(3, 0, 5), []string{"[3,0,5]", "empty axis"}},
		{"scalar", npyRaw("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", float32(1)), []string{"single number"}},
		{"more than the file", shape("1000000000, 2, 5"), []string{"claims 40000000000 bytes", "holds 12"}},
		{"overflow", shape("4611686018427387904, 4611686018427387904, 2"), []string{"more than any file can hold"}},
		{"overflow to small", shape("4294967296, 4294967296, 4294967296, 4294967296"), []string{"more than any file can hold"}},
		{"axes", shape(strings.Repeat("1,", 65)), []string{"has 65 axes"}},
		{"negative", shape("-3, 2, 5"), []string{`"-3" is no dimension`}},
		{"archive cut", stored[:len(stored)-30], []string{"truncated or damaged archive"}},
		{"archive without directory", stored[:100], []string{"truncated or damaged archive"}},
		{"archive empty", npz(zip.Store), []string{"has no array", "numpy.savez"}},
		{"archive without arrays", npz(zip.Store, entry{"readme.txt", []byte("x")}), []string{"has no array"}},
		{"other keys", npz(zip.Store, entry{"arr_0.npy", x.data}, y("<i8", []int{3}, count[int64](3))),
			[]string{`no array named "x" or "in": it has "arr_0", "y"`}},
		{"many keys", npz(zip.Store, entry{"a.npy", nil}, entry{"b.npy", nil}, entry{"c.npy", nil}, entry{"d.npy", nil}, entry{"e.npy", nil},
			entry{"f.npy", nil}, entry{"g.npy", nil}, entry{"h.npy", nil}, entry{"i.npy", nil}), []string{`"h" and 1 more`}},
		{"key twice", npz(zip.Store, x, x), []string{`"x" twice`}},
		{"encrypted", patched(stored, "PK\x01\x02\x14\x00\x14\x00\x08", "PK\x01\x02\x14\x00\x14\x00\x09"), []string{`array "x" is encrypted`}},
		{"method", patched(deflated, "\x08\x00\x08\x00", "\x08\x00\x0c\x00"), []string{`compressed by method 12`}},
		{"size larger than the archive", patched(stored, u32(size)+u32(size), u32(1e9)+u32(1e9)), []string{"claims more bytes than the archive has"}},
		{"stored with two sizes", patched(stored, u32(size)+u32(size), u32(size)+u32(size+4)), []string{"claims more bytes than the archive has"}},
		{"stored bytes changed", patched(stored, "\x00\x00\x10\x41", "\x00\x00\x10\x42"), []string{"checksum", "save or copy the file again"}},
		{"no npy inside", npz(zip.Store, entry{"x.npy", []byte("hello hello")}), []string{`array "x" is not in .npy format`}},
		{"entry cut", npz(zip.Deflate, entry{"x.npy", x.data[:150]}), []string{`array "x" claims 120 bytes`, "holds"}},
		{"bomb", bomb(t), []string{"which no compression reaches"}},
		{"larger than the disk", npz(zip.Deflate, entry{"x.npy", npyBytes("|u1", false, []int{1 << 18, 2, 5}, make([]byte, 10<<18))}),
			[]string{"bytes to unpack, and", "TMPDIR"}},
		{"Fortran larger than the disk", npyBytes("|u1", true, []int{1 << 18, 2, 5}, make([]byte, 10<<18)), []string{"Fortran", "TMPDIR"}},
		{"labels are floats", npz(zip.Store, x, y("<f8", []int{3}, count[float64](3))), []string{`array "y" has float64 labels`, "astype"}},
		{"labels too few", npz(zip.Store, x, y("<i8", []int{2}, count[int64](2))), []string{`array "y" has shape [2], but there are 3 samples`}},
		{"labels one-hot", npz(zip.Store, x, y("|u1", []int{3, 10}, make([]byte, 30))), []string{"[3,10], more than one label a sample", "argmax"}},
		{"label negative", npz(zip.Store, x, y("<i4", []int{3}, []int32{0, 1, -2})), []string{`array "y" has label -2 for sample 2`}},
		{"label beyond int64", npz(zip.Store, x, y("<u8", []int{3}, []uint64{0, 1 << 63, 1})), []string{"label 9223372036854775808 for sample 1"}},
		{"idx cut", idx(8, []int{3, 2, 5}, count[uint8](29)), []string{"claims 30 bytes", "holds 29"}},
		{"idx header cut", []byte("\x00\x00\x08\x03\x00\x00"), []string{"ends too early"}},
		{"idx huge", idx(8, []int{math.MaxUint32, math.MaxUint32, math.MaxUint32}, []byte{1}), []string{"more than any file can hold"}},
		{"gzip of text", gz([]byte("hello world")), []string{"does not begin as one"}},
		{"gzip cut", gz(idx(8, []int{3, 2, 5}, count[uint8](30)))[:45], []string{"ends too early"}},
		{"gzip damaged", append([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00"), "not deflate"...), []string{"cannot be read"}},
		{"gzip short", gz(idx(8, []int{3, 2, 5}, count[uint8](20))), []string{"ends too early"}},
		{"gzip long", gz(idx(8, []int{3, 2, 5}, count[uint8](31))), []string{"holds more than the 30 bytes"}},
		{"gzip bomb", gz(idx(8, []int{1 << 30, 2, 5}, []byte{1})), []string{"which no compression reaches"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			path := save(t, "data", c.data)
			s := &Set{path: path, inputs: input("in", Float32, -1, 2, 5), temp: files.NewSpool("")}
			s.temp.Space = func() (int64, bool) { return 1 << 20, true }
			err := s.open(Options{})
			wantBad(t, err, append(c.want, path)...)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
				t.Errorf("%s stays behind", left[0].Name())
			}
		})
	}
}

// bomb is an archive that claims more than its compressed bytes can become.
func bomb(t *testing.T) []byte {
	head := npyBytes("|u1", false, []int{1 << 28, 2, 5}, []byte(nil))
	b := npz(zip.Deflate, entry{"x.npy", head})
	n := uint32(len(head))
	if !bytes.Contains(b, []byte(u32(n)+"\x05\x00\x00\x00")) {
		t.Fatal("the archive does not look as expected")
	}
	return patched(b, u32(n)+"\x05\x00\x00\x00", u32(n+10<<28)+"\x05\x00\x00\x00")
}

func TestBadTypes(t *testing.T) {
	for _, c := range []struct {
		file string
		to   Type
		want []string
	}{
		{"objects.npy", Float32, []string{"Python objects", `"|O"`, "never loaded"}},
		{"structured.npy", Float32, []string{"[('a', '<f4')", "convert it to"}},
		{"text.npy", Float32, []string{`dtype "<U2"`, "convert it to"}},
		{"complex.npy", Float32, []string{`dtype "<c8"`, "convert it to"}},
		{"f4.npy", Int64, []string{`has float32 data, but the network's input "in" [N,2,5] is int64`, "save it as integers"}},
		{"f2.npy", Bool, []string{"has float16 data", "is bool"}},
	} {
		t.Run(c.file+" to "+c.to.String(), func(t *testing.T) {
			_, err := Open(filepath.Join("testdata", c.file), input("in", c.to, -1, 2, 5), Options{})
			wantBad(t, err, c.want...)
		})
	}
}

func TestBadOptions(t *testing.T) {
	path := save(t, "x.npy", f4(3, 2, 5))
	two := save(t, "two.npz", npz(zip.Store, entry{"a.npy", f4(3, 2)}, entry{"b.npy", f4(4, 2)}, entry{"c.npy", f4(3, 2)}))
	ab := func(names ...string) []Input {
		var in []Input
		for _, n := range names {
			in = append(in, Input{Name: n, Dims: []int64{-1, 2}, Type: Float32})
		}
		return in
	}
	ok := input("in", Float32, -1, 2, 5)
	for _, c := range []struct {
		name, path string
		inputs     []Input
		o          Options
		want       []string
	}{
		{"no such file", "nowhere.npz", ok, Options{}, []string{"nowhere.npz: no such file or folder: check the path"}},
		{"no such labels", path, ok, Options{Labels: "nowhere"}, []string{"nowhere: no such file"}},
		{"labels are text", path, ok, Options{Labels: save(t, "y", []byte("1\n2\n3\n"))}, []string{"labels beside an array can be"}},
		{"labels without y", path, ok, Options{Labels: save(t, "y", npz(8, entry{"labels.npy", f4(3)}))}, []string{`no array "y" with labels: it has "labels"`}},
		{"negative limit", path, ok, Options{Limit: -1}, []string{"limit -1 is negative"}},
		{"no input", path, nil, Options{}, []string{"no input to feed"}},
		{"input without batch", path, input("in", Float32), Options{}, []string{`does not say the shape of its input "in"`}},
		{"input with an empty axis", path, input("in", Float32, -1, 0), Options{}, []string{"size 0 on axis 1"}},
		{"input of strings", path, input("in", Type(8), -1, 2, 5), Options{}, []string{"has text", "inputs can be"}},
		{"one array, two inputs", path, ab("a", "b"), Options{}, []string{`the network has the inputs "a", "b"`, ".npz"}},
		{"folder, two inputs", t.TempDir(), ab("a", "b"), Options{}, []string{"folder of images", `"a", "b"`}},
		{"an input is missing", two, ab("a", "x"), Options{}, []string{`no array named "x": it has "a", "b", "c"`}},
		{"inputs of different length", two, ab("a", "b"), Options{}, []string{`array "a" has 3 samples and`, `array "b" has 4`}},
		{"scale, two inputs", two, ab("a", "c"), Options{Scale: []float32{2}}, []string{"need a network with one floating-point input, and this one has 2"}},
		{"scale, integer input", save(t, "i.npy", npyBytes("|u1", false, []int{2}, []byte{1, 2})), input("in", Int64, -1), Options{Scale: []float32{2}},
			[]string{"takes int64 as they are: leave them out"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(c.path, c.inputs, c.o)
			wantBad(t, err, c.want...)
		})
	}
}

// A file that becomes shorter while it is open, or holds a number that does not fit, is an error of Read.
func TestBadRead(t *testing.T) {
	path := save(t, "x.npy", npyBytes("<i4", false, []int{2, 2}, []int32{1, 2, 3, 300}))
	for _, to := range []Type{Int32, Float32} {
		s := mustOpen(t, path, input("in", to, -1, 2), Options{})
		b := make([]byte, 8)
		if err := s.Read(0, 1, b); err != nil {
			t.Error(err)
		}
		cut, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := cut.Stat()
		cut.Truncate(info.Size() - 2)
		wantBad(t, s.Read(0, 1, b), path, "ends too early")
		cut.WriteAt([]byte{0, 0}, info.Size()-2)
		cut.Close()
	}
	s := mustOpen(t, path, input("in", Uint8, -1, 2), Options{})
	wantBad(t, s.Read(0, 1, make([]byte, 2)), path, `holds 300 at element 1 of sample 1, but the network's input "in" [N,2] is uint8`)
}
