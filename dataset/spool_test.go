package dataset

import (
	"archive/zip"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSpoolFolder unpacks to the folder that is named, and refuses one that there is not.
func TestSpoolFolder(t *testing.T) {
	path := save(t, "d.npz", npz(zip.Deflate, entry{"x.npy", f4(3, 2)}))
	dir := t.TempDir()
	s := mustOpen(t, path, input("in", Float32, -1, 2), Options{Spool: dir})
	if len(s.temp.files) != 1 || filepath.Dir(s.temp.files[0].Name()) != dir {
		t.Errorf("%d files, the first is %q", len(s.temp.files), s.temp.files[0].Name())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("it has %v, %v: a crash would leave that behind", left, err)
	}
	for _, other := range []string{filepath.Join(dir, "none"), path} {
		_, err := Open(path, input("in", Float32, -1, 2), Options{Spool: other})
		wantBad(t, err, "--spool "+other+": is no folder: name one that there is")
	}
	full := newSpool(dir)
	full.space = func() (int64, bool) { return 10, true }
	for _, want := range []string{"needs 11 bytes to unpack, and " + dir + " has 10 free: give --spool a folder with more room", "set TMPDIR to a folder with more room"} {
		if err := full.checkSpace(11); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		full.dir = ""
	}
}

// TestTable holds the table of all bytes against samples that have them.
func TestTable(t *testing.T) {
	all := make([]byte, 3*256)
	for i := range all {
		all[i] = byte(i % 256)
	}
	path := save(t, "x.npy", npyBytes("|u1", false, []int{1, 3, 256}, all))
	for _, o := range []Options{
		{}, {Scale: []float32{1. / 255}}, {Mean: []float32{0.485, 0.456, 0.406}}, {Std: []float32{0.229, 0.224, 0.225}},
		{Scale: []float32{1. / 255, -3, 0.7}, Mean: []float32{127.5}, Std: []float32{0.229, 1e-30, 1e30}},
	} {
		s := mustOpen(t, path, input("in", Float32, -1, 3, 256), o)
		want := make([]byte, s.SampleBytes(0))
		if err := s.Read(0, 0, want); err != nil {
			t.Fatal(err)
		}
		a, is := s.Bytes(0)
		table := a.Table()
		if !is || len(table)%256 != 0 {
			t.Fatalf("%+v: %d elements", o, len(table))
		}
		for i := range 3 * 256 {
			if got, want := float64(table[i%len(table)]), float(want[4*i:], Float32); math.Float64bits(got) != math.Float64bits(want) {
				t.Errorf("%+v: byte %d of channel %d becomes %v, want %v", o, i%256, i/256, got, want)
			}
		}
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
