package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/dataset/internal/arrays"
)

// lengths are random samples [length, width] of int32, each its own numbers from 1 on.
func lengths(rng *rand.Rand, n, width int) (samples [][]int32) {
	for range n {
		s := make([]int32, (1+rng.IntN(6))*width)
		for i := range s {
			s[i] = 1 + int32(rng.IntN(99))
		}
		samples = append(samples, s)
	}
	return samples
}

// TestRagged reads samples of different lengths from every layout, in pieces, and holds them against the padding by
// hand.
func TestRagged(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	const n, width = 9, 3
	samples := lengths(rng, n, width)
	longest := 0
	var all []int32
	offsets := []int64{0}
	items, joined := map[string][]byte{}, map[string][]byte{}
	for i, s := range samples {
		longest = max(longest, len(s)/width)
		all = append(all, s...)
		offsets = append(offsets, int64(len(all)/width))
		items[arrays.ItemKey("ids", i)] = npyBytes("<i4", false, []int{len(s) / width, width}, s)
	}
	joined["ids"] = npyBytes("<i4", false, []int{len(all) / width, width}, all)
	joined["ids_offsets"] = npyBytes("<i8", false, []int{n + 1}, offsets)
	big := map[string][]byte{}
	for i, s := range samples {
		var b bytes.Buffer
		_ = binary.Write(&b, binary.BigEndian, s)
		little := npyBytes("<i4", false, []int{len(s) / width, width}, s)
		head := bytes.Replace(little[:len(little)-b.Len()], []byte("<i4"), []byte(">i4"), 1)
		big[arrays.ItemKey("ids", i)] = append(slices.Clone(head), b.Bytes()...)
	}
	for _, c := range []struct {
		name   string
		arrays map[string][]byte
		packed bool
		dims   []int64
		whole  bool
	}{
		{"an array a sample", items, false, []int64{-1, -1, width}, false},
		{"an array a sample, compressed", items, true, []int64{-1, -1, width}, false},
		{"big-endian", big, false, []int64{-1, -1, width}, false},
		{"offsets", joined, false, []int64{-1, -1, width}, false},
		{"a fixed size", items, false, []int64{-1, 8, width}, false},
		{"both axes longer", items, false, []int64{-1, 8, width + 2}, false},
		{"without a batch in front", items, false, []int64{-1, width}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "e.npz")
			if err := os.WriteFile(path, archiveOf(t, c.arrays, c.packed), 0o666); err != nil {
				t.Fatal(err)
			}
			in := Input{Name: "ids", Dims: c.dims, Type: Int64}
			pad := []byte{249, 255, 255, 255, 255, 255, 255, 255} // -7
			set, err := Open(path, []Input{in}, Options{Pad: map[string][]byte{"ids": pad}})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			shape := set.Shape(0)
			rows, cols := int(shape[0]), int(shape[1])
			if want := c.dims[len(c.dims)-2]; want > 0 && rows != int(want) || want < 0 && rows != longest || set.Whole(0) != c.whole || set.Len() != n {
				t.Fatalf("%d samples of shape %v, whole: %v", set.Len(), shape, set.Whole(0))
			}
			for i, s := range samples {
				var want []byte
				for r := range rows {
					for k := range cols {
						v := int64(-7)
						if r < len(s)/width && k < width {
							v = int64(s[r*width+k])
						}
						want = binary.LittleEndian.AppendUint64(want, uint64(v))
					}
				}
				got := make([]byte, set.SampleBytes(0))
				if err := set.Read(0, i, got); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("sample %d: %v, %v; want %v", i, got, err, want)
				}
				from := rng.IntN(rows * cols)
				m := 1 + rng.IntN(rows*cols-from)
				piece := make([]byte, 8*m)
				if err := set.columns[0].read(i, from, m, piece); err != nil || !bytes.Equal(piece, want[8*from:8*(from+m)]) {
					t.Fatalf("sample %d, elements %d to %d: %v, %v", i, from, from+m, piece, err)
				}
			}
			if open := set.temp.Opened(); open > 1 {
				t.Errorf("%d temporary files are open", open)
			}
		})
	}
}

