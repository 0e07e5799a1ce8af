package cgo

// #include "nan.h"
import "C"

// NaNs returns how many values of watched holders were NaN since the process began, on the CPU, over all sessions.
func NaNs() uint64 { return uint64(C.demote_nans()) }
