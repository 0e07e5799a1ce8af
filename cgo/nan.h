/* NaN that FakeQuant turns into the lowest code, counted on request: for a pass that looks whether a network makes any. */
#ifndef DEMOTE_NAN_H
#define DEMOTE_NAN_H

#include <stdint.h>

/* How many values that watched nodes (DEMOTE_WATCH in mask.h) have read were NaN, since the process began. From any thread. */
uint64_t demote_nans(void);

#endif
