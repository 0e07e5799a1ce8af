package cgo

/*
#include "codes.h"

// By value: a pointer would move the parameters to the heap at every call.
static void encode(uint16_t *codes, const float *x, size_t n, demote_params p, int isa) { demote_encode(codes, x, n, &p, isa); }
static void pack(uint16_t *codes, const float *x, size_t n, demote_params p, int isa) { demote_pack(codes, x, n, &p, isa); }
static void decode(float *y, const uint16_t *codes, size_t n, demote_params p, int isa) { demote_decode(y, codes, n, &p, isa); }
static void recode(uint16_t *codes, size_t n, demote_params from, demote_params to) { demote_recode(codes, n, &from, &to, 0); }
*/
import "C"

import (
	"unsafe"

	"example.org/demote/quant"
)

// Pack writes the 16-bit code (native byte order, two bytes per element) of every element of src, a value that lies on
// the grid as FakeQuant leaves it: its step on the grid, counted from the lowest. Decode gives the same bits back. The
// grid has at most 16 bits. Other values give codes without meaning. Pack panics if dst is shorter than two bytes per
// element.
func Pack(dst []byte, src []float32, p quant.Params) { pack(dst, src, p, isaAuto) }

// Decode writes the values of the codes that Pack wrote with the same grid. It panics if src is shorter than two
// bytes for each element of dst.
func Decode(dst []float32, src []byte, p quant.Params) { decode(dst, src, p, isaAuto) }

// encode is Pack for values that need not lie on the grid, which takes three times as long: the code is that of the
// value's place on it.
func encode(dst []byte, src []float32, p quant.Params, isa int) {
	codes, ok := codesOf(dst, len(src))
	if !ok {
		return
	}
	C.encode(codes, (*C.float)(unsafe.Pointer(&src[0])), C.size_t(len(src)),
		paramsOf(p), C.int(isa))
}

func pack(dst []byte, src []float32, p quant.Params, isa int) {
	codes, ok := codesOf(dst, len(src))
	if !ok {
		return
	}
	C.pack(codes, (*C.float)(unsafe.Pointer(&src[0])), C.size_t(len(src)),
		paramsOf(p), C.int(isa))
}

func decode(dst []float32, src []byte, p quant.Params, isa int) {
	codes, ok := codesOf(src, len(dst))
	if !ok {
		return
	}
	C.decode((*C.float)(unsafe.Pointer(&dst[0])), codes, C.size_t(len(dst)),
		paramsOf(p), C.int(isa))
}

// Recode turns codes of one grid, in place, into those of another one. Every value must lie on both, as it does where
// FakeQuant gives the same bits with either; other values give codes without meaning.
func Recode(codes []byte, from, to quant.Params) {
	if at, ok := codesOf(codes, len(codes)/2); ok {
		C.recode(at, C.size_t(len(codes)/2), paramsOf(from), paramsOf(to))
	}
}

// codesOf returns where n codes lie; not ok without any.
func codesOf(b []byte, n int) (codes *C.uint16_t, ok bool) {
	if len(b) < 2*n {
		panic("cgo: codes need two bytes an element")
	}
	if n == 0 {
		return nil, false
	}
	if uintptr(unsafe.Pointer(&b[0]))%2 != 0 {
		panic("cgo: codes must lie at an even address")
	}
	return (*C.uint16_t)(unsafe.Pointer(&b[0])), true
}
