package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"example.org/demote/dataset/internal/arrays"
	"example.org/demote/dataset/internal/files"
	"example.org/demote/mistake"
)

// fuzz opens data as a file of any kind, with little room to unpack, and reads all that it finds: it must end in an
// mistake.Err error or a set that can be read, within 256 MiB. Run fuzz targets with -fuzzminimizetime 10x: by default
// Go spends its time on making inputs shorter.
func fuzz(t *testing.T, data []byte, inputs []Input) {
	const room, most = 8 << 20, 256 << 20
	var err error
	n := allocated(func() {
		s := &Set{path: "data", inputs: inputs, temp: files.NewSpool("")}
		s.temp.Space = func() (int64, bool) { return room, true }
		f := &arrays.File{Path: "data", Data: bytes.NewReader(data), Size: int64(len(data)), Temp: s.temp}
		if err = s.openArrays(f, Options{Limit: 5}); err == nil {
			err = s.CheckFinite()
		}
		if err == nil {
			err = s.CheckLabels(10)
		}
		if err == nil {
			_, err = s.SampleHash(s.Len() - 1)
		}
		if e := s.Close(); e != nil {
			t.Error(e)
		}
	})
	if err != nil && !errors.Is(err, mistake.Err) {
		t.Errorf("%v: is not mistake.Err", err)
	}
	if n > most {
		t.Errorf("%d bytes allocated, want at most %d", n, most)
	}
}

// seed adds the files of testdata with an ending, and more.
func seed(f *testing.F, ending string, more ...[]byte) {
	files, err := filepath.Glob(filepath.Join("testdata", "*"+ending))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, b := range more {
		f.Add(b)
	}
}

func FuzzNPY(f *testing.F) {
	seed(f, ".npy", npyBytes("<i4", true, []int{3, 2, 5}, count[int32](30)), f4(3), f4(1, 1, 1, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzz(t, data, input("in", Float32, -1, 2, 5))
		fuzz(t, data, input("in", Int8, -1, -1))
	})
}

// FuzzNPZ tries data as an archive, and as the arrays of a sound one: checksums would stop nearly all changes there.
func FuzzNPZ(f *testing.F) {
	x, y := entry{"x.npy", f4(3, 2, 5)}, entry{"y.npy", npyBytes("<i8", false, []int{3}, []int64{1, 2, 3})}
	seed(f, ".npz", npz(zip.Store, x, y), npz(zip.Deflate, x, y), npz(zip.Deflate, y, x), x.data, y.data)
	one := input("in", Float32, -1, 2, 5)
	two := []Input{{Name: "ids", Dims: []int64{-1, -1, 5}, Type: Int64}, {Name: "mask", Dims: []int64{-1, 2, -1}, Type: Float16}}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzz(t, data, one)
		fuzz(t, data, two)
		data = data[:min(len(data), 1<<16-1)]
		fuzz(t, npz(zip.Store, x, entry{"y.npy", data}), one)
		fuzz(t, deflatedAsIs(entry{"x.npy", data}, y), one)
	})
}

func FuzzIDX(f *testing.F) {
	images := idx(0x08, []int{3, 2, 5}, count[uint8](30))
	for _, b := range [][]byte{images, gz(images), idx(0x0e, []int{3, 1, 2, 5}, count[float64](30)), idx(0x0b, []int{3}, []int16{1, 2, 3})} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, input("in", Float32, -1, 2, 5)) })
}

// deflatedAsIs is an archive whose deflated entries are one uncompressed block of at most 65535 bytes each, since a
// compressor would take most of the fuzzer's time.
func deflatedAsIs(entries ...entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		n := uint16(len(e.data))
		block := binary.LittleEndian.AppendUint16([]byte{1}, n) // the last block, not compressed
		block = append(binary.LittleEndian.AppendUint16(block, ^n), e.data...)
		f, err := w.CreateRaw(&zip.FileHeader{Name: e.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(e.data),
			CompressedSize64: uint64(len(block)), UncompressedSize64: uint64(n)})
		if err == nil {
			_, err = f.Write(block)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
