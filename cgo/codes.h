/* Activations as 16-bit codes, for what is stored between cuts. Same rules as fakequant.h. */
#ifndef DEMOTE_CODES_H
#define DEMOTE_CODES_H

#include "fakequant.h"

/* codes[i] = the step of the grid that x[i] falls on, counted from the grid's lowest value. The grid has at most 65536 steps. */
void demote_encode(uint16_t *codes, const float *x, size_t n, const demote_params *p, int isa);

/* demote_encode for values that a FakeQuant kernel has written with this grid, which need no division: x/scale is within a
 * hundredth of a whole number (2^17 steps, three roundings of 2^-24 each), so is x*inv, and one addition rounds it. */
void demote_pack(uint16_t *codes, const float *x, size_t n, const demote_params *p, int isa);

/* y[i] = the value of a code: of demote_encode's, the very value that a FakeQuant kernel gives for x[i]. */
void demote_decode(float *y, const uint16_t *codes, size_t n, const demote_params *p, int isa);

/* Turns codes of one grid, in place, into those of another on which all their values lie too. */
void demote_recode(uint16_t *codes, size_t n, const demote_params *from, const demote_params *to, int isa);

#endif
