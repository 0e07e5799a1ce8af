//go:build cuda

package emutest

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

// The stand-in CUDA runtime, of the provider's CUDA, is in the process once ONNX Runtime has loaded its CUDA provider.
static void *runtime(void) {
	void *library = dlopen("libcudart.so.12", RTLD_NOW | RTLD_NOLOAD);
	return library ? library : dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
}
static const char *notes(void) {
	void *library = runtime();
	const char *(*f)(void) = library ? (const char *(*)(void))dlsym(library, "demote_standin_notes") : NULL;
	return f ? f() : NULL;
}
static void reset(void) {
	void *library = runtime();
	void (*f)(void) = library ? (void (*)(void))dlsym(library, "demote_standin_reset") : NULL;
	if (f) f();
}
static void fail(const char *function) {
	void *library = runtime();
	void (*f)(const char *) = library ? (void (*)(const char *))dlsym(library, "demote_standin_fail") : NULL;
	if (f) f(function);
}
*/
import "C"

import (
	"strings"
	"testing"
	"unsafe"
)

// Notes returns what ONNX Runtime's CUDA provider asked of the stand-in CUDA runtime since ResetNotes, a line each:
// "launch NAME stream ADDRESS", "copy up BYTES stream ADDRESS", "malloc BYTES", "sync device" and so on. It fails the
// test where the runtime is another one.
func Notes(t testing.TB) []string {
	t.Helper()
	text := C.notes()
	if text == nil {
		t.Fatal("the CUDA runtime of this process is not the stand-in: run `make test-placement`")
	}
	return strings.Split(strings.TrimSuffix(C.GoString(text), "\n"), "\n")
}

// ResetNotes forgets what was noted.
func ResetNotes() { C.reset() }

// Fail makes every call of a function of the stand-in CUDA runtime fail until the end of the test:
// cudaStreamBeginCapture or cudaGraphInstantiate (error 900), cudaMalloc (2), cudaGetLastError (700).
func Fail(t testing.TB, function string) {
	t.Helper()
	text := C.CString(function)
	defer C.free(unsafe.Pointer(text))
	C.fail(text)
	t.Cleanup(func() { C.fail(nil) })
}
