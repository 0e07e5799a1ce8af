package cgo

// #include "nan.h"
import "C"

// Watch is the mask byte of a holder that is high and whose FakeQuant counts the NaN that it is given; 0 is high, 1 is low.
const Watch byte = C.DEMOTE_WATCH

// NaNs returns how many values of watched holders were NaN since the process began, on the CPU, over all sessions.
func NaNs() uint64 { return uint64(C.demote_nans()) }
