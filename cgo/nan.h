/* NaN that FakeQuant turns into the lowest code, counted on request: for a pass that looks whether a network makes any. */
#ifndef DEMOTE_NAN_H
#define DEMOTE_NAN_H

#include <stdint.h>

/* How many values of watched inputs were no numbers, since the process began. From any thread. */
uint64_t demote_nans(void);

#endif
