//go:build cuda

package cuda_test

import (
	"flag"
	"math"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

var exhaustive = flag.Bool("exhaustive", false, "compare what stands in front of a grid with ONNX Runtime on all 2^32 floats (make test-fronts)")

// TestEmulatedFrontsOfAll compares the kernels' own function, compiled for the vectors of the host, with ONNX Runtime's
// operators on the CPU, bit for bit but for the sign of a zero and the kind of a NaN, which no grid sees: on 256 runs
// of 2,048 floats each, spread over all, or on all 2^32. The grid behind it is the one of fake_quant, which is held
// against package quant on all floats by make test-bits; TestEmulatedFronts holds both together, in a launch.
func TestEmulatedFrontsOfAll(t *testing.T) {
	emutest.Set(t)
	openRuntime(t)
	for _, f := range fronts() {
		t.Run(f.name, func(t *testing.T) {
			chunk, stride := uint64(1<<11), uint64(1<<24)
			if *exhaustive {
				chunk, stride = 1<<16, 1<<16
			}
			in, run := unfused(t, f, int64(chunk))
			compared, different := uint64(0), 0
			for at := uint64(0); at < 1<<32; at += stride {
				for i := range in {
					in[i] = math.Float32frombits(uint32(at) + uint32(i))
				}
				want := run()
				compared += uint64(len(want))
				if n, where := emutest.Fronts(t, f.does, uint32(at), want); n > 0 {
					if different == 0 {
						t.Errorf("%g (%#x): ONNX Runtime's is %g", in[where], math.Float32bits(in[where]), want[where])
					}
					different += n
				}
			}
			t.Logf("%d of %d differ", different, compared)
			if different > 0 {
				t.Errorf("%d values differ", different)
			}
		})
	}
}

// TestEmulatedFrontsSeesMistakes holds that the comparison sees a value that is one unit in the last place off, and a
// NaN that is a number.
func TestEmulatedFrontsSeesMistakes(t *testing.T) {
	emutest.Set(t)
	for first, wrong := range map[uint32]func(x float32) float32{
		math.Float32bits(1.5):       func(x float32) float32 { return math.Nextafter32(x, 9) },
		math.Float32bits(-1):        func(x float32) float32 { return -math.SmallestNonzeroFloat32 },
		0x7fc00000:                  func(x float32) float32 { return 0 },
		math.Float32bits(3) - 4_500: func(x float32) float32 { return float32(math.NaN()) },
	} {
		want := make([]float32, 9_000)
		for i := range want {
			want[i] = max(math.Float32frombits(first+uint32(i)), 0)
		}
		relu := cuda.Front{Clip: cuda.Clip{Above: float32(math.Inf(1))}}
		if n, _ := emutest.Fronts(t, relu, first, want); n != 0 {
			t.Errorf("%#x: %d differ from Relu", first, n)
		}
		want[8_000] = wrong(want[8_000])
		if n, where := emutest.Fronts(t, relu, first, want); n != 1 || where != 8_000 {
			t.Errorf("%#x: %d differ, the first at %d; want 1, at 8000", first, n, where)
		}
	}
}
