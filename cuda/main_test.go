//go:build cuda

package cuda_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/quant"
)

func TestMain(m *testing.M) {
	code := emutest.Main(m)
	if live := cuda.Live(); code == 0 && live != (cuda.Counts{}) {
		fmt.Println("left open after all tests:", live)
		code = 1
	}
	os.Exit(code)
}

// onDevice opens the emulated device, runs f on its worker with a stream, and demands that nothing is left behind.
func onDevice(t *testing.T, f func(t *testing.T, d *cuda.Device, s *cuda.Stream)) {
	t.Helper()
	w, err := cuda.Open(0)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Do(func(d *cuda.Device) error {
		s, err := d.NewStream()
		if err != nil {
			return err
		}
		defer s.Close()
		f(t, d, s)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if left := emutest.Live(); left != "" {
		t.Errorf("left on the device: %s", left)
	}
}

// upload makes a buffer with the given elements, closed at the end of the test's device function.
func upload[T cuda.Element](t *testing.T, d *cuda.Device, s *cuda.Stream, name string, elements []T) *cuda.Buffer[T] {
	t.Helper()
	b, err := cuda.NewBuffer[T](d, name, len(elements))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Upload(s, elements); err != nil {
		t.Fatal(err)
	}
	return b
}

// room makes a buffer of undefined content.
func newBuffer[T cuda.Element](t *testing.T, d *cuda.Device, name string, n int) *cuda.Buffer[T] {
	t.Helper()
	b, err := cuda.NewBuffer[T](d, name, n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// download reads a whole buffer.
func download[T cuda.Element](t *testing.T, s *cuda.Stream, b *cuda.Buffer[T]) []T {
	t.Helper()
	out := make([]T, b.Len())
	if err := b.Download(s, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// do fails the test on an error.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// close closes buffers and fails the test on an error.
func closeAll(t *testing.T, closers ...interface{ Close() error }) {
	t.Helper()
	for _, c := range closers {
		do(t, c.Close())
	}
}

// lengths are the sizes at which vector loops, warps and blocks begin and end.
var lengths = []int{1, 2, 3, 4, 5, 31, 32, 33, 127, 128, 255, 256, 257, 1023, 1024, 1025, 4099, 20_000}

// records are grids of every formula in 8 and 16 bits: symmetric, asymmetric, unsigned, a power of two, and one far
// from zero.
func records(t testing.TB) []quant.Record {
	t.Helper()
	var list []quant.Record
	for _, formula := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, r := range []quant.Range{{Min: -3.7, Max: 5.1}, {Min: 0, Max: 6}, {Min: -0.02, Max: 0.013}, {Min: -1000, Max: 1}} {
			for _, kind := range []quant.Kind{quant.Asymmetric, quant.Symmetric, quant.Pow2} {
				low, err := quant.GridOf(formula, kind, 8, r)
				if err != nil {
					t.Fatal(err)
				}
				high, err := quant.GridOf(formula, kind, 16, r)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, quant.Record{Low: low, High: high})
			}
		}
	}
	for _, kind := range []quant.Kind{quant.Asymmetric, quant.Symmetric, quant.Pow2} { // of 4 and 8 bits
		low, lowErr := quant.GridOf(quant.QDQ, kind, 4, quant.Range{Min: -3.7, Max: 5.1})
		high, highErr := quant.GridOf(quant.QDQ, kind, 8, quant.Range{Min: -3.7, Max: 5.1})
		if lowErr != nil || highErr != nil {
			t.Fatal(lowErr, highErr)
		}
		list = append(list, quant.Record{Low: low, High: high})
	}
	return list
}

// specials are the floats at which formulas differ: halves, zeros, denormals, infinities, NaNs, the ends of float32.
func specials(p quant.Params) []float32 {
	list := []float32{0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
		math.Float32frombits(0xffc00001), math.Float32frombits(1), math.Float32frombits(0x80000001), math.MaxFloat32, -math.MaxFloat32,
		math.SmallestNonzeroFloat32, 0x1p-126}
	for _, step := range []float32{p.Lo, p.Hi, p.Lo - 1, p.Hi + 1, 0, 1, 2, 127, -128} {
		for _, half := range []float32{-0.5, 0, 0.5} {
			x := (step+half)*p.Scale + p.Offset
			list = append(list, x, math.Nextafter32(x, 9e30), math.Nextafter32(x, -9e30), -x)
		}
	}
	return list
}

// values are n floats: the special ones, then random ones around the grid, then random bits.
func values(p quant.Params, n int, r *rand.Rand) []float32 {
	list := specials(p)
	for len(list) < n {
		if len(list)%3 == 0 {
			list = append(list, math.Float32frombits(r.Uint32()))
			continue
		}
		list = append(list, float32(r.NormFloat64())*p.Scale*100+p.Offset)
	}
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:n]
}

// sameBits reports the first element whose bits differ.
func sameBits(got, want []float32) error {
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			return fmt.Errorf("element %d of %d: got %g (%08x), want %g (%08x)", i, len(want), got[i], math.Float32bits(got[i]), want[i],
				math.Float32bits(want[i]))
		}
	}
	return nil
}
