package npy

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"
)

// The headers are byte for byte those of files that NumPy wrote (dataset/testdata/make.py, testdata/make.py).
func TestHeaderIsNumPys(t *testing.T) {
	for _, c := range []struct {
		file, descr string
		shape       []int64
	}{
		{"scalar", "<f8", nil},
		{"one", "<f4", []int64{7}},
		{"none", "<f4", []int64{0, 3}},
		{"bool", "|b1", []int64{2, 3}},
		{"bytes", "|u1", []int64{3, 2, 5}},
		{"text", "<U3", []int64{2}},
		{"codes", "|S5", []int64{2, 1}},
		{"long", "<i8", []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}},
	} {
		t.Run(c.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", c.file+".npy"))
			if err != nil {
				t.Fatal(err)
			}
			got := Header(c.descr, c.shape...)
			if len(got)%64 != 0 {
				t.Errorf("%d bytes, no multiple of 64", len(got))
			}
			if !bytes.HasPrefix(data, []byte(got)) {
				t.Errorf("the header is\n%q\nand NumPy's file begins\n%q", got, data[:min(len(data), len(got))])
			}
		})
	}
}

func TestNpyioReadsIt(t *testing.T) {
	var file bytes.Buffer
	file.WriteString(Header("<f4", 2, 3))
	want := []float32{1, 2, 3, 4, 5, 6}
	if err := binary.Write(&file, binary.LittleEndian, want); err != nil {
		t.Fatal(err)
	}
	r, err := npy.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	var got []float32
	if err := r.Read(&got); err != nil || !slices.Equal(got, want) || !slices.Equal(r.Header.Descr.Shape, []int{2, 3}) {
		t.Errorf("%v of shape %v, %v", got, r.Header.Descr.Shape, err)
	}
}

func TestHeaderTooLong(t *testing.T) {
	defer func() {
		if text, _ := recover().(string); !strings.HasPrefix(text, "npy: a header of ") {
			t.Errorf("it panics with %q", text)
		}
	}()
	Header("<f4", make([]int64, 30000)...)
}
