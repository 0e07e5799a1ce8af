/* The kernels with x86 intrinsics, each indexed by form: 0 divide, 1 multiply by the reciprocal, 2 mctq. -DDEMOTE_PLAIN
 * leaves them out, as on every other architecture. */
#ifndef DEMOTE_FAKEQUANT_X86_H
#define DEMOTE_FAKEQUANT_X86_H

#include "fakequant.h"

#if defined(__x86_64__) && !defined(DEMOTE_PLAIN)
#define DEMOTE_X86 1
extern const demote_kernel demote_avx2[3];
extern const demote_kernel demote_avx512[3];
#endif

#endif
