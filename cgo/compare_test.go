package cgo_test

import (
	"fmt"
	"math"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/quant"
)

// TestOpComparesGrids asks two nodes, the second of which writes where it reads, whether their grids agree: the answer
// is that of package quant, element by element, wherever the one element is in which they do not, and the outputs are
// those of a run that is not asked.
func TestOpComparesGrids(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const step = 0.03125 // of the low grid
	record := quant.Record{Low: grid(t, quant.QDQ, quant.Pow2, 8, -3, 3), High: grid(t, quant.QDQ, quant.Pow2, 16, -3, 3)}
	// agrees on zero alone
	other := quant.Record{Low: grid(t, quant.QDQ, quant.Asymmetric, 8, -3, 3), High: record.High}
	nan, inf, zero := float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	agrees, differs := 0, 0
	for _, n := range []int64{1, 15, 255, 256, 257, 1000, 100_000} { // the last is split over threads
		model := network(t, 2, float("x", n), float("y", n), fake{"x", "a", 0, record}.node(), node("Neg", "", []string{"a"}, "b"), fake{"b", "y", 1, other}.node())
		s := open(t, model, cgo.Options{Level: 99, IntraThreads: 2})
		x, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 2)
		b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
		run := func(first, second byte) (answers [2]byte, out []float32) {
			mask.Bytes()[0], mask.Bytes()[1] = first, second
			if err := b.Run(); err != nil {
				t.Fatal(err)
			}
			return [2]byte(mask.Bytes()), append(out, y.Float32s()...)
		}
		for _, fill := range []float32{0, step} {
			for _, at := range []int64{0, n / 2, n - 1} {
				for _, odd := range []float32{fill, zero, step, 2 * step, 1.25 * step, 1e-30, nan, inf, -inf, 3, -5} {
					for i := range x.Float32s() {
						x.Float32s()[i] = fill * float32(i%7-3)
					}
					x.Float32s()[at] = odd
					for _, low := range [][2]byte{{0, 0}, {cgo.Low, 0}, {0, cgo.Low}, {cgo.Low, cgo.Low}} {
						same, out := [2]bool{true, true}, [2]byte(low)
						a, second := record.High, other.High
						if low[0] != 0 {
							a = record.Low
						}
						if low[1] != 0 {
							second = other.Low
						}
						for _, v := range x.Float32s() {
							same[0] = same[0] && sameBits(record.Low.Value(v), record.High.Value(v))
							same[1] = same[1] && sameBits(other.Low.Value(-a.Value(v)), other.High.Value(-a.Value(v)))
						}
						for i := range same {
							if same[i] {
								out[i] |= cgo.Compare
								agrees++
							} else {
								differs++
							}
						}
						name := fmt.Sprintf("%d times %g, %g at %d, mask %d", n, fill, odd, at, low)
						answers, values := run(low[0]|cgo.Compare, low[1]|cgo.Compare)
						if answers != out {
							t.Errorf("%s: the answers are %d, want %d", name, answers, out)
						}
						_, plain := run(low[0], low[1])
						for i, v := range x.Float32s() {
							if want := second.Value(-a.Value(v)); !sameBits(values[i], want) || !sameBits(plain[i], want) {
								t.Fatalf("%s: element %d is %g, not asked %g, want %g", name, i, values[i], plain[i], want)
							}
						}
					}
				}
			}
		}
	}
	if agrees < 100 || differs < 100 {
		t.Errorf("%d grids agree and %d differ: this test shows too little", agrees, differs)
	}
}

// TestOpComparesAndCounts asks for both at once.
func TestOpComparesAndCounts(t *testing.T) {
	record := quant.Record{Low: grid(t, quant.QDQ, quant.Pow2, 8, -3, 3), High: grid(t, quant.QDQ, quant.Pow2, 16, -3, 3)}
	s := open(t, network(t, 1, float("x", 300), float("y", 300), fake{"x", "y", 0, record}.node()), cgo.Options{})
	x, y, mask := tensor(t, cgo.Float32, 300), tensor(t, cgo.Float32, 300), tensor(t, cgo.Uint8, 1)
	b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
	x.Float32s()[7], x.Float32s()[299] = float32(math.NaN()), float32(math.NaN())
	for _, odd := range []float32{0, 0.01} {
		x.Float32s()[290] = odd
		before := cgo.NaNs()
		mask.Bytes()[0] = cgo.Watch | cgo.Compare
		if err := b.Run(); err != nil {
			t.Fatal(err)
		}
		want := cgo.Watch
		if odd == 0 {
			want |= cgo.Compare // both grids have NaN at their lowest value, which is the same
		}
		if got := mask.Bytes()[0]; got != want || cgo.NaNs()-before != 2 {
			t.Errorf("with %g: answer %d, want %d; %d NaN", odd, got, want, cgo.NaNs()-before)
		}
	}
}
