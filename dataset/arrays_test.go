package dataset

import (
	"archive/zip"
	"encoding/binary"
	"slices"
	"testing"
)

// i8 is an int64 array of one axis.
func i8(values ...int64) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return npyBytes("<i8", false, []int{len(values)}, b)
}

// TestLabelArrays: several arrays of labels, of one row a sample and of rows by offsets, stay with their samples
// whatever part of them is taken. Sample i has i%3 rows, each with the sample's number.
func TestLabelArrays(t *testing.T) {
	const n = 10
	x, y, rows, offsets := make([]byte, n), make([]byte, n), []byte{}, []int64{0}
	for i := range n {
		x[i], y[i] = byte(i), byte(i)
		for range i % 3 {
			rows = append(rows, byte(i), byte(i))
		}
		offsets = append(offsets, int64(len(rows)/2))
	}
	path := save(t, "e.npz", npz(zip.Store, entry{"x.npy", npyBytes("|u1", false, []int{n, 1}, x)}, entry{"y.npy", npyBytes("|u1", false, []int{n}, y)},
		entry{"boxes.npy", npyBytes("|u1", false, []int{len(rows) / 2, 2}, rows)}, entry{"offsets.npy", i8(offsets...)},
		entry{"own.npy", npyBytes("|u1", false, []int{len(rows) / 2}, rows[:len(rows)/2])}, entry{"own_offsets.npy", i8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, int64(len(rows)/2))}))
	for name, take := range map[string]func(s *Set) *Set{
		"all":      func(s *Set) *Set { return s },
		"held out": func(s *Set) *Set { return s.HoldOut(4, 3) },
		"limited":  func(s *Set) *Set { s.Limit(5, 1); return s },
		"dropped":  func(s *Set) *Set { s.Drop([]int{0, 3, 8}); return s },
	} {
		s := take(mustOpen(t, path, input("x", Uint8, -1, 1), Options{Kind: AnyKind, Arrays: []string{"y", "boxes", "own"}}))
		own := s.Own()
		if len(own) != 3 || own[0].Name != "y" || own[0].Offsets != nil || own[1].Name != "boxes" || !slices.Equal(own[1].Dims, []int64{2}) {
			t.Fatalf("%s: %+v", name, own)
		}
		b := make([]byte, 1)
		for i := range s.Len() {
			if err := s.Read(0, i, b); err != nil || own[0].Data[i] != b[0] {
				t.Errorf("%s: sample %d has label %d, %v", name, b[0], own[0].Data[i], err)
			}
			rows := own[1].Data[2*own[1].Offsets[i] : 2*own[1].Offsets[i+1]]
			if len(rows) != 2*int(b[0]%3) || slices.ContainsFunc(rows, func(v byte) bool { return v != b[0] }) {
				t.Errorf("%s: sample %d has rows % x", name, b[0], rows)
			}
			if all := own[2].Offsets[i+1] - own[2].Offsets[i]; (all > 0) != (b[0] == n-1) {
				t.Errorf("%s: sample %d has %d rows by offsets of its own", name, b[0], all)
			}
		}
	}
}

// TestBadLabelArrays: what cannot be is refused in one line.
func TestBadLabelArrays(t *testing.T) {
	x := entry{"x.npy", f4(2, 1)}
	boxes := entry{"boxes.npy", f4(3, 5)}
	for _, c := range []struct {
		entries []entry
		names   []string
		hint    string
	}{
		{[]entry{x, boxes}, []string{"boxes"}, `there are 2 samples: give each its labels, or say where the rows of each begin, in an array "boxes_offsets"`},
		{[]entry{x, boxes, {"offsets.npy", i8(0, 1, 3)}}, []string{"boxes", "y"}, `no array "y" with labels`},
		{[]entry{x, boxes, {"offsets.npy", i8(0, 3)}}, []string{"boxes"}, "give 3 integers"},
		{[]entry{x, boxes, {"offsets.npy", i8(1, 2, 3)}}, []string{"boxes"}, "begins with 1"},
		{[]entry{x, boxes, {"offsets.npy", i8(0, 4, 3)}}, []string{"boxes"}, "falls from 4 to 3 at sample 1"},
		{[]entry{x, boxes, {"offsets.npy", i8(0, 1, 2)}}, []string{"boxes"}, "ends with 2, and"},
		{[]entry{x, boxes, {"offsets.npy", f4(3)}}, []string{"boxes"}, "float32"},
	} {
		path := save(t, "e.npz", npz(zip.Store, c.entries...))
		_, err := Open(path, input("x", Float32, -1, 1), Options{Kind: AnyKind, Arrays: c.names})
		wantBad(t, err, c.hint)
	}
	path := save(t, "x.npy", f4(2, 1))
	_, err := Open(path, input("x", Float32, -1, 1), Options{Kind: Boxes, Labels: path})
	wantBad(t, err, "labels of several arrays lie in an .npz")
	// which is no mistake of calibration samples
	for _, o := range []Options{{Kind: Boxes}, {Kind: AnyKind, Arrays: []string{"y"}}} {
		if s := mustOpen(t, path, input("x", Float32, -1, 1), o); s.Labelled() {
			t.Errorf("%+v: labels from nowhere", o)
		}
	}
}
