package cgo

/*
#include <stdlib.h> // which says whether this is glibc
#ifdef __GLIBC__
#include <malloc.h>
static void trim(void) { malloc_trim(0); }
static void map_from(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }
#else
static void trim(void) {}
static void map_from(int bytes) { (void)bytes; }
#endif
*/
import "C"

import (
	"os"
	"runtime"
	"runtime/debug"
)

// mappedFrom is the size in bytes from which C's memory is a mapping of its own, which goes back to the system when
// it is freed. Left alone, glibc raises it to the largest piece that was ever freed, up to 32 MiB: then the weights
// of closed sessions, and what they were made of, stay beside those of open ones.
const mappedFrom = 1 << 20

// mapLarge has large pieces of C's memory mapped.
func mapLarge() { C.map_from(mappedFrom) }

// Trim gives memory that was freed, on both sides, back to the system. It is for the ends of phases that took much
// more than what follows.
func Trim() {
	debug.FreeOSMemory()
	C.trim()
	if os.Getenv("GOGC") != "" {
		return // the user has chosen
	}
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	debug.SetGCPercent(garbagePercent(now.HeapAlloc))
}

// mostGarbage is about how many bytes of garbage Go's heap may have beside its live bytes.
const mostGarbage = 16 << 20

// garbagePercent is the GOGC for that many live bytes. Go's own lets the heap grow to twice of them; here they are
// weights and samples for the most part, in which there is nothing to mark, so that collecting more often costs next
// to nothing.
func garbagePercent(living uint64) int {
	return int(min(100, max(10, 100*mostGarbage/max(1, living))))
}
