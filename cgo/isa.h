/* What the processor and the system allow, asked of the processor itself: __builtin_cpu_supports says no to everything where a
 * program is linked with another support library than the compiler's own, such as Zig's. */
#ifndef DEMOTE_ISA_H
#define DEMOTE_ISA_H

#if defined(__x86_64__)
#include <cpuid.h>
#include <stdatomic.h>

/* Bits of XCR0: the registers that the system saves. */
#define DEMOTE_SAVES_YMM 0x06u
#define DEMOTE_SAVES_ZMM 0xe6u

/* The registers that the system saves, as XGETBV says; 0: it does not say. */
static inline unsigned demote_saved(void) {
  unsigned a, b, c, d, low, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

static inline int demote_ask_avx2(void) {
  unsigned a, b, c, d;
  if ((demote_saved() & DEMOTE_SAVES_YMM) != DEMOTE_SAVES_YMM) return 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_AVX) || !(c & bit_FMA)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}

static inline int demote_ask_avx512(void) {
  const unsigned want = bit_AVX512F | bit_AVX512BW | bit_AVX512VL;
  unsigned a, b, c, d;
  return (demote_saved() & DEMOTE_SAVES_ZMM) == DEMOTE_SAVES_ZMM && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & want) == want;
}

/* Both are asked once: CPUID takes as long as a small FakeQuant where a hypervisor answers it. 0: not asked yet, 1: no, 2: yes. */
static inline int demote_once(_Atomic int *known, int (*ask)(void)) {
  int answer = atomic_load_explicit(known, memory_order_relaxed);
  if (answer == 0) {
    answer = 1 + ask();
    atomic_store_explicit(known, answer, memory_order_relaxed);
  }
  return answer == 2;
}

static inline int demote_has_avx2(void) {
  static _Atomic int known;
  return demote_once(&known, demote_ask_avx2);
}

static inline int demote_has_avx512(void) {
  static _Atomic int known;
  return demote_once(&known, demote_ask_avx512);
}
#endif

#endif
