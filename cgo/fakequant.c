/* FakeQuant kernels without intrinsics, and the choice between all of them. See fakequant.h. */
#include "exact.h"

#include "fakequant.h"

#include <math.h>

#include "fakequant_x86.h"
#include "isa.h"
#include "loop.h"

/* rint(clamp(v)) equals torch's clamp(rint(v)), because both bounds are whole numbers. */
#define PLAIN(name, to_steps)                                                    \
  static void name(float *y, const float *x, size_t n, const demote_params *p) { \
    const float scale = p->scale, inv = p->inv, lo = p->lo, hi = p->hi;          \
    (void)inv;                                                                   \
    INDEPENDENT for (size_t i = 0; i < n; i++) {                                 \
      y[i] = round_even(clamp(x[i] to_steps, lo, hi)) * scale + 0.0f;            \
    }                                                                            \
  }
PLAIN(plain_divide, / scale)
PLAIN(plain_multiply, * inv)

static void plain_mctq(float *y, const float *x, size_t n, const demote_params *p) {
  const float scale = p->scale, lo = p->lo, hi = p->hi, offset = p->offset;
  INDEPENDENT for (size_t i = 0; i < n; i++) {
    y[i] = round_even((clamp(x[i], lo, hi) - offset) / scale) * scale + offset + 0.0f;
  }
}

/* See quant.BF16. Integers alone, which the compiler vectorizes for any instruction set. */
static void plain_bf16(float *y, const float *x, size_t n, const demote_params *p) {
  (void)p;
  INDEPENDENT for (size_t i = 0; i < n; i++) {
    uint32_t u, rounded;
    __builtin_memcpy(&u, x + i, sizeof u);
    rounded = (u + 0x7fffu + ((u >> 16) & 1u)) & 0xffff0000u;
    rounded = (u & 0x7fffffffu) > 0x7f800000u ? (u & 0x80000000u) | 0x7fc00000u : rounded;
    __builtin_memcpy(y + i, &rounded, sizeof rounded);
  }
}

int demote_isa_supported(int isa) {
  switch (isa) {
    case DEMOTE_ISA_AUTO:
    case DEMOTE_ISA_PLAIN:
      return 1;
#ifdef DEMOTE_X86
    case DEMOTE_ISA_AVX2:
      return demote_has_avx2();
    case DEMOTE_ISA_AVX512:
      return demote_has_avx512();
#endif
    default:
      return 0;
  }
}

int demote_isa_resolve(int isa) {
  if (isa != DEMOTE_ISA_AUTO && demote_isa_supported(isa)) return isa;
  if (demote_isa_supported(DEMOTE_ISA_AVX512)) return DEMOTE_ISA_AVX512;
  return demote_isa_supported(DEMOTE_ISA_AVX2) ? DEMOTE_ISA_AVX2 : DEMOTE_ISA_PLAIN;
}

/* See quant.Params.Pow2: scale and reciprocal are both normal, so x/scale and x*inv round the same real number once. */
static int reciprocal_exact(const demote_params *p) {
  int exponent;
  return frexpf(p->scale, &exponent) == 0.5f && exponent >= -125 && exponent <= 127 && p->inv == 1.0f / p->scale;
}

int demote_form(const demote_params *p) {
  if (p->kind == 1) return DEMOTE_MCTQ;
  return p->kind == 2 || reciprocal_exact(p) ? DEMOTE_MULTIPLY : DEMOTE_DIVIDE;
}

demote_kernel demote_pick(const demote_params *p, int isa) {
  static const demote_kernel plain[] = {plain_divide, plain_multiply, plain_mctq};
  if (p->kind == DEMOTE_KIND_BF16) return plain_bf16;
  int form = demote_form(p);
  isa = demote_isa_resolve(isa);
#ifdef DEMOTE_X86
  if (isa != DEMOTE_ISA_PLAIN && demote_fused_exact(p)) {
    if (form == DEMOTE_DIVIDE) form = DEMOTE_FUSED;
    if (form == DEMOTE_MCTQ) form = DEMOTE_FUSED_MCTQ;
  }
  if (isa == DEMOTE_ISA_AVX512) return demote_avx512[form];
  if (isa == DEMOTE_ISA_AVX2) return demote_avx2[form];
#endif
  return plain[form];
}

const char *demote_check(const demote_params *p) {
  if (p->kind == DEMOTE_KIND_BF16) return NULL;
  if (p->kind < 0 || p->kind > 2) return "unknown kind";
  if (!(p->scale >= 0x1p-126f) || !isfinite(p->scale)) return "scale is not a normal positive number";
  if (!isfinite(p->lo) || !isfinite(p->hi) || !isfinite(p->offset)) return "bounds and offset must be finite";
  if (!(p->lo <= p->hi)) return "lowest is above highest";
  if (p->kind == 2 && !(p->inv > 0 && isfinite(p->inv))) return "reciprocal scale is not a positive number";
  float lo = p->lo, hi = p->hi;
  if (p->kind == 1) {
    lo = (lo - p->offset) / p->scale;
    hi = (hi - p->offset) / p->scale;
  } else if (lo != rintf(lo) || hi != rintf(hi)) {
    return "bounds are not whole codes";
  }
  if (!(lo >= -0x1p17f && hi <= 0x1p17f)) return "bounds are more than 2^17 steps from zero";
  const float ends[2] = {-INFINITY, INFINITY};
  float values[2];
  demote_pick(p, DEMOTE_ISA_PLAIN)(values, ends, 2, p);
  if (!isfinite(values[0]) || !isfinite(values[1])) return "the ends of the grid exceed float32";
  return NULL;
}
