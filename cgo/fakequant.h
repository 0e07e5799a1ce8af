/* The arithmetic of FakeQuant on plain arrays. Nothing here knows ONNX Runtime; nothing allocates; every function may be
 * called from any thread. The formulas are those of package quant (params.go), and the bits are the same. */
#ifndef DEMOTE_FAKEQUANT_H
#define DEMOTE_FAKEQUANT_H

#include <stddef.h>
#include <stdint.h>

/* Element-wise parameters of a grid: the layout of quant.Params. */
typedef struct {
  int32_t kind; /* 0 qdq, 1 mctq, 2 torch, 3 bfloat16, which needs no parameters */
  float scale, inv, lo, hi, offset;
} demote_params;

enum { DEMOTE_KIND_BF16 = 3 };

/* Null if the formulas are defined for p, else what is wrong with it (a constant string). The rules of quant.Params.Check;
 * all other functions want parameters that pass. */
const char *demote_check(const demote_params *p);

/* Instruction sets, from the slowest. */
enum { DEMOTE_ISA_AUTO = 0, DEMOTE_ISA_PLAIN = 1, DEMOTE_ISA_AVX2 = 2, DEMOTE_ISA_AVX512 = 3 };

/* Whether this processor (and this build) can run an instruction set. AUTO and PLAIN: always. */
int demote_isa_supported(int isa);

/* The instruction set to use: AUTO and one that is not supported become the best there is. */
int demote_isa_resolve(int isa);

/* How a grid is computed. The last two replace the division by a multiplication and two fused corrections, on grids for
 * which that gives the same codes; instruction sets without them use the first ones. */
enum { DEMOTE_DIVIDE, DEMOTE_MULTIPLY, DEMOTE_MCTQ, DEMOTE_FUSED, DEMOTE_FUSED_MCTQ, DEMOTE_FORMS };

/* The form of a grid without fused corrections: MULTIPLY for torch, and for a power-of-two scale, where it is exact. */
int demote_form(const demote_params *p);

/* A kernel writes the grid's value for each of the n elements of x to y, which is either x itself or does not overlap it. */
typedef void (*demote_kernel)(float *y, const float *x, size_t n, const demote_params *p);

/* The fastest exact kernel for a grid. Takes up to a millisecond (for 16 bits): it may try the fused corrections around every
 * step of the grid. Never null. */
demote_kernel demote_pick(const demote_params *p, int isa);

#endif
