package dataset

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// TestOwnLabels reads labels of every type in their own shape and type: the very bytes that were saved, little-endian
// and in C order whatever the file has.
func TestOwnLabels(t *testing.T) {
	raw := func(n int) []byte { // no two bytes alike, NaN and infinities among the numbers
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(251 - 5*i)
		}
		return b
	}
	for _, c := range []struct {
		descr string
		size  int // of an element
		unit  int // whose bytes big-endian turns
		shape []int
	}{
		{"|b1", 1, 1, []int{4}}, {"|i1", 1, 1, []int{4, 3}}, {"|u1", 1, 1, []int{4, 2, 2}}, {"<i2", 2, 2, []int{4, 1}}, {"<u2", 2, 2, []int{4, 5}},
		{"<i4", 4, 4, []int{4, 1, 1, 3}}, {"<u4", 4, 4, []int{4}}, {"<i8", 8, 8, []int{4, 2}}, {"<u8", 8, 8, []int{4}}, {"<f2", 2, 2, []int{4, 20, 4}},
		{"<f4", 4, 4, []int{4, 20, 6}}, {"<f8", 8, 8, []int{4}}, {"|S5", 5, 1, []int{4}}, {"|S3", 3, 1, []int{4, 2}}, {"<U3", 12, 4, []int{4, 2}},
	} {
		n := product64(c.shape) * c.size
		for _, how := range []string{"as it is", "big-endian", "Fortran", "deflated"} {
			t.Run(c.descr+" "+how, func(t *testing.T) {
				want := raw(n)
				if c.descr == "|b1" {
					want = []byte{1, 0, 0, 1}
				}
				data, descr, method, fortran := slices.Clone(want), c.descr, zip.Store, false
				switch how {
				case "big-endian":
					if c.unit == 1 {
						return
					}
					descr = ">" + c.descr[1:]
					for i := 0; i < n; i += c.unit {
						slices.Reverse(data[i : i+c.unit])
					}
				case "Fortran":
					data, fortran = transposed(want, c.shape, c.size), true
				case "deflated":
					method = zip.Deflate
				}
				path := save(t, "e.npz", npz(method, entry{"x.npy", f4(4, 2)}, entry{"y.npy", npyBytes(descr, fortran, c.shape, data)}))
				s := mustOpen(t, path, input("x", Float32, -1, 2), Options{Kind: AnyKind})
				own := s.Own()
				if len(own) != 1 || own[0].Name != "y" || own[0].Descr != c.descr || fmt.Sprint(own[0].Dims) != fmt.Sprint(c.shape[1:]) || !bytes.Equal(own[0].Data, want) {
					t.Errorf("%+v, want %s %v % x", own, c.descr, c.shape[1:], want)
				}
			})
		}
	}
}

func product64(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// transposed puts elements in C order into Fortran order.
func transposed(data []byte, shape []int, size int) []byte {
	out := make([]byte, len(data))
	for i := range len(data) / size {
		rest, at := i, 0
		for k := len(shape) - 1; k >= 0; k-- {
			at += rest % shape[k] * product64(shape[:k])
			rest /= shape[k]
		}
		copy(out[at*size:], data[i*size:(i+1)*size])
	}
	return out
}

// TestOwnLabelsStayWithTheirSamples takes parts of a set by every way there is: each sample keeps its own labels.
func TestOwnLabelsStayWithTheirSamples(t *testing.T) {
	const n = 24
	x, y := make([]byte, n), make([]byte, 0, n*6)
	for i := range n {
		x[i] = byte(i)
		y = append(y, byte(i), 1, byte(i), 2, byte(i), 3)
	}
	path := save(t, "e.npz", npz(zip.Store, entry{"x.npy", npyBytes("|u1", false, []int{n, 1}, x)}, entry{"y.npy", npyBytes("<i2", false, []int{n, 3}, y)}))
	for name, take := range map[string]func(t *testing.T, s *Set) *Set{
		"all":      func(_ *testing.T, s *Set) *Set { return s },
		"held out": func(_ *testing.T, s *Set) *Set { return s.HoldOut(7, 3) },
		"left":     func(_ *testing.T, s *Set) *Set { s.HoldOut(7, 3); return s },
		"limited":  func(_ *testing.T, s *Set) *Set { s.Limit(5, 1); return s },
		"dropped":  func(_ *testing.T, s *Set) *Set { s.Drop([]int{0, 3, 4, 23}); return s },
		"one after another": func(_ *testing.T, s *Set) *Set {
			h := s.HoldOut(15, 3)
			h.Limit(9, 2)
			h.Drop([]int{2})
			return h
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := take(t, mustOpen(t, path, input("x", Uint8, -1, 1), Options{Kind: AnyKind}))
			own := s.Own()[0]
			if len(own.Data) != 6*s.Len() {
				t.Fatalf("%d bytes of labels for %d samples", len(own.Data), s.Len())
			}
			b := make([]byte, 1)
			for i := range s.Len() {
				if err := s.Read(0, i, b); err != nil || own.Data[6*i] != b[0] || own.Data[6*i+4] != b[0] {
					t.Errorf("sample %d has the labels % x, %v", b[0], own.Data[6*i:6*i+6], err)
				}
			}
		})
	}
}

// TestOwnLabelsOfFolders: a class a folder arrives as the integers that it was before there was an array.
func TestOwnLabelsOfFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"cat/a.png", "dog/b.png", "dog/c.png"} {
		put(t, dir+"/"+name, solid(t, 2, 2, 9, 9, 9))
	}
	s := mustOpen(t, dir, input("x", Float32, -1, 3, 2, 2), Options{Kind: AnyKind})
	if own := s.Own(); len(own) != 1 || own[0].Descr != "<i8" || len(own[0].Dims) != 0 || !bytes.Equal(own[0].Data, []byte{16: 1, 8: 1, 23: 0}) {
		t.Errorf("%+v", own)
	}
}

// TestBadOwnLabels: labels that cannot be read in any shape are refused in one line that says what to save.
func TestBadOwnLabels(t *testing.T) {
	for _, c := range []struct {
		name, descr string
		shape       []int
		bytes       int
		want        []string
	}{
		{"fewer", "<f4", []int{3, 2}, 24, []string{`array "y" has shape [3,2]`, "4 samples"}},
		{"more", "<f4", []int{5}, 20, []string{"shape [5]", "4 samples"}},
		{"transposed", "<f4", []int{2, 4}, 32, []string{"shape [2,4]", "4 samples"}},
		{"a single number", "<i8", []int{}, 8, []string{"single number", "first axis"}},
		{"an empty second axis", "<i8", []int{4, 0}, 0, []string{"shape [4,0]", "at least one element"}},
		{"no samples", "<i8", []int{0}, 0, []string{"no sample"}},
		{"objects", "|O", []int{4}, 32, []string{"Python objects"}},
		{"complex", "<c8", []int{4}, 32, []string{`dtype "<c8"`}},
		{"dates", "<M8[ns]", []int{4}, 32, []string{"dtype"}},
		{"text of no length", "<U0", []int{4}, 0, []string{`dtype "<U0"`}},
		{"text of any length", "<U99999999999", []int{4}, 0, []string{"dtype"}},
		{"cut short", "<f4", []int{4, 20, 4}, 100, []string{"truncated"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, "e.npz", npz(zip.Store, entry{"x.npy", f4(4, 2)}, entry{"y.npy", npyBytes(c.descr, false, c.shape, make([]byte, c.bytes))}))
			_, err := Open(path, input("x", Float32, -1, 2), Options{Kind: AnyKind})
			wantBad(t, err, c.want...)
		})
	}
}
