package dataset

import (
	"archive/zip"
	"slices"
	"strconv"
	"testing"
)

// numbered is a set of n samples, of which sample i is the number i and has the label i%3.
func numbered(t *testing.T, n int) *Set {
	t.Helper()
	var x []float32
	var y []int64
	for i := range n {
		x, y = append(x, float32(i)), append(y, int64(i%3))
	}
	path := save(t, "d.npz", npz(zip.Store, entry{"x.npy", npyBytes("<f4", false, []int{n, 1}, x)}, entry{"y.npy", npyBytes("<i8", false, []int{n}, y)}))
	s, err := Open(path, []Input{{Name: "x", Dims: []int64{-1, 1}, Type: Float32}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// members reads a numbered set back, and holds labels and names against the samples.
func members(t *testing.T, s *Set) []int {
	t.Helper()
	var list []int
	var b [4]byte
	for i := range s.Len() {
		if err := s.Read(0, i, b[:]); err != nil {
			t.Fatal(err)
		}
		v := int(float(b[:], Float32))
		list = append(list, v)
		if s.Labels()[i] != int64(v%3) || s.Name(i) != "sample "+strconv.Itoa(v) {
			t.Errorf("sample %d is %d, with label %d and name %q", i, v, s.Labels()[i], s.Name(i))
		}
	}
	return list
}

func TestHoldOut(t *testing.T) {
	for _, c := range []struct {
		n, count int
		seed     uint32
	}{{2, 1, 1}, {10, 3, 1}, {10, 9, 2}, {200, 60, 1}, {200, 60, 7}} {
		s := numbered(t, c.n)
		held := s.HoldOut(c.count, c.seed)
		in, out := members(t, s), members(t, held)
		if len(out) != c.count || len(in) != c.n-c.count || !slices.IsSorted(in) || !slices.IsSorted(out) {
			t.Errorf("%+v: %v and %v", c, in, out)
		}
		all := append(slices.Clone(in), out...)
		slices.Sort(all)
		if len(slices.Compact(all)) != c.n {
			t.Errorf("%+v: a sample is on both sides or on none: %v and %v", c, in, out)
		}
		again := numbered(t, c.n)
		if other := members(t, again.HoldOut(c.count, c.seed)); !slices.Equal(other, out) {
			t.Errorf("%+v: %v, the next time %v", c, out, other)
		}
		if c.n == 200 && slices.Equal(out, members(t, numbered(t, c.n).HoldOut(c.count, c.seed+1))) {
			t.Errorf("%+v: another seed draws the same samples", c)
		}
	}
}

// TestHoldOutIsFixed: a run with a hold-out can be repeated with a later version.
func TestHoldOutIsFixed(t *testing.T) {
	if got := members(t, numbered(t, 20).HoldOut(6, 1)); !slices.Equal(got, fixedHoldOut) {
		t.Errorf("seed 1 draws %v, it was %v", got, fixedHoldOut)
	}
}

func TestLimitAfterHoldOut(t *testing.T) {
	s := numbered(t, 90)
	held := members(t, s.HoldOut(30, 1))
	s.Limit(12, 1)
	list := members(t, s)
	shares := make([]int, 3)
	for _, v := range list {
		shares[v%3]++
		if slices.Contains(held, v) {
			t.Errorf("sample %d is on both sides", v)
		}
	}
	if len(list) != 12 || slices.Max(shares)-slices.Min(shares) > 2 {
		t.Errorf("%v, of each class %v", list, shares)
	}
	s.Limit(0, 1)
	s.Limit(50, 1)
	if s.Len() != 12 {
		t.Errorf("%d samples after limits that ask for more", s.Len())
	}
	s.Drop([]int{0, 5, 11})
	if got := members(t, s); len(got) != 9 || slices.Contains(got, list[0]) || slices.Contains(got, list[5]) || slices.Contains(got, list[11]) {
		t.Errorf("%v without three of them: %v", list, got)
	}
}

var fixedHoldOut = []int{1, 2, 6, 9, 12, 14}
