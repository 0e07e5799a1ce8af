package cgo

// #include "mask.h"
import "C"

// The bits of a holder's byte in the mask of a CPU session. A byte of 0 is the high grid and nothing else.
//
// With Compare the FakeQuant node finds out, while it runs, whether the holder's two grids give the same bits for all
// that it is given: if they do not, it takes the bit out of the byte. It ends at the first difference, and the output
// is the same with the bit and without. The byte is then both input and answer, so two runs that share a mask must not
// ask at once.
const (
	Low     byte = C.DEMOTE_LOW
	Watch   byte = C.DEMOTE_WATCH // FakeQuant counts the NaN that it is given: NaNs
	Compare byte = C.DEMOTE_COMPARE
	Store   byte = C.DEMOTE_STORE // FakeQuantCodes writes codes; without it the memory of its output stays as it is
)
