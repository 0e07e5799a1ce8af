package cgo_test

import (
	"bytes"
	"flag"
	"math"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"example.org/demote/cgo"
	"example.org/demote/quant"
)

var exhaustive = flag.Bool("exhaustive", false, "run TestExhaustive over all 2^32 floats: minutes (make exhaustive)")

// TestExhaustive compares every kernel with quant on every float32 there is, or without -exhaustive on one in 4,099,
// whose bit patterns are spread evenly. Codes go the same way: Encode and Decode give the same value.
func TestExhaustive(t *testing.T) {
	stride := uint64(4_099)
	if *exhaustive {
		stride = 1
	}
	for _, c := range []struct {
		name string
		g    quant.Grid
	}{
		{"qdq asymmetric 8", grid(t, quant.QDQ, quant.Asymmetric, 8, -0.37, 2.91)},
		{"qdq asymmetric 16", grid(t, quant.QDQ, quant.Asymmetric, 16, -0.37, 2.91)},
		{"qdq pow2 8", grid(t, quant.QDQ, quant.Pow2, 8, -0.37, 2.91)},
		{"qdq pow2 16, the least scale", grid(t, quant.QDQ, quant.Pow2, 16, -1e-38, 1e-38)},
		{"qdq symmetric 16, without shortcuts", grid(t, quant.QDQ, quant.Symmetric, 16, -1e-25, 1e-25)},
		{"mctq uniform 8", grid(t, quant.MCTQ, quant.Asymmetric, 8, -0.37, 2.91)},
		{"mctq uniform 16", grid(t, quant.MCTQ, quant.Asymmetric, 16, -0.37, 2.91)},
		{"torch asymmetric 8", grid(t, quant.Torch, quant.Asymmetric, 8, -0.37, 2.91)},
		{"bf16", quant.BF16Grid()},
		{"torch asymmetric 16", grid(t, quant.Torch, quant.Asymmetric, 16, -0.37, 2.91)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			compareAll(t, c.g.Params(), stride)
		})
	}
}

// compareAll runs chunks of floats with bit patterns a stride apart on all processors.
func compareAll(t *testing.T, p quant.Params, stride uint64) {
	const chunk = 1 << 16
	starts := make(chan uint64)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			x, want, got, codes := make([]float32, chunk), make([]float32, chunk), make([]float32, chunk), make([]byte, 2*chunk)
			kernels := map[int]cgo.Kernel{}
			for _, isa := range cgo.ISAs() {
				k, err := cgo.NewKernel(p, isa)
				if err != nil {
					t.Error(err)
				}
				kernels[isa] = k
			}
			for start := range starts {
				for i := range x {
					x[i] = math.Float32frombits(uint32(start + uint64(i)*stride))
				}
				p.Apply(want, x)
				for isa, k := range kernels {
					k.Apply(got, x)
					report(t, cgo.ISAName(isa), x, got, want)
					cgo.EncodeISA(codes, x, p, isa)
					cgo.DecodeISA(got, codes, p, isa)
					report(t, cgo.ISAName(isa)+" codes", x, got, want)
				}
			}
		})
	}
	for start := uint64(0); start < 1<<32 && !t.Failed(); start += chunk * stride {
		starts <- start
	}
	close(starts)
	group.Wait()
}

func report(t *testing.T, what string, x, got, want []float32) {
	if !bytes.Equal(memory(got), memory(want)) {
		t.Errorf("%s: %s", what, difference(x, got, want))
	}
}

func memory(x []float32) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)) }
