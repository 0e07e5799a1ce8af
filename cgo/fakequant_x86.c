/* FakeQuant kernels for AVX2 and AVX-512. See fakequant_x86.h; the kernels themselves are in fakequant_lanes.h. */
#include "exact.h"

#include "fakequant_x86.h"

#ifdef DEMOTE_X86

#include <immintrin.h>
#include <string.h>

#include "loop.h"

#define INLINE static inline __attribute__((always_inline))

/* ---- AVX2: 8 lanes ---- */

static const int32_t tail_mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

#define V __m256
#define LANES 8
#define OP(name) _mm256_##name##_ps
#define FN(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define TAIL(left) _mm256_loadu_si256((const __m256i *)(tail_mask + 8 - (left)))
#define LOAD_TAIL(p, m) _mm256_maskload_ps(p, m)
#define STORE_TAIL(p, m, v) _mm256_maskstore_ps(p, m, v)
#include "fakequant_lanes.h"
#undef V
#undef LANES
#undef OP
#undef FN
#undef TARGET
#undef TAIL
#undef LOAD_TAIL
#undef STORE_TAIL

/* ---- AVX-512: 16 lanes ---- */

#define V __m512
#define LANES 16
#define OP(name) _mm512_##name##_ps
#define FN(name) name##_avx512
#define TARGET __attribute__((target("avx512f")))
#define TAIL(left) ((__mmask16)((1u << (left)) - 1))
#define LOAD_TAIL(p, m) _mm512_maskz_loadu_ps(m, p)
#define STORE_TAIL(p, m, v) _mm512_mask_storeu_ps(p, m, v)
#include "fakequant_lanes.h"

/* ---- whether the fused forms may be used ---- */

enum { NEIGHBOURS = 8 };

/* Whether all floats within NEIGHBOURS of half*scale fall on the same step by division and by the fused corrections. */
INLINE int same_around(float half, float scale, float inv) {
  float near = half * scale;
  int32_t bits;
  memcpy(&bits, &near, sizeof bits);
  int same = 1;
  for (int32_t d = -NEIGHBOURS; d < NEIGHBOURS; d++) {
    int32_t moved = bits + d;
    float x;
    memcpy(&x, &moved, sizeof x);
    float q = x * inv;
    q = __builtin_fmaf(__builtin_fmaf(-q, scale, x), inv, q);
    same &= round_even(x / scale) == round_even(q);
  }
  return same;
}

/* The fused quotient is q = v*inv, q + (v - q*scale)*inv: within one unit in the last place of the quotient, as long as
 * nothing underflows before the quotient does, which the bounds on scale see to. So is the rounded quotient that the
 * formula asks for. The two can round to different steps only with a half between or at them, hence only for v within a few
 * floats of a half times scale: at most 2^17 places, all of which are tried. */
__attribute__((target("avx2,fma"))) int demote_fused_exact(const demote_params *p) {
  if (!(p->scale >= 0x1p-90f && p->scale <= 0x1p90f)) return 0;
  float inv = 1.0f / p->scale;
  float lo = p->kind == 1 ? (p->lo - p->offset) / p->scale : p->lo;
  float hi = p->kind == 1 ? (p->hi - p->offset) / p->scale : p->hi;
  int same = 1;
  for (float half = round_even(lo) - 0.5f; half <= hi + 1.0f && same; half += 1.0f) same = same_around(half, p->scale, inv);
  return same;
}

#endif
