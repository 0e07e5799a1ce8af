package dataset

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

// TestLabelKinds reads labels of every kind, with parts of the samples left out.
func TestLabelKinds(t *testing.T) {
	x := entry{"x.npy", plainNPY("|u1", []int{4, 2}, []byte{0, 1, 2, 3, 4, 5, 6, 7})}
	y := func(descr string, shape []int, data []byte) []byte {
		return npz(zip.Store, x, entry{"y.npy", plainNPY(descr, shape, data)})
	}
	seven := int64(7)
	minus := int64(-1)
	in := []Input{{Name: "x", Dims: []int64{-1, 2}, Type: Float32}}
	for _, c := range []struct {
		name   string
		data   []byte
		o      Options
		labels []int64
		pixels []int32
		values []float32
		hint   string
	}{
		{"classes", y("|u1", []int{4}, []byte{1, 0, 2, 7}), Options{}, []int64{1, 0, 2, 7}, nil, nil, ""},
		{"an ignored class", y("|u1", []int{4}, []byte{1, 7, 2, 7}), Options{Ignore: &seven}, []int64{1, 2}, nil, nil, ""},
		{"an ignored class below 0", y("|i1", []int{4}, []byte{255, 1, 2, 255}), Options{Ignore: &minus}, []int64{1, 2}, nil, nil, ""},
		{"every class ignored", y("|u1", []int{4}, []byte{7, 7, 7, 7}), Options{Ignore: &seven}, nil, nil, nil, "every sample"},
		{"a class below 0", y("|i1", []int{4}, []byte{255, 1, 2, 3}), Options{}, nil, nil, nil, "label -1"},
		{"pixels", y("|u1", []int{4, 1, 2}, []byte{0, 1, 2, 3, 4, 5, 6, 7}), Options{Kind: Pixels}, nil, []int32{0, 1, 2, 3, 4, 5, 6, 7}, nil, ""},
		{"a part of the pixels", y("|u1", []int{4, 2}, []byte{0, 1, 2, 3, 4, 5, 6, 7}), Options{Kind: Pixels, Limit: 2}, nil, []int32{0, 1, 4, 5}, nil, ""},
		{"a pixel below 0", y("|i1", []int{4, 2}, []byte{0, 1, 2, 3, 255, 5, 6, 7}), Options{Kind: Pixels}, nil, nil, nil, "sample 2"},
		{"a pixel below 0 that is ignored", y("|i1", []int{4, 2}, []byte{0, 1, 2, 3, 255, 5, 6, 7}), Options{Kind: Pixels, Ignore: &minus}, nil, []int32{0, 1, 2, 3, -1, 5, 6, 7}, nil, ""},
		{"classes for pixels", y("|u1", []int{4}, []byte{1, 0, 2, 7}), Options{Kind: Pixels}, nil, nil, nil, "one a pixel or a step: save them as [samples, height, width] or [samples, steps]"},
		{"values for pixels", y("<f2", []int{4, 1}, make([]byte, 8)), Options{Kind: Pixels}, nil, nil, nil, "integers"},
		{"values", y("|u1", []int{4, 1}, []byte{1, 0, 2, 7}), Options{Kind: Values, Limit: 2}, nil, nil, []float32{1, 2}, ""},
		{"values that are none", y("<f2", []int{4}, []byte{0, 0x3c, 0, 0x7e, 0, 0, 0, 0}), Options{Kind: Values}, nil, nil, nil, "NaN for sample 1"},
		{"any: none below 0", y("|i1", []int{4}, []byte{1, 255, 2, 7}), Options{Kind: AnyKind}, nil, nil, nil, ""},
		{"text for classes", y("|S1", []int{4}, []byte("abca")), Options{}, nil, nil, nil, "numpy.unique"},
		{"text for pixels", y("|S1", []int{4, 1}, []byte("abca")), Options{Kind: Pixels}, nil, nil, nil, "--metric-cmd"},
		{"text for values", y("|S1", []int{4, 1}, []byte("abca")), Options{Kind: Values}, nil, nil, nil, "--metric-cmd"},
		{"fewer values", y("|u1", []int{3, 1}, []byte{1, 0, 2}), Options{Kind: Values}, nil, nil, nil, "4 samples"},
		{"any: classes", y("|u1", []int{4, 1}, []byte{1, 0, 2, 7}), Options{Kind: AnyKind}, []int64{1, 0, 2, 7}, nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "e.npz")
			if err := os.WriteFile(path, c.data, 0o666); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, in, c.o)
			if c.hint != "" {
				if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.hint) {
					t.Errorf("%v, want %q", err, c.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if !slices.Equal(s.Labels(), c.labels) || !slices.Equal(s.Pixels(), c.pixels) || !slices.Equal(s.Values(), c.values) || !s.Labelled() {
				t.Errorf("labels %v, pixels %v, values %v", s.Labels(), s.Pixels(), s.Values())
			}
			if c.labels != nil && s.Len() != len(c.labels) {
				t.Errorf("%d samples, %d labels", s.Len(), len(c.labels))
			}
		})
	}
}

// TestHoldOutTakesLabelsAlong splits a set with labels of pixels: each side has those of its own samples.
func TestHoldOutTakesLabelsAlong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.npz")
	data := make([]byte, 20)
	for i := range data {
		data[i] = byte(i)
	}
	all := npz(zip.Store, entry{"x.npy", plainNPY("|u1", []int{10, 2}, data)}, entry{"y.npy", plainNPY("|u1", []int{10, 2}, data)})
	if err := os.WriteFile(path, all, 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, []Input{{Name: "x", Dims: []int64{-1, 2}, Type: Uint8}}, Options{Kind: Pixels})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held := s.HoldOut(4, 1)
	for _, part := range []*Set{s, held} {
		if len(part.Pixels()) != 2*part.Len() {
			t.Fatalf("%d labels of %d samples", len(part.Pixels()), part.Len())
		}
		row := make([]byte, 2)
		for i := range part.Len() {
			if err := part.Read(0, i, row); err != nil || int32(row[0]) != part.Pixels()[2*i] || int32(row[1]) != part.Pixels()[2*i+1] {
				t.Errorf("sample %d is %v, its labels %v, %v", i, row, part.Pixels()[2*i:2*i+2], err)
			}
		}
	}
}

// plainNPY is an array in C order.
func plainNPY(descr string, shape []int, data []byte) []byte {
	return npyBytes(descr, false, shape, data)
}
