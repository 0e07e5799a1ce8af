//go:build cuda

package emutest

/*
#cgo LDFLAGS: -ldl
#include <stddef.h>

static size_t call_fronts(void *f, unsigned does, const float *numbers, unsigned first, const float *want, size_t n, size_t *where) {
	return ((size_t (*)(unsigned, const float *, unsigned, const float *, size_t, size_t *))f)(does, numbers, first, want, n, where);
}
*/
import "C"

import (
	"testing"
	"unsafe"

	"example.org/demote/cuda"
)

// Fronts holds what the kernels do in front of a grid, on the floats from the bits first on, each its own partner,
// against wanted values: the kernels' own function, compiled for the vectors of the host. 0 and -0 are the same, and so
// is every NaN, as they are to a grid. It returns how many differ, and where the first of them is.
func Fronts(t testing.TB, f cuda.Front, first uint32, want []float32) (different, where int) {
	t.Helper()
	numbers := [7]float32{f.Clip.Below, f.Clip.Above, f.Line.Slope, f.Line.Offset, f.Line.Low, f.Line.High, f.Line.Factor}
	var at C.size_t
	n := C.call_fronts(control("demote_emu_fronts"), C.uint(f.Does), (*C.float)(unsafe.Pointer(&numbers)), C.uint(first),
		(*C.float)(unsafe.Pointer(unsafe.SliceData(want))), C.size_t(len(want)), &at)
	if n == ^C.size_t(0) {
		t.Fatalf("a front that does %d is not among those of cuda/internal/emu/fronts.h, or the processor has no AVX2 and FMA", f.Does)
	}
	return int(n), int(at)
}
