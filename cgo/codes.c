/* Codes of activations, vectorized by the compiler for each instruction set. See codes.h. */
#include "exact.h"

#include "codes.h"

#include "fakequant_x86.h"
#include "loop.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float to_step(float x, const demote_params *p, int form) {
  if (form == 0) return round_even(clamp(x / p->scale, p->lo, p->hi));
  if (form == 1) return round_even(clamp(x * p->inv, p->lo, p->hi));
  return round_even((clamp(x, p->lo, p->hi) - p->offset) / p->scale);
}

INLINE void encode(uint16_t *codes, const float *x, size_t n, const demote_params *in, int form, float first) {
  const demote_params p = *in; /* a copy, which codes cannot overlap */
  INDEPENDENT for (size_t i = 0; i < n; i++) codes[i] = (uint16_t)(int32_t)(to_step(x[i], &p, form) - first);
}

/* The sum has its whole number in the low bits, counted from the first step. */
INLINE void pack(uint16_t *codes, const float *x, size_t n, const demote_params *in, float first) {
  const float inv = in->inv, offset = in->kind == 1 ? in->offset : 0.0f, shift = ROUND_SHIFT - first;
  INDEPENDENT for (size_t i = 0; i < n; i++) {
    float sum = (x[i] - offset) * inv + shift;
    uint32_t bits;
    __builtin_memcpy(&bits, &sum, sizeof bits);
    codes[i] = (uint16_t)bits;
  }
}

INLINE void decode(float *y, const uint16_t *codes, size_t n, const demote_params *in, float first) {
  const float scale = in->scale, offset = in->kind == 1 ? in->offset : 0.0f;
  INDEPENDENT for (size_t i = 0; i < n; i++) y[i] = ((float)(int32_t)codes[i] + first) * scale + offset + 0.0f;
}

/* One pair of functions an instruction set; form is a constant in each loop. */
#define CODES(isa, attribute)                                                                                        \
  attribute static void encode_##isa(uint16_t *c, const float *x, size_t n, const demote_params *p, int form, float first) { \
    if (form == 0) encode(c, x, n, p, 0, first);                                                                     \
    else if (form == 1) encode(c, x, n, p, 1, first);                                                                \
    else encode(c, x, n, p, 2, first);                                                                               \
  }                                                                                                                  \
  attribute static void pack_##isa(uint16_t *c, const float *x, size_t n, const demote_params *p, float first) {     \
    pack(c, x, n, p, first);                                                                                         \
  }                                                                                                                  \
  attribute static void decode_##isa(float *y, const uint16_t *c, size_t n, const demote_params *p, float first) {   \
    decode(y, c, n, p, first);                                                                                       \
  }

CODES(plain, )
#ifdef DEMOTE_X86
CODES(avx2, __attribute__((target("avx2"))))
CODES(avx512, __attribute__((target("avx512f,avx512bw,avx512vl"))))
#endif

/* The step of the grid's lowest value, from which codes count. */
static float first_step(const demote_params *p, int form) {
  return form == 2 ? to_step(p->lo, p, 2) : p->lo;
}

/* Codes of bfloat16 are the upper halves of its bits. */
static void pack_bf16(uint16_t *codes, const float *x, size_t n) {
  INDEPENDENT for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    __builtin_memcpy(&bits, x + i, sizeof bits);
    codes[i] = (uint16_t)(bits >> 16);
  }
}

static void decode_bf16(float *y, const uint16_t *codes, size_t n) {
  INDEPENDENT for (size_t i = 0; i < n; i++) {
    uint32_t bits = (uint32_t)codes[i] << 16;
    __builtin_memcpy(y + i, &bits, sizeof bits);
  }
}

/* Rounds a piece at a time, since the values need not be on the grid. */
static void encode_bf16(uint16_t *codes, const float *x, size_t n, const demote_params *p) {
  enum { PIECE = 256 };
  float values[PIECE];
  for (size_t i = 0; i < n; i += PIECE) {
    size_t piece = n - i < PIECE ? n - i : PIECE;
    demote_pick(p, DEMOTE_ISA_PLAIN)(values, x + i, piece, p);
    pack_bf16(codes + i, values, piece);
  }
}

void demote_encode(uint16_t *codes, const float *x, size_t n, const demote_params *p, int isa) {
  if (p->kind == DEMOTE_KIND_BF16) {
    encode_bf16(codes, x, n, p);
    return;
  }
  int form = demote_form(p);
  float first = first_step(p, form);
#ifdef DEMOTE_X86
  isa = demote_isa_resolve(isa);
  if (isa == DEMOTE_ISA_AVX512) { encode_avx512(codes, x, n, p, form, first); return; }
  if (isa == DEMOTE_ISA_AVX2) { encode_avx2(codes, x, n, p, form, first); return; }
#else
  (void)isa;
#endif
  encode_plain(codes, x, n, p, form, first);
}

void demote_pack(uint16_t *codes, const float *x, size_t n, const demote_params *p, int isa) {
  if (p->kind == DEMOTE_KIND_BF16) {
    pack_bf16(codes, x, n);
    return;
  }
  float first = first_step(p, demote_form(p));
#ifdef DEMOTE_X86
  isa = demote_isa_resolve(isa);
  if (isa == DEMOTE_ISA_AVX512) { pack_avx512(codes, x, n, p, first); return; }
  if (isa == DEMOTE_ISA_AVX2) { pack_avx2(codes, x, n, p, first); return; }
#else
  (void)isa;
#endif
  pack_plain(codes, x, n, p, first);
}

void demote_decode(float *y, const uint16_t *codes, size_t n, const demote_params *p, int isa) {
  if (p->kind == DEMOTE_KIND_BF16) {
    decode_bf16(y, codes, n);
    return;
  }
  float first = first_step(p, demote_form(p));
#ifdef DEMOTE_X86
  isa = demote_isa_resolve(isa);
  if (isa == DEMOTE_ISA_AVX512) { decode_avx512(y, codes, n, p, first); return; }
  if (isa == DEMOTE_ISA_AVX2) { decode_avx2(y, codes, n, p, first); return; }
#else
  (void)isa;
#endif
  decode_plain(y, codes, n, p, first);
}

void demote_recode(uint16_t *codes, size_t n, const demote_params *from, const demote_params *to, int isa) {
  enum { PIECE = 256 };
  float values[PIECE];
  for (size_t i = 0; i < n; i += PIECE) {
    size_t piece = n - i < PIECE ? n - i : PIECE;
    demote_decode(values, codes + i, piece, from, isa);
    demote_pack(codes + i, values, piece, to, isa);
  }
}
