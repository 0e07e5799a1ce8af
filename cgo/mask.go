package cgo

// #include "mask.h"
import "C"

// The bits of a holder's byte in the mask of a CPU session. A byte of 0 is the high grid (int16) and nothing else.
//
// With Compare the FakeQuant node also compares, while it runs, the outputs of the holder's two grids bit by bit. If
// they differ for any of its inputs, it clears the bit Compare in the byte. It stops comparing at the first difference.
// The output is the same with the bit and without. The byte is then both input and output, so two runs that share a
// mask must not both set it.
const (
	Low     byte = C.DEMOTE_LOW   // the low grid (int8)
	Watch   byte = C.DEMOTE_WATCH // FakeQuant counts the NaN values that it reads, see NaNs
	Compare byte = C.DEMOTE_COMPARE
	Store   byte = C.DEMOTE_STORE // FakeQuantCodes writes codes; without it the memory of its output stays as it is
)
