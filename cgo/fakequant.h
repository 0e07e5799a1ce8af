/* The arithmetic of FakeQuant on plain arrays. Nothing here knows ONNX Runtime; nothing allocates; every function may be
 * called from any thread. The formulas are those of package quant (params.go), and the bits are the same. */
#ifndef DEMOTE_FAKEQUANT_H
#define DEMOTE_FAKEQUANT_H

#include <stddef.h>
#include <stdint.h>

/* Element-wise parameters of a grid: the layout of quant.Params. */
typedef struct {
  int32_t kind; /* 0 qdq, 1 mctq, 2 torch */
  float scale, inv, lo, hi, offset;
} demote_params;

/* Instruction sets, from the slowest. */
enum { DEMOTE_ISA_AUTO = 0, DEMOTE_ISA_PLAIN = 1, DEMOTE_ISA_AVX2 = 2, DEMOTE_ISA_AVX512 = 3 };

/* A kernel writes the grid's value for each of the n elements of x to y, which is either x itself or does not overlap it. */
typedef void (*demote_kernel)(float *y, const float *x, size_t n, const demote_params *p);

/* Whether this processor (and this build) can run an instruction set. AUTO and PLAIN: always. */
int demote_isa_supported(int isa);

/* The instruction set to use: AUTO and one that is not supported become the best there is. */
int demote_isa_resolve(int isa);

/* How a grid is computed: 0 divide, 1 multiply by the reciprocal (torch, and a power-of-two scale, where that is exact), 2 mctq. */
int demote_form(const demote_params *p);

/* The kernel for a grid. Never null. */
demote_kernel demote_pick(const demote_params *p, int isa);

/* Picks the kernel and runs it. */
void demote_apply(float *y, const float *x, size_t n, const demote_params *p, int isa);

/* Null if the formulas are defined for p, else what is wrong with it (a constant string). The rules of quant.Params.Check. */
const char *demote_check(const demote_params *p);

#endif
