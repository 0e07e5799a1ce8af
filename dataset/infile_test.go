package dataset

import (
	"archive/zip"
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestInFile holds the samples at the places where they are said to lie against those that are read, of every format
// that has them in one file; all others are refused in words.
func TestInFile(t *testing.T) {
	values, pixels := make([]float32, 10*6), make([]byte, 10*6)
	for i := range values {
		values[i], pixels[i] = float32(i)-7.5, byte(i*5)
	}
	floats, octets := npyBytes("<f4", false, []int{10, 6}, values), npyBytes("|u1", false, []int{10, 6}, pixels)
	for name, c := range map[string]struct {
		path  string
		bytes bool
		want  string
	}{
		"npy":           {save(t, "x.npy", floats), false, ""},
		"npy of bytes":  {save(t, "b.npy", octets), true, ""},
		"npz":           {save(t, "x.npz", npz(zip.Store, entry{"x.npy", floats})), false, ""},
		"npz of bytes":  {save(t, "b.npz", npz(zip.Store, entry{"x.npy", octets})), true, ""},
		"idx":           {save(t, "x-idx2-ubyte", idx(8, []int{10, 6}, pixels)), true, ""},
		"packed":        {save(t, "packed.npz", npz(zip.Deflate, entry{"x.npy", floats})), false, "they are compressed"},
		"Fortran order": {save(t, "f.npy", npyBytes("<f4", true, []int{10, 6}, values)), false, "in Fortran order"},
		"big-endian":    {save(t, "e.npy", npyBytes(">f4", false, []int{10, 6}, values)), false, "they are big-endian"},
		"another type":  {save(t, "d.npy", npyBytes("<i4", false, []int{10, 6}, make([]int32, 60))), false, "another type than the network's input"},
	} {
		s := mustOpen(t, c.path, input("in", Float32, -1, 6), Options{Limit: 7, Seed: 3})
		where, read := s.InFile, s.Read
		if c.bytes {
			where, read = s.BytesInFile, s.ReadBytes
		}
		at, err := where(0)
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		size := s.SampleBytes(0)
		if c.bytes {
			size /= 4
		}
		for sample := range s.Len() {
			want := make([]byte, size)
			if err := read(0, sample, want); err != nil {
				t.Fatal(err)
			}
			if got := file[at+int64(s.Number(sample)*size):][:size]; !bytes.Equal(got, want) {
				t.Errorf("%s: sample %d: %v in the file, read %v", name, sample, got, want)
			}
		}
	}
}
