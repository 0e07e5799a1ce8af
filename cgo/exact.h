/* Must be the first include of a file that computes grids: cgo does not let a package pass -ffp-contract=off, and GCC would
 * fuse a*b+c, between intrinsics as well. */
#ifndef DEMOTE_EXACT_H
#define DEMOTE_EXACT_H

#ifdef __FAST_MATH__
#error "demote needs exact float32 arithmetic: build without -ffast-math"
#endif

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off", "tree-vectorize", "vect-cost-model=dynamic")
#else
#error "demote needs GCC or Clang"
#endif

#endif
