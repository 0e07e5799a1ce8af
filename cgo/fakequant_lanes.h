/* FakeQuant kernels on vectors, written once. fakequant_x86.c includes this once an instruction set, with
 *   V, LANES     the vector type and its number of floats
 *   OP(name)     the intrinsic of that name
 *   FN(name)     the name of a function of this instruction set
 *   TARGET       the function attribute that allows it
 *   TAIL(left), LOAD_TAIL(p, m), STORE_TAIL(p, m, v)   a mask for the first `left` lanes, and access through it */

typedef struct {
  V scale, inv, lo, hi, offset, shift;
} FN(constants);

INLINE TARGET V FN(clamp)(V v, const FN(constants) * c) {
  return OP(min)(OP(max)(v, c->lo), c->hi); /* of a NaN and c->lo, max returns the second */
}

/* Whole steps, never -0: see ROUND_SHIFT. With them the product below is never -0 either, and needs no zero added. */
INLINE TARGET V FN(round)(V v, const FN(constants) * c) { return OP(sub)(OP(add)(v, c->shift), c->shift); }

/* v / scale; fused: within one unit in the last place of it, see demote_fused_exact. */
INLINE TARGET V FN(quotient)(V v, const FN(constants) * c, int fused) {
  if (!fused) return OP(div)(v, c->scale);
  V q = OP(mul)(v, c->inv);
  return OP(fmadd)(OP(fnmadd)(q, c->scale, v), c->inv, q);
}

/* The value of one vector; form is a constant. */
INLINE TARGET V FN(value)(V x, const FN(constants) * c, int form) {
  int fused = form == DEMOTE_FUSED || form == DEMOTE_FUSED_MCTQ;
  if (form == DEMOTE_MULTIPLY) return OP(mul)(FN(round)(FN(clamp)(OP(mul)(x, c->inv), c), c), c->scale);
  x = FN(clamp)(x, c);
  if (form == DEMOTE_DIVIDE || form == DEMOTE_FUSED) return OP(mul)(FN(round)(FN(quotient)(x, c, fused), c), c->scale);
  V steps = FN(round)(FN(quotient)(OP(sub)(x, c->offset), c, fused), c);
  return OP(add)(OP(mul)(steps, c->scale), c->offset);
}

INLINE TARGET void FN(run)(float *y, const float *x, size_t n, const demote_params *p, int form) {
  /* Clamping values to lo*scale and hi*scale gives the codes that clamping quotients to lo and hi gives: both bounds are at
   * most 2^17, so the product's rounding moves its quotient by less than 1/64 of a step, which rounding takes back. */
  float unit = form == DEMOTE_DIVIDE || form == DEMOTE_FUSED ? p->scale : 1.0f;
  FN(constants) c = {
      .scale = OP(set1)(p->scale),
      .inv = OP(set1)(form == DEMOTE_MULTIPLY ? p->inv : 1.0f / p->scale),
      .lo = OP(set1)(p->lo * unit),
      .hi = OP(set1)(p->hi * unit),
      .offset = OP(set1)(p->offset),
      .shift = OP(set1)(ROUND_SHIFT),
  };
  size_t i = 0;
  for (; i + 4 * LANES <= n; i += 4 * LANES) {
    V v0 = OP(loadu)(x + i), v1 = OP(loadu)(x + i + LANES);
    V v2 = OP(loadu)(x + i + 2 * LANES), v3 = OP(loadu)(x + i + 3 * LANES);
    v0 = FN(value)(v0, &c, form), v1 = FN(value)(v1, &c, form);
    v2 = FN(value)(v2, &c, form), v3 = FN(value)(v3, &c, form);
    OP(storeu)(y + i, v0), OP(storeu)(y + i + LANES, v1);
    OP(storeu)(y + i + 2 * LANES, v2), OP(storeu)(y + i + 3 * LANES, v3);
  }
  for (; i + LANES <= n; i += LANES) OP(storeu)(y + i, FN(value)(OP(loadu)(x + i), &c, form));
  if (i < n) {
    __typeof__(TAIL(n - i)) m = TAIL(n - i);
    V v = LOAD_TAIL(x + i, m);
    STORE_TAIL(y + i, m, FN(value)(v, &c, form));
  }
}

#define KERNEL(name, form) \
  TARGET static void FN(name)(float *y, const float *x, size_t n, const demote_params *p) { FN(run)(y, x, n, p, form); }
KERNEL(divide, DEMOTE_DIVIDE)
KERNEL(multiply, DEMOTE_MULTIPLY)
KERNEL(mctq, DEMOTE_MCTQ)
KERNEL(fused, DEMOTE_FUSED)
KERNEL(fused_mctq, DEMOTE_FUSED_MCTQ)
#undef KERNEL

const demote_kernel FN(demote)[DEMOTE_FORMS] = {FN(divide), FN(multiply), FN(mctq), FN(fused), FN(fused_mctq)};
