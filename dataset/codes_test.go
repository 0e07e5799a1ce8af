package dataset

import (
	"math"
	"testing"
)

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
