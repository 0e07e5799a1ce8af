package cgo

/*
#include "fakequant.h"

// By value: a pointer would move the parameters to the heap at every call.
static void apply(demote_kernel k, float *y, const float *x, size_t n, demote_params p) { k(y, x, n, &p); }
*/
import "C"

import (
	"unsafe"

	"example.org/demote/quant"
)

// Instruction sets that the FakeQuant kernels are written for. isaAuto is the best that the processor has, which is
// what the operator uses.
const (
	isaAuto   = int(C.DEMOTE_ISA_AUTO)
	isaPlain  = int(C.DEMOTE_ISA_PLAIN)
	isaAVX2   = int(C.DEMOTE_ISA_AVX2)
	isaAVX512 = int(C.DEMOTE_ISA_AVX512)
)

// ISAName returns the name of an instruction set, as used in test and benchmark names.
func ISAName(isa int) string {
	switch isa {
	case isaAuto:
		return "auto"
	case isaPlain:
		return "plain"
	case isaAVX2:
		return "avx2"
	case isaAVX512:
		return "avx512"
	}
	return "unknown"
}

// ISAs returns the instruction sets that this processor can run, from the slowest; isaPlain is always the first.
func ISAs() []int {
	var isas []int
	for isa := isaPlain; isa <= isaAVX512; isa++ {
		if C.demote_isa_supported(C.int(isa)) != 0 {
			isas = append(isas, isa)
		}
	}
	return isas
}

// kernel is the operator's own arithmetic for one grid: the same bits as quant's. It needs no ONNX Runtime, and may be
// used by several goroutines.
type kernel struct {
	run C.demote_kernel
	p   quant.Params
}

// newKernel chooses the kernel of a grid for an instruction set; one that the processor lacks counts as isaAuto. It
// takes up to a millisecond. The error says what is wrong with the parameters, as p.Check does.
func newKernel(p quant.Params, isa int) (kernel, error) {
	if err := p.Check(); err != nil {
		return kernel{}, err
	}
	return kernel{C.demote_pick((*C.demote_params)(unsafe.Pointer(&p)), C.int(isa)), p}, nil
}

// Apply writes the grid's value for every element of src to dst, which is src itself or does not overlap it. It panics
// if dst is shorter than src.
func (k kernel) Apply(dst, src []float32) {
	if len(dst) < len(src) {
		panic("cgo: Kernel.Apply: destination is shorter than source")
	}
	if len(src) == 0 {
		return
	}
	C.apply(k.run, (*C.float)(unsafe.Pointer(&dst[0])), (*C.float)(unsafe.Pointer(&src[0])), C.size_t(len(src)),
		paramsOf(k.p))
}

// paramsOf returns the parameters as C has them: the layouts are the same.
func paramsOf(p quant.Params) C.demote_params { return *(*C.demote_params)(unsafe.Pointer(&p)) }