// TestRaggedIsRefused says what is wrong with samples of different shapes.
func TestRaggedIsRefused(t *testing.T) {
	i4 := func(shape ...int) []byte {
		n := 1
		for _, d := range shape {
			n *= d
		}
		return npyBytes("<i4", false, shape, make([]int32, n))
	}
	for _, c := range []struct {
		name   string
		arrays map[string][]byte
		dims   []int64
		want   []string
	}{
		{"no value", map[string][]byte{"ids_0": i4(3), "ids_1": i4(5)}, []int64{-1, 5}, []string{"the list of arrays from \"ids_0\" on has samples of different shapes, that become [5]", "--pad ids=0 for one"}},
		{"shorter than the network's", map[string][]byte{"ids_0": i4(3), "ids_1": i4(3)}, []int64{-1, 4}, []string{"that become [4]", "--pad ids=0"}},
		{"longer than the network's", map[string][]byte{"ids_0": i4(3), "ids_1": i4(5)}, []int64{-1, 4}, []string{"has shape [5] for sample 1", "cut it, or leave it out"}},
		{"other axes", map[string][]byte{"ids_0": i4(3), "ids_1": i4(5, 2)}, []int64{-1, -1}, []string{"has shape [5,2] of int32 for sample 1"}},
		{"a gap", map[string][]byte{"ids_0": i4(3), "ids_1": i4(5), "ids_3": i4(4), "ids_12": i4(4), "ids_02": i4(2)}, []int64{-1, -1}, []string{"the list of arrays from \"ids_0\" on ends before \"ids_2\", and there is \"ids_3\": give every sample an array, numbered from 0 on without a gap"}},
		{"offsets that fall", map[string][]byte{"ids": i4(6), "ids_offsets": npyBytes("<i8", false, []int{4}, []int64{0, 4, 2, 6})}, []int64{-1, -1}, []string{"has sample 1 from row 4 to row 2, of 6 rows"}},
		{"offsets beyond", map[string][]byte{"ids": i4(6), "ids_offsets": npyBytes("<i8", false, []int{3}, []int64{0, 4, 7})}, []int64{-1, -1}, []string{"from row 4 to row 7, of 6 rows"}},
		{"rows left over", map[string][]byte{"ids": i4(6), "ids_offsets": npyBytes("<i8", false, []int{3}, []int64{0, 4, 5})}, []int64{-1, -1}, []string{"from row 4 to row 5, of 6 rows"}},
		{"offsets of floats", map[string][]byte{"ids": i4(6), "ids_offsets": npyBytes("<f4", false, []int{3}, []float32{0, 4, 6})}, []int64{-1, -1}, []string{"has shape [3] of float32: give a row number"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "e.npz")
			if err := os.WriteFile(path, archiveOf(t, c.arrays, false), 0o666); err != nil {
				t.Fatal(err)
			}
			set, err := Open(path, []Input{{Name: "ids", Dims: c.dims, Type: Int64, Batched: true}}, Options{})
			if err == nil {
				set.Close()
			}
			wantBad(t, err, c.want...)
		})
	}
}

// TestPadsToTheNetwork takes an array whose samples are all shorter than the network's input.
func TestPadsToTheNetwork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npyBytes("<f4", false, []int{2, 2}, []float32{1, 2, 3, 4}), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path, []Input{{Name: "x", Dims: []int64{-1, 3}, Type: Float32}}, Options{Scale: []float32{2}, Pad: map[string][]byte{"x": {0, 0, 128, 63}}})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	got := make([]byte, 12)
	// 6, 8 and the 1 that is not scaled
	if err := set.Read(0, 1, got); err != nil || fmt.Sprint(got) != "[0 0 192 64 0 0 0 65 0 0 128 63]" {
		t.Errorf("%v, %v", got, err)
	}
}

// archiveOf is an archive of arrays by key, compressed where it is asked for.
func archiveOf(t testing.TB, arrays map[string][]byte, packed bool) []byte {
	t.Helper()
	method := zip.Store
	if packed {
		method = zip.Deflate
	}
	var list []entry
	for key, data := range arrays {
		list = append(list, entry{key + ".npy", data})
	}
	return npz(method, list...)
}
