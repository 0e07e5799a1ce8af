/* The kernels with x86 intrinsics, indexed by form. -DDEMOTE_PLAIN leaves them out, as on every other architecture. */
#ifndef DEMOTE_FAKEQUANT_X86_H
#define DEMOTE_FAKEQUANT_X86_H

#include "fakequant.h"

#if defined(__x86_64__) && !defined(DEMOTE_PLAIN)
#define DEMOTE_X86 1

extern const demote_kernel demote_avx2[DEMOTE_FORMS];
extern const demote_kernel demote_avx512[DEMOTE_FORMS];

/* Whether the fused forms give a grid's codes for every float. Needs a processor with FMA. */
int demote_fused_exact(const demote_params *p);

#endif
#endif
