//go:build cuda

package emutest

/*
#cgo LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

// The emulated device exports its controls beside the driver's functions, so they are looked up among what is loaded.
static void *control(const char *name) {
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
	return library ? dlsym(library, name) : NULL;
}
static int call_configure(void *f, const char *text) { return ((int (*)(const char *))f)(text); }
static void call_plain(void *f) { ((void (*)(void))f)(); }
static const char *call_text(void *f) { return ((const char *(*)(void))f)(); }
static uint64_t call_counter(void *f, const char *name) { return ((uint64_t (*)(const char *))f)(name); }
*/
import "C"

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"
)

// Present reports whether the driver of this process is the emulated device.
func Present() bool { return control("demote_emu_configure") != nil }

// Set applies settings such as "seed=7,fail=cuMemAlloc_v2:3:2" (cuda/internal/emu/README.md) and puts the defaults back
// at the end of the test. It fails the test if the driver is not the emulated device or a setting is unknown.
func Set(t testing.TB, settings ...string) {
	t.Helper()
	if !Present() {
		t.Fatal("the driver of this process is not the emulated device: run `make test-cuda`")
	}
	text := C.CString(strings.Join(settings, ","))
	defer C.free(unsafe.Pointer(text))
	if C.call_configure(control("demote_emu_configure"), text) != 0 {
		t.Fatalf("the emulated device does not know all of %q", settings)
	}
	t.Cleanup(Reset)
}

// Reset puts the defaults back, forgets planned faults and sets the counters to 0. Open handles stay.
func Reset() { C.call_plain(control("demote_emu_reset")) }

// Report returns the last line that the emulated device complained with, "" since Reset if it had nothing to say.
func Report() string { return C.GoString(C.call_text(control("demote_emu_report"))) }

// Counter returns one of the device's counters: live_allocations, live_pinned, live_streams, live_events, live_modules,
// live_contexts, launches, allocations, lookups, modules_loaded, up_copies, up_bytes, down_copies, down_bytes,
// device_copies, device_bytes, pageable, unsupported, captured, live_graphs. It panics for another name.
func Counter(name string) int {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	v := uint64(C.call_counter(control("demote_emu_counter"), text))
	if v == ^uint64(0) {
		panic("emutest: no counter " + name)
	}
	return int(v)
}

// Live describes what is allocated or open on the device, "" if nothing is, or if the driver is a real one, which does
// not say.
func Live() string {
	if !Present() {
		return ""
	}
	var left []string
	for _, what := range []string{"allocations", "pinned", "streams", "events", "modules", "contexts", "graphs"} {
		if n := Counter("live_" + what); n != 0 {
			left = append(left, fmt.Sprintf("%d %s", n, what))
		}
	}
	return strings.Join(left, ", ")
}

// Kernels returns the kernel table of the emulated device, a line "name size size ..." for each kernel, sizes of
// parameters in bytes.
func Kernels() string { return C.GoString(C.call_text(control("demote_emu_kernels"))) }

// Main runs a package's tests and then demands that nothing is left on the device.
func Main(m *testing.M) int {
	code := m.Run()
	if left := Live(); code == 0 && left != "" {
		fmt.Println("left on the emulated device after all tests:", left)
		return 1
	}
	return code
}

func control(name string) unsafe.Pointer {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return C.control(text)
}
