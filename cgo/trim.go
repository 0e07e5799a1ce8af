package cgo

/*
#include <stdlib.h> // which says whether this is glibc
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
#else
static void trim(void) {}
#endif
*/
import "C"

import "runtime/debug"

// Trim gives memory that was freed, on both sides, back to the system. It is for the ends of phases that took much more
// than what follows.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
}
