//go:build cuda

package driver

/*
#cgo LDFLAGS: -lcuda
#include <cuda.h>
#include <stdlib.h>

// Defined where the driver is bound at run time (link/trampoline.c), absent where a toolkit's libcuda was linked.
const char *demote_driver_load(void) __attribute__((weak));

static const char *load(void) { return demote_driver_load ? demote_driver_load() : NULL; }
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// exitUser is the exit code for mistakes of the user.
const exitUser = 2

func init() {
	// cuDNN and cuBLAS may round to TF32 unless this stands in the environment before CUDA starts.
	key, off := C.CString("NVIDIA_TF32_OVERRIDE"), C.CString("0")
	defer C.free(unsafe.Pointer(key))
	defer C.free(unsafe.Pointer(off))
	C.setenv(key, off, 1)
	if why := start(); why != "" {
		fmt.Fprintf(os.Stderr, "demote: %s; the CPU program (make build) runs without a GPU\n", why)
		os.Exit(exitUser)
	}
}

// start loads and initializes the driver; the text says what is missing, "" if nothing is.
func start() string {
	if why := C.load(); why != nil {
		return fmt.Sprintf("no NVIDIA driver: %s: install the driver of the GPU", C.GoString(why))
	}
	code := int(C.cuInit(0))
	switch code {
	case int(C.CUDA_SUCCESS):
		return ""
	case int(C.CUDA_ERROR_NO_DEVICE):
		return "the NVIDIA driver finds no GPU (CUDA error 100): check nvidia-smi, and that CUDA_VISIBLE_DEVICES is not empty"
	case int(C.CUDA_ERROR_STUB_LIBRARY):
		return "libcuda.so.1 is the CUDA toolkit's stub, not a driver (CUDA error 34): take its folder off LD_LIBRARY_PATH"
	case int(C.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH):
		return "the NVIDIA driver's library and kernel module are of different versions (CUDA error 803): restart the machine"
	}
	return fmt.Sprintf("the NVIDIA driver does not start (CUDA error %d): check nvidia-smi", code)
}
