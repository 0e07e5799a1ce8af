package dataset

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// shapesFile is images [2,H,W] of the sizes given, whose element k of sample i is 100i+k, and sequences beside them,
// one label each.
func shapesFile(t *testing.T, sizes [][2]int, lengths []int) string {
	t.Helper()
	arrays := map[string][]byte{}
	var labels []int64
	for i, s := range sizes {
		values := make([]float32, 2*s[0]*s[1])
		for k := range values {
			values[k] = float32(100*i + k)
		}
		arrays[fmt.Sprintf("x_%d", i)] = npyBytes("<f4", false, []int{2, s[0], s[1]}, values)
		if lengths != nil {
			arrays[fmt.Sprintf("ids_%d", i)] = npyBytes("<i4", false, []int{lengths[i]}, make([]int32, lengths[i]))
		}
		labels = append(labels, int64(i%3))
	}
	arrays["y"] = npyBytes("<i8", false, []int{len(labels)}, labels)
	path := filepath.Join(t.TempDir(), "e.npz")
	if err := os.WriteFile(path, archiveOf(t, arrays, false), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestGroups holds that samples whose shapes differ on free axes are told apart by the shapes of all inputs, and that
// each is read, scaled and labelled as it is in the file, whatever part of the set is left.
func TestGroups(t *testing.T) {
	sizes := [][2]int{{2, 3}, {4, 1}, {2, 3}, {2, 3}, {4, 1}, {3, 2}, {2, 3}}
	lengths := []int{5, 5, 5, 6, 5, 5, 5}
	inputs := []Input{{Name: "x", Dims: []int64{-1, 2, -1, -1}, Type: Float32}, {Name: "ids", Dims: []int64{-1, -1}, Type: Int32}}
	for _, c := range []struct {
		name   string
		inputs []Input
		ids    []int
		want   [][]int
		keep   func(*Set)
	}{
		{"one input", inputs[:1], nil, [][]int{{0, 2, 3, 6}, {1, 4}, {5}}, func(*Set) {}},
		{"two inputs", inputs, lengths, [][]int{{0, 2, 6}, {1, 4}, {3}, {5}}, func(*Set) {}},
		{"a part", inputs, lengths, [][]int{{1, 4}, {3}}, func(s *Set) { s.Drop([]int{0, 2, 5, 6}) }},
		{"a hold-out", inputs[:1], nil, nil, func(s *Set) { s.HoldOut(2, 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := Open(shapesFile(t, sizes, c.ids), c.inputs, Options{Scale: []float32{2, 3}})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			c.keep(set)
			if err := set.CheckFinite(); err != nil {
				t.Fatal(err)
			}
			var got [][]int
			seen := 0
			for _, g := range set.Groups() {
				var rows []int
				for i, sample := range g.Of {
					row := set.Number(sample)
					rows = append(rows, row)
					seen++
					want := []int64{2, int64(sizes[row][0]), int64(sizes[row][1])}
					if !slices.Equal(g.Shape(0), want) || g.SampleBytes(0) != set.SampleSize(0, sample) || g.Labels()[i] != int64(row%3) || g.Name(i) != fmt.Sprintf("sample %d", row) {
						t.Errorf("sample %d: shape %v, want %v, label %d, %s", row, g.Shape(0), want, g.Labels()[i], g.Name(i))
					}
					for _, read := range []func([]byte) error{func(b []byte) error { return g.Read(0, i, b) }, func(b []byte) error { return set.Read(0, sample, b) }} {
						b := make([]byte, g.SampleBytes(0))
						if err := read(b); err != nil {
							t.Fatal(err)
						}
						for k := range len(b) / 4 {
							scale := float32(2 + k/(len(b)/8)) // by channel, the first axis
							if v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:])); v != scale*float32(100*row+k) {
								t.Fatalf("sample %d, element %d: %v", row, k, v)
							}
						}
					}
				}
				got = append(got, rows)
			}
			if c.want != nil && fmt.Sprint(got) != fmt.Sprint(c.want) || seen != set.Len() {
				t.Errorf("groups %v of %d samples, want %v", got, set.Len(), c.want)
			}
		})
	}
}

// TestNoGroups holds that samples of one shape, and padded ones, have no groups, and that a shape is a part of a
// sample's hash.
func TestNoGroups(t *testing.T) {
	x := []Input{{Name: "x", Dims: []int64{-1, 2, -1, -1}, Type: Float32}}
	for name, c := range map[string]struct {
		sizes [][2]int
		pad   map[string][]byte
	}{"one shape": {[][2]int{{2, 3}, {2, 3}}, nil}, "padded": {[][2]int{{2, 3}, {4, 3}}, map[string][]byte{"x": make([]byte, 4)}}} {
		set, err := Open(shapesFile(t, c.sizes, nil), x, Options{Pad: c.pad})
		if err != nil {
			t.Fatal(err)
		}
		if g := set.Groups(); g != nil {
			t.Errorf("%s: %d groups", name, len(g))
		}
		set.Close()
	}
	ids := []Input{{Name: "ids", Dims: []int64{-1, -1, -1}, Type: Int32}}
	arrays := map[string][]byte{"ids_0": npyBytes("<i4", false, []int{2, 3}, make([]int32, 6)), "ids_1": npyBytes("<i4", false, []int{3, 2}, make([]int32, 6))}
	path := filepath.Join(t.TempDir(), "e.npz")
	if err := os.WriteFile(path, archiveOf(t, arrays, false), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path, ids, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	a, err := set.SampleHash(0)
	b, err2 := set.SampleHash(1)
	if err != nil || err2 != nil || a == b {
		t.Errorf("zeros of two shapes have one hash: %v, %v", err, err2)
	}
}
