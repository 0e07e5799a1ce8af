//go:build cuda

package emutest

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// The emulated device's own functions, not the program's: what a provider asks for is asked for here.
static void *function(const char *name) {
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	return library ? dlsym(library, name) : 0;
}
static int begin(uintptr_t stream) {
	int (*f)(uintptr_t, int) = (int (*)(uintptr_t, int))function("cuStreamBeginCapture_v2");
	return f ? f(stream, 0) : -1;
}
static int capturing(uintptr_t stream, int *status) {
	int (*f)(uintptr_t, int *) = (int (*)(uintptr_t, int *))function("cuStreamIsCapturing");
	return f ? f(stream, status) : -1;
}
*/
import "C"

import "testing"

// BeginCapture begins a capture of a stream as a provider does, in the mode that other threads can break. It must be
// called on the worker's thread.
func BeginCapture(t testing.TB, stream uintptr) {
	t.Helper()
	if code := C.begin(C.uintptr_t(stream)); code != 0 {
		t.Fatalf("beginning a capture: CUDA error %d", code)
	}
}

// Capturing says whether a capture of a stream is open, and whether a call has broken it. It must be called on the
// worker's thread.
func Capturing(t testing.TB, stream uintptr) (open, broken bool) {
	t.Helper()
	var status C.int
	if code := C.capturing(C.uintptr_t(stream), &status); code != 0 {
		t.Fatalf("asking for a capture: CUDA error %d", code)
	}
	return status != 0, status == 2
}
