package cgo_test

import (
	"math"
	"testing"

	"demote/cgo"
	"demote/quant"
)

func grid(t testing.TB, f quant.Formula, k quant.Kind, bits int, lo, hi float32) quant.Grid {
	t.Helper()
	g, err := quant.GridOf(f, k, bits, quant.Range{Min: lo, Max: hi})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func open(t testing.TB, model []byte, o cgo.Options) *cgo.Session {
	t.Helper()
	s, err := cgo.NewSession(model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func tensor(t testing.TB, d cgo.DType, shape ...int64) *cgo.Tensor {
	t.Helper()
	v, err := cgo.NewTensor(d, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// bind returns a binding of s with the named tensors bound.
func bind(t testing.TB, s *cgo.Session, inputs, outputs map[string]*cgo.Tensor) *cgo.Binding {
	t.Helper()
	b, err := s.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for name, v := range inputs {
		at, err := b.Input(name)
		if err == nil {
			err = b.Bind(at, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, v := range outputs {
		at, err := b.Output(name)
		if err == nil {
			err = b.Bind(at, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

func TestOpChoosesByMask(t *testing.T) {
	for _, formula := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, level := range []int{0, 99} {
			for _, n := range []int64{1, 1000, 100_000} { // the last is split over threads
				first := quant.Record{Low: grid(t, formula, quant.Asymmetric, 8, -1, 3), High: grid(t, formula, quant.Asymmetric, 16, -1, 3)}
				second := quant.Record{Low: grid(t, formula, quant.Pow2, 8, -1, 3), High: grid(t, formula, quant.Symmetric, 16, -1, 2)}
				model := network(t, 2, float("x", -1), float("y", -1),
					fake{"x", "a", 0, first}.node(), node("Neg", "", []string{"a"}, "b"), fake{"b", "y", 1, second}.node())
				s := open(t, model, cgo.Options{Level: level, IntraThreads: 2})
				x, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 2)
				b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
				for i := range x.Float32s() {
					x.Float32s()[i] = float32(math.Sin(float64(i)*1.7) * 4)
				}
				for bits := range 4 {
					g, h := first.High, second.High
					mask.Bytes()[0], mask.Bytes()[1] = byte(bits&1), byte(bits>>1)
					if bits&1 != 0 {
						g = first.Low
					}
					if bits&2 != 0 {
						h = second.Low
					}
					if err := b.Run(); err != nil {
						t.Fatal(err)
					}
					for i, v := range x.Float32s() {
						if want := h.Value(-g.Value(v)); !sameBits(y.Float32s()[i], want) {
							t.Fatalf("%s, level %d, mask %02b: element %d (%g) is %g, want %g", formula, level, bits, i, v, y.Float32s()[i], want)
						}
					}
				}
			}
		}
	}
}
