package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npy"

	"example.org/demote/dataset/internal/arrays"
)

// wantCount checks that element i of the set, in C order, is i modulo 100.
func wantCount(t *testing.T, s *Set, in int) {
	t.Helper()
	for i := range s.Len() {
		v := values(t, s, in, i)
		for j := range v {
			if want := float64((i*len(v) + j) % 100); v[j] != want {
				t.Fatalf("sample %d, element %d: %v, want %v", i, j, v[j], want)
			}
		}
	}
}

// TestNumPyFiles reads what NumPy has written (testdata/make.py).
func TestNumPyFiles(t *testing.T) {
	for _, name := range strings.Fields("f2 f4 f8 i1 u1 i2 u2 i4 u4 i8 u8 f2-big f4-big f8-big i2-big u2-big i4-big u4-big i8-big u8-big " +
		"fortran version2 version3") {
		for _, to := range []Type{Float32, Float16, Float64, Int64, Int8} {
			if !to.Float() && (name[0] == 'f' || name[0] == 'v') {
				continue
			}
			t.Run(name+" to "+to.String(), func(t *testing.T) {
				s := mustOpen(t, filepath.Join("testdata", name+".npy"), input("in", to, -1, 2, 5), Options{})
				if s.Len() != 3 || s.Labels() != nil || !slices.Equal(s.Shape(0), []int64{2, 5}) {
					t.Errorf("%d samples of %v, labels %v", s.Len(), s.Shape(0), s.Labels())
				}
				wantCount(t, s, 0)
			})
		}
	}
}

func TestNumPyBool(t *testing.T) {
	s := mustOpen(t, "testdata/b1.npy", input("in", Float32, -1, 2, 5), Options{})
	if got, want := values(t, s, 0, 1), []float64{1, 0, 1, 0, 1, 0, 1, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestNumPyArchives(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz"} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, filepath.Join("testdata", name), input("in", Float32, -1, 2, 5), Options{})
			wantCount(t, s, 0)
			if want := []int64{2, 0, 1}; !slices.Equal(s.Labels(), want) {
				t.Errorf("labels %v, want %v", s.Labels(), want)
			}
		})
	}
}

func TestNumPyTwoInputs(t *testing.T) {
	s := mustOpen(t, "testdata/two.npz", []Input{
		{Name: "mask", Dims: []int64{-1, 2, 5}, Type: Float32},
		{Name: "ids", Dims: []int64{-1, 2, 5}, Type: Int64},
	}, Options{})
	wantCount(t, s, 0)
	wantCount(t, s, 1)
}

// TestNpyioFiles reads what the npyio library has written.
func TestNpyioFiles(t *testing.T) {
	for _, data := range []any{count[float32](12), count[float64](12), count[int64](12), count[uint8](12)} {
		var b bytes.Buffer
		if err := npy.Write(&b, data); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, save(t, "a.npy", b.Bytes()), input("in", Float32, -1), Options{})
		if s.Len() != 12 || values(t, s, 0, 7)[0] != 7 {
			t.Errorf("%T: %d samples, number 7 is %v", data, s.Len(), values(t, s, 0, 7))
		}
	}
}

func TestFortranInGroups(t *testing.T) {
	old := arrays.ReorderMemory
	defer func() { arrays.ReorderMemory = old }()
	shape := []int{7, 3, 2, 2}
	c := count[int32](7 * 3 * 2 * 2) // value = index in C order
	f := make([]int32, 0, len(c))
	for l := range 2 {
		for k := range 2 {
			for j := range 3 {
				for i := range 7 {
					f = append(f, c[((i*3+j)*2+k)*2+l])
				}
			}
		}
	}
	path := save(t, "f.npy", npyBytes("<i4", true, shape, f))
	for _, arrays.ReorderMemory = range []int64{1, 100, 400, 1 << 20} { // one sample, two, some, all at a time
		s := mustOpen(t, path, input("in", Int32, -1, 3, 2, 2), Options{})
		wantCount(t, s, 0)
	}
}

func TestIDX(t *testing.T) {
	images := idx(0x08, []int{3, 2, 5}, count[uint8](30))
	labels := idx(0x08, []int{3}, []uint8{2, 0, 1})
	floats := idx(0x0d, []int{3, 2, 5}, count[float32](30))
	ints := idx(0x0c, []int{3, 2, 5}, count[int32](30))
	for _, c := range []struct {
		name, images, labels string
		data, y              []byte
		o                    Options
	}{
		{"standard names", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", images, labels, Options{}},
		{"gzip", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", gz(images), gz(labels), Options{}},
		{"one of them gzip", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", gz(images), labels, Options{}},
		{"own names", "a", "b", images, labels, Options{Labels: "b"}},
		{"labels as npy", "a", "b", floats, npyBytes("<i8", false, []int{3}, []int64{2, 0, 1}), Options{Labels: "b"}},
		{"labels as npz", "a", "b", ints, npz(8, entry{"y.npy", npyBytes("<i8", false, []int{3, 1}, []int64{2, 0, 1})}), Options{Labels: "b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, c.images, c.data)
			y := filepath.Join(filepath.Dir(path), c.labels)
			if err := os.WriteFile(y, c.y, 0o666); err != nil {
				t.Fatal(err)
			}
			if c.o.Labels != "" {
				c.o.Labels = y
			}
			s := mustOpen(t, path, input("in", Float32, -1, 1, 2, 5), c.o)
			wantCount(t, s, 0)
			if want := []int64{2, 0, 1}; !slices.Equal(s.Labels(), want) {
				t.Errorf("labels %v, want %v", s.Labels(), want)
			}
		})
	}
}
