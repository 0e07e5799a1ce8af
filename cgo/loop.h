/* What the loops that the compiler vectorizes are made of. After exact.h. */
#ifndef DEMOTE_LOOP_H
#define DEMOTE_LOOP_H

/* y == x would make the compiler's overlap check choose the scalar loop: each element depends on its own alone. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

/* Adding and subtracting 1.5 * 2^23 rounds a float of magnitude up to 2^22 half to even, on every instruction set and without
 * a call. demote_check holds the operands to that. */
#define ROUND_SHIFT 12582912.0f

static inline __attribute__((always_inline)) float round_even(float v) { return (v + ROUND_SHIFT) - ROUND_SHIFT; }

/* A NaN compares false and becomes lo. */
static inline __attribute__((always_inline)) float clamp(float v, float lo, float hi) {
  v = v > lo ? v : lo;
  return v < hi ? v : hi;
}

#endif
