/* FakeQuant kernels for AVX2 and AVX-512. See fakequant_x86.h.
 *
 * Loads precede stores within a step, so y == x needs no care. MAXPS returns its second operand if either is a NaN, which
 * sends a NaN to the lower bound. */
#include "exact.h"

#include "fakequant_x86.h"

#ifdef DEMOTE_X86

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))
#define NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

/* ---- AVX2: 8 lanes, the tail through masked loads and stores ---- */

static const int32_t tail_mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

#define CLAMP8(v) _mm256_min_ps(_mm256_max_ps(v, lo), hi)
#define ROUND8(v) _mm256_round_ps(v, NEAREST)
#define DIVIDE8(v) _mm256_add_ps(_mm256_mul_ps(ROUND8(CLAMP8(_mm256_div_ps(v, scale))), scale), zero)
#define MULTIPLY8(v) _mm256_add_ps(_mm256_mul_ps(ROUND8(CLAMP8(_mm256_mul_ps(v, inv))), scale), zero)
#define STEPS8(v) ROUND8(_mm256_div_ps(_mm256_sub_ps(CLAMP8(v), offset), scale))
#define MCTQ8(v) _mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(STEPS8(v), scale), offset), zero)

#define KERNEL8(name, FORM)                                                                              \
  AVX2 static void name(float *y, const float *x, size_t n, const demote_params *p) {                    \
    const __m256 scale = _mm256_set1_ps(p->scale), inv = _mm256_set1_ps(p->inv), zero = _mm256_setzero_ps(); \
    const __m256 lo = _mm256_set1_ps(p->lo), hi = _mm256_set1_ps(p->hi), offset = _mm256_set1_ps(p->offset); \
    (void)inv, (void)offset;                                                                             \
    size_t i = 0;                                                                                        \
    for (; i + 32 <= n; i += 32) {                                                                       \
      __m256 a = _mm256_loadu_ps(x + i), b = _mm256_loadu_ps(x + i + 8);                                 \
      __m256 c = _mm256_loadu_ps(x + i + 16), d = _mm256_loadu_ps(x + i + 24);                           \
      a = FORM(a), b = FORM(b), c = FORM(c), d = FORM(d);                                                \
      _mm256_storeu_ps(y + i, a), _mm256_storeu_ps(y + i + 8, b);                                        \
      _mm256_storeu_ps(y + i + 16, c), _mm256_storeu_ps(y + i + 24, d);                                  \
    }                                                                                                    \
    for (; i < n; i += 8) {                                                                              \
      size_t left = n - i < 8 ? n - i : 8;                                                               \
      __m256i m = _mm256_loadu_si256((const __m256i *)(tail_mask + 8 - left));                           \
      __m256 a = _mm256_maskload_ps(x + i, m);                                                           \
      _mm256_maskstore_ps(y + i, m, FORM(a));                                                            \
    }                                                                                                    \
  }
KERNEL8(avx2_divide, DIVIDE8)
KERNEL8(avx2_multiply, MULTIPLY8)
KERNEL8(avx2_mctq, MCTQ8)

const demote_kernel demote_avx2[3] = {avx2_divide, avx2_multiply, avx2_mctq};

/* ---- AVX-512: 16 lanes ---- */

#define CLAMP16(v) _mm512_min_ps(_mm512_max_ps(v, lo), hi)
#define ROUND16(v) _mm512_roundscale_ps(v, NEAREST)
#define DIVIDE16(v) _mm512_add_ps(_mm512_mul_ps(ROUND16(CLAMP16(_mm512_div_ps(v, scale))), scale), zero)
#define MULTIPLY16(v) _mm512_add_ps(_mm512_mul_ps(ROUND16(CLAMP16(_mm512_mul_ps(v, inv))), scale), zero)
#define STEPS16(v) ROUND16(_mm512_div_ps(_mm512_sub_ps(CLAMP16(v), offset), scale))
#define MCTQ16(v) _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(STEPS16(v), scale), offset), zero)

#define KERNEL16(name, FORM)                                                                             \
  AVX512 static void name(float *y, const float *x, size_t n, const demote_params *p) {                  \
    const __m512 scale = _mm512_set1_ps(p->scale), inv = _mm512_set1_ps(p->inv), zero = _mm512_setzero_ps(); \
    const __m512 lo = _mm512_set1_ps(p->lo), hi = _mm512_set1_ps(p->hi), offset = _mm512_set1_ps(p->offset); \
    (void)inv, (void)offset;                                                                             \
    size_t i = 0;                                                                                        \
    for (; i + 64 <= n; i += 64) {                                                                       \
      __m512 a = _mm512_loadu_ps(x + i), b = _mm512_loadu_ps(x + i + 16);                                \
      __m512 c = _mm512_loadu_ps(x + i + 32), d = _mm512_loadu_ps(x + i + 48);                           \
      a = FORM(a), b = FORM(b), c = FORM(c), d = FORM(d);                                                \
      _mm512_storeu_ps(y + i, a), _mm512_storeu_ps(y + i + 16, b);                                       \
      _mm512_storeu_ps(y + i + 32, c), _mm512_storeu_ps(y + i + 48, d);                                  \
    }                                                                                                    \
    for (; i < n; i += 16) {                                                                             \
      __mmask16 m = n - i < 16 ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)0xffff;                   \
      __m512 a = _mm512_maskz_loadu_ps(m, x + i);                                                        \
      _mm512_mask_storeu_ps(y + i, m, FORM(a));                                                          \
    }                                                                                                    \
  }
KERNEL16(avx512_divide, DIVIDE16)
KERNEL16(avx512_multiply, MULTIPLY16)
KERNEL16(avx512_mctq, MCTQ16)

const demote_kernel demote_avx512[3] = {avx512_divide, avx512_multiply, avx512_mctq};

#endif
