package dataset

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestCheckLabels(t *testing.T) {
	path := save(t, "e.npz", npz(zip.Store, entry{"x.npy", f4(4, 2)}, entry{"y.npy", npyBytes("<i8", false, []int{4}, []int64{0, 9, 10, 12})}))
	s := mustOpen(t, path, input("in", Float32, -1, 2), Options{})
	if err := s.CheckLabels(13); err != nil {
		t.Error(err)
	}
	wantBad(t, s.CheckLabels(10), path, "sample 2 has label 10", "10 classes, 0 to 9")
	wantBad(t, s.CheckLabels(12), "sample 3 has label 12")
	none := mustOpen(t, save(t, "x.npy", f4(4, 2)), input("in", Float32, -1, 2), Options{})
	if err := none.CheckLabels(1); err != nil {
		t.Error(err)
	}
}

func TestCheckFinite(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	with := func(at int, v float64) []byte {
		d := count[float64](3 * 5000)
		d[at] = v
		return npyBytes("<f8", false, []int{3, 5000}, d)
	}
	for _, c := range []struct {
		name string
		data []byte
		to   Type
		o    Options
		want string // "" is finite
	}{
		{"finite", with(0, 0), Float32, Options{}, ""},
		{"NaN", with(5000+4999, nan), Float32, Options{}, `gives NaN (float32) in sample 1 at element 4999 of input "in"`},
		{"NaN read directly", with(14999, nan), Float64, Options{}, "gives NaN (float64) in sample 2 at element 4999"},
		{"infinity", with(4096, -inf), Float32, Options{}, "gives -Inf (float32) in sample 0 at element 4096"},
		{"beyond float32", with(7, 1e39), Float32, Options{}, "gives +Inf (float32) in sample 0 at element 7"},
		{"beyond float16", with(7, 65520), Float16, Options{}, "gives +Inf (float16) in sample 0 at element 7"},
		{"within float16", with(7, 65519), Float16, Options{}, ""},
		{"beyond float32 when scaled", with(7, 1e30), Float32, Options{Scale: []float32{1e10}}, "gives +Inf (float32) in sample 0 at element 7"},
		{"outside the limit", with(14999, nan), Float32, Options{Limit: 1}, ""},
		{"integers", npyBytes("|u1", false, []int{3, 2}, make([]byte, 6)), Int64, Options{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, "x.npy", c.data)
			s := mustOpen(t, path, input("in", c.to, -1, -1), c.o)
			err := s.CheckFinite()
			if c.want != "" {
				wantBad(t, err, path, c.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func sum(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestHash(t *testing.T) {
	x, y := f4(3, 2), npyBytes("<i8", false, []int{3}, []int64{0, 1, 2})
	in := input("in", Float32, -1, 2)
	path := save(t, "x.npy", x)
	labels := save(t, "y.npy", y)
	folder := t.TempDir()
	png := solid(t, 1, 1, 10, 20, 30)
	for _, name := range []string{"b/2.png", "a/1.png"} {
		put(t, filepath.Join(folder, name), png)
	}
	image := input("in", Float32, -1, 3, 1, 1)
	for _, c := range []struct {
		name, path string
		in         []Input
		o          Options
		want       string
	}{
		{"one file", path, in, Options{}, sum(string(x))},
		{"with limit", path, in, Options{Limit: 2}, sum(string(x))},
		{"with labels", path, in, Options{Labels: labels}, sum(sum(string(x)), "  data\n", sum(string(y)), "  labels\n")},
		{"folder", folder, image, Options{}, sum(sum(string(png)), "  a/1.png\n", sum(string(png)), "  b/2.png\n")},
		{"folder with limit", folder, image, Options{Limit: 1}, sum(sum(string(png)), "  a/1.png\n", sum(string(png)), "  b/2.png\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustOpen(t, c.path, c.in, c.o)
			for range 2 {
				if got, err := s.sum(); err != nil || got != c.want {
					t.Errorf("%s, %v; want %s", got, err, c.want)
				}
			}
		})
	}
	s := mustOpen(t, folder, image, Options{})
	if err := os.Remove(filepath.Join(folder, "b/2.png")); err != nil {
		t.Fatal(err)
	}
	_, err := s.sum()
	wantBad(t, err, "2.png: no such file")
}

// The same sample has the same hash in every type and file, and no other sample has it.
func TestSampleHash(t *testing.T) {
	in := input("in", Float32, -1, 1, 2, 5)
	sets := []*Set{
		mustOpen(t, "testdata/f4.npy", in, Options{}),
		mustOpen(t, "testdata/u1.npy", in, Options{}),
		mustOpen(t, "testdata/deflated.npz", in, Options{}),
		mustOpen(t, "testdata/fortran.npy", in, Options{}),
	}
	seen := map[[32]byte]int{}
	for i := range 3 {
		for _, s := range sets {
			h, err := s.SampleHash(i)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := seen[h]; ok && before != i {
				t.Errorf("samples %d and %d have one hash", before, i)
			}
			seen[h] = i
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d hashes for 3 samples", len(seen))
	}
	other := mustOpen(t, "testdata/f4.npy", input("in", Float32, -1, 2, 5), Options{})
	if h, _ := other.SampleHash(0); seen[h] != 0 || len(seen) != 3 {
		t.Error("a network with another shape has the same hash")
	}
}

// TestNotFinite32 finds what the general way finds.
func TestNotFinite32(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		values   []float32
		any, nan int // indices of the first number that is not finite, and of the first NaN
	}{
		{nil, -1, -1}, {[]float32{0, 1, -math.MaxFloat32, math.SmallestNonzeroFloat32}, -1, -1}, {[]float32{1, -inf, nan}, 1, 2},
		{[]float32{nan}, 0, 0}, {[]float32{1, inf}, 1, -1}, {[]float32{math.Float32frombits(0xffffffff)}, 0, 0}, {[]float32{math.Float32frombits(0x7f800001)}, 0, 0},
	} {
		var b []byte
		for _, v := range c.values {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		if a, n := notFinite(b, Float32, false), notFinite(b, Float32, true); a != c.any || n != c.nan {
			t.Errorf("%v: %d and %d, want %d and %d", c.values, a, n, c.any, c.nan)
		}
	}
}
