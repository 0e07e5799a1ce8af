/* What the bits of a holder's mask byte say to its node, and what the node answers in it. */
#ifndef DEMOTE_MASK_H
#define DEMOTE_MASK_H

enum {
  DEMOTE_LOW = 1,     /* the low grid; without it the high one */
  DEMOTE_WATCH = 2,   /* FakeQuant counts the NaN that it is given (nan.h) */
  DEMOTE_COMPARE = 4, /* FakeQuant takes this bit away where the two grids give other bits for what it is given */
  DEMOTE_STORE = 8,   /* FakeQuantCodes writes codes; without it none */
};

#endif
