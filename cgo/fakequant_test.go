package cgo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"example.org/demote/cgo"
	"example.org/demote/quant"
)

// someGrids are grids of every formula, kind and width, and of extreme scales.
func someGrids(t testing.TB) map[string]quant.Grid {
	grids := map[string]quant.Grid{"bf16": quant.BF16Grid()}
	for _, f := range []quant.Formula{quant.QDQ, quant.MCTQ, quant.Torch} {
		for _, bits := range []int{4, 8, 16} {
			for _, kind := range []quant.Kind{quant.Asymmetric, quant.Symmetric, quant.Pow2} {
				grids[fmt.Sprintf("%s/%s/%d", f, kind, bits)] = grid(t, f, kind, bits, -0.37, 2.91)
			}
			grids[fmt.Sprintf("%s/positive/%d", f, bits)] = grid(t, f, quant.Pow2, bits, 0, 5.7)
			grids[fmt.Sprintf("%s/least/%d", f, bits)] = grid(t, f, quant.Pow2, bits, -1e-38, 1e-38)
			grids[fmt.Sprintf("%s/tiny/%d", f, bits)] = grid(t, f, quant.Asymmetric, bits, -1e-34, 3e-34)
			grids[fmt.Sprintf("%s/large/%d", f, bits)] = grid(t, f, quant.Symmetric, bits, -2e38, 1e38)
			grids[fmt.Sprintf("%s/large power/%d", f, bits)] = grid(t, f, quant.Pow2, bits, -1e38, 1e38)
		}
	}
	return grids
}

// specials are the numbers that formulas disagree on first: halves of a step and their neighbours, the ends of the
// grid, NaN with several payloads, infinities, both zeros, subnormal numbers.
func specials(g quant.Grid) []float32 {
	var x []float32
	near := func(v float32) {
		x = append(x, v, math.Nextafter32(v, float32(math.Inf(1))), math.Nextafter32(v, float32(math.Inf(-1))))
	}
	for _, bits := range []uint32{0, 1, 2, 0x007fffff, 0x00800000, 0x00800001, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff} {
		x = append(x, math.Float32frombits(bits), math.Float32frombits(bits|1<<31))
	}
	for c := g.Min; c <= g.Max; c += max(1, (g.Max-g.Min)/512) {
		near(g.Decode(c))
		near(float32(float64(g.Decode(c)) + float64(g.Scale)/2))
	}
	for _, c := range []int32{g.Min, g.Max} {
		for _, d := range []float64{-1.5, -0.5, 0.5, 1.5} {
			near(float32(float64(g.Decode(c)) + d*float64(g.Scale)))
		}
	}
	return x
}

// difference describes the first element where two results differ in their bits; "" where none does.
func difference(x, got, want []float32) string {
	for i := range want {
		if !sameBits(got[i], want[i]) {
			return fmt.Sprintf("element %d, %g (%08x): %g (%08x), want %g (%08x)", i, x[i], math.Float32bits(x[i]),
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
	return ""
}

func TestFakeQuantMatchesQuant(t *testing.T) {
	for name, g := range someGrids(t) {
		t.Run(name, func(t *testing.T) {
			p := g.Params()
			x := specials(g)
			for bits := uint64(0); bits < 1<<32; bits += 65_537 { // all exponents and signs, mantissas all over
				x = append(x, math.Float32frombits(uint32(bits)))
			}
			rng := rand.New(rand.NewPCG(1, 2))
			for range 50_000 {
				x = append(x, float32(rng.NormFloat64()*float64(g.Scale)*math.Exp2(float64(g.Bits)-1)))
			}
			want := make([]float32, len(x))
			p.Apply(want, x)
			got := make([]float32, len(x))
			for _, isa := range append(cgo.ISAs(), cgo.ISAAuto) {
				cgo.FakeQuant(got, x, p, isa)
				if d := difference(x, got, want); d != "" {
					t.Errorf("%s: %s", cgo.ISAName(isa), d)
				}
			}
		})
	}
}

// TestFakeQuantAtEveryLength runs lengths around the vector widths at every alignment, in place and not, between
// guards.
func TestFakeQuantAtEveryLength(t *testing.T) {
	const guard = float32(12345)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, g := range []quant.Grid{
		grid(t, quant.QDQ, quant.Asymmetric, 8, -1, 3), grid(t, quant.QDQ, quant.Pow2, 8, -1, 3), grid(t, quant.MCTQ, quant.Asymmetric, 16, -1, 3),
	} {
		p := g.Params()
		for _, isa := range cgo.ISAs() {
			k, err := cgo.NewKernel(p, isa)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 150 {
				for offset := range 17 {
					src, dst := aligned(200), aligned(200)
					for i := range src {
						src[i], dst[i] = float32(rng.NormFloat64()*2), guard
					}
					x := src[offset : offset+n]
					want := make([]float32, n)
					p.Apply(want, x)
					y := dst[(offset*7)%16:]
					k.Apply(y[:n], x)
					if d := difference(x, y, want); d != "" {
						t.Fatalf("%s, length %d, offset %d: %s", cgo.ISAName(isa), n, offset, d)
					}
					for i, v := range dst {
						if k := i - (offset*7)%16; (k < 0 || k >= n) && v != guard {
							t.Fatalf("%s, length %d, offset %d: element %d outside is overwritten", cgo.ISAName(isa), n, offset, k)
						}
					}
					k.Apply(x, x)
					if d := difference(x, x, want); d != "" {
						t.Fatalf("%s, in place, length %d, offset %d: %s", cgo.ISAName(isa), n, offset, d)
					}
				}
			}
		}
	}
}

// aligned returns n floats that begin at a multiple of 64 bytes.
func aligned(n int) []float32 {
	buf := make([]float32, n+16)
	for i := range 16 {
		if uintptr(unsafe.Pointer(&buf[i]))%64 == 0 {
			return buf[i : i+n]
		}
	}
	return buf[:n]
}

func TestUnsupportedISAIsAuto(t *testing.T) {
	g := grid(t, quant.QDQ, quant.Asymmetric, 8, -1, 3)
	x := specials(g)
	want, got := make([]float32, len(x)), make([]float32, len(x))
	g.Apply(want, x)
	cgo.FakeQuant(got, x, g.Params(), 99)
	if d := difference(x, got, want); d != "" {
		t.Error(d)
	}
	if cgo.ISAs()[0] != cgo.ISAPlain {
		t.Errorf("instruction sets %v do not begin with the plain loop", cgo.ISAs())
	}
}

// BenchmarkFakeQuant measures tensors that stay in the second-level cache, in place as the operator works.
func BenchmarkFakeQuant(b *testing.B) {
	x := aligned(64 << 10) // 256 KiB
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for _, c := range []struct {
		name string
		g    quant.Grid
	}{
		{"qdq", grid(b, quant.QDQ, quant.Asymmetric, 8, -4, 4)},
		{"pow2", grid(b, quant.QDQ, quant.Pow2, 8, -4, 4)},
		{"mctq", grid(b, quant.MCTQ, quant.Asymmetric, 8, -4, 4)},
		{"torch", grid(b, quant.Torch, quant.Asymmetric, 8, -4, 4)},
	} {
		for _, isa := range cgo.ISAs() {
			b.Run(c.name+"/"+cgo.ISAName(isa), func(b *testing.B) {
				k, err := cgo.NewKernel(c.g.Params(), isa)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					k.Apply(x, x)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
			})
		}
	}
}
