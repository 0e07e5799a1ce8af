package cgo

/*
#include "fakequant.h"
*/
import "C"

import (
	"unsafe"

	"demote/quant"
)

// Instruction sets that the FakeQuant kernels are written for. ISAAuto is the best that the processor has, which is what
// the operator uses.
const (
	ISAAuto   = int(C.DEMOTE_ISA_AUTO)
	ISAPlain  = int(C.DEMOTE_ISA_PLAIN)
	ISAAVX2   = int(C.DEMOTE_ISA_AVX2)
	ISAAVX512 = int(C.DEMOTE_ISA_AVX512)
)

// ISAName returns the name of an instruction set, as used in test and benchmark names.
func ISAName(isa int) string {
	switch isa {
	case ISAAuto:
		return "auto"
	case ISAPlain:
		return "plain"
	case ISAAVX2:
		return "avx2"
	case ISAAVX512:
		return "avx512"
	}
	return "unknown"
}

// ISAs returns the instruction sets that this processor can run, from the slowest; ISAPlain is always the first.
func ISAs() []int {
	var isas []int
	for isa := ISAPlain; isa <= ISAAVX512; isa++ {
		if C.demote_isa_supported(C.int(isa)) != 0 {
			isas = append(isas, isa)
		}
	}
	return isas
}

// FakeQuant writes the grid's value for every element of src to dst with the operator's own kernel: the same bits as
// p.Apply(dst, src). dst is src itself or does not overlap it. It needs no ONNX Runtime. It panics if dst is shorter than
// src; parameters that p.Check refuses give values without meaning.
func FakeQuant(dst, src []float32, p quant.Params, isa int) {
	if len(dst) < len(src) {
		panic("cgo: FakeQuant: destination is shorter than source")
	}
	if len(src) == 0 {
		return
	}
	C.demote_apply((*C.float)(unsafe.Pointer(&dst[0])), (*C.float)(unsafe.Pointer(&src[0])), C.size_t(len(src)),
		(*C.demote_params)(unsafe.Pointer(&p)), C.int(isa))
}
