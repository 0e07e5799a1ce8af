package cgo_test

import (
	"math"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/quant"
)

// TestOpCountsNaN watches one of two nodes: its NaN are counted, whatever the length, and the outputs
// are those of a mask of zeros.
func TestOpCountsNaN(t *testing.T) {
	record := quant.Record{Low: grid(t, quant.QDQ, quant.Asymmetric, 8, -1, 3), High: grid(t, quant.QDQ, quant.Asymmetric, 16, -1, 3)}
	for _, n := range []int64{1, 15, 16, 17, 1000, 100_000} {
		model := network(t, 2, float("x", -1), float("y", -1), fake{"x", "a", 0, record}.node(), node("Neg", "", []string{"a"}, "b"), fake{"b", "y", 1, record}.node())
		s := open(t, model, cgo.Options{Level: 99, IntraThreads: 2})
		x, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 2)
		b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
		want := uint64(0)
		for i := range x.Float32s() {
			x.Float32s()[i] = float32(math.Inf(i%2 - 1))
			if i%7 == 0 || i == int(n)-1 {
				x.Float32s()[i] = math.Float32frombits(0x7f800001 + uint32(i)<<31)
				want++
			}
		}
		run := func(first, second byte) (counted uint64, out []float32) {
			mask.Bytes()[0], mask.Bytes()[1] = first, second
			before := cgo.NaNs()
			if err := b.Run(); err != nil {
				t.Fatal(err)
			}
			return cgo.NaNs() - before, append(out, y.Float32s()...)
		}
		none, plain := run(0, 0)
		seen, watched := run(cgo.Watch, cgo.Watch)
		behind, _ := run(0, cgo.Watch)
		if none != 0 || seen != want || behind != 0 {
			t.Errorf("%d values: counted %d, %d and %d, want 0, %d and 0", n, none, seen, behind, want)
		}
		for i := range plain {
			if !sameBits(plain[i], watched[i]) {
				t.Fatalf("%d values: element %d is %g, watched %g", n, i, plain[i], watched[i])
			}
		}
	}
}
