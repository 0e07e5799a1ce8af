// The driver, bound at run time. This becomes libcuda.a, which satisfies gorgonia.org/cu's -lcuda at link time: every
// driver function is a jump through a slot that demote_driver_load fills from libcuda.so.1. So a program built with
// -tags cuda starts on a machine without a driver and can say what is missing, where one linked with libcuda.so.1 dies
// in the loader. functions.def is made by cuda.mk from cuda/include/cuda_functions.h: a line F(cuMemAlloc_v2) a
// function.
#include <dlfcn.h>
#include <stddef.h>

#if !defined(__x86_64__)
#error "the driver's trampolines are written for x86-64"
#endif

// missing stands in for a function that the driver does not have: CUDA_ERROR_NOT_FOUND.
static int missing(void) { return 500; }

#define F(name) void *demote_slot_##name = (void *)missing;
#include "functions.def"
#undef F

#define F(name) ".globl " #name "\n.type " #name ",@function\n" #name ":\n  jmp *demote_slot_" #name "(%rip)\n"
__asm__(".text\n"
#include "functions.def"
);
#undef F

static const struct {
	const char *name;
	void **slot;
} slots[] = {
#define F(name) {#name, &demote_slot_##name},
#include "functions.def"
#undef F
};

// demote_driver_load opens the driver and fills the slots. It returns NULL, or the dynamic loader's words on why it
// could not; the text lives until the next call of dlopen. It may be called again; call it before any driver function,
// from one thread.
const char *demote_driver_load(void) {
	static void *driver;
	if (driver) return NULL;
	driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
	if (!driver) return dlerror();
	for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
		void *function = dlsym(driver, slots[i].name);
		if (function) *slots[i].slot = function;
	}
	return NULL;
}
