package cgo

// #include "nan.h"
import "C"

// NaNs returns how many NaN values FakeQuant nodes have read since the process began, on the CPU, over all sessions.
// Only watched holders count: those whose mask byte has the bit Watch.
func NaNs() uint64 { return uint64(C.demote_nans()) }
