//go:build cuda

package cgo

// #include "cuda_bridge.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// EndCapture ends a capture that a failed run has left open in a stream: while it is open, what is put into the stream
// does not run, and destroying a graph may end the process. Without one it does nothing. It must be called on the
// thread of the runs.
func EndCapture(stream uintptr) error {
	var open C.bool
	code := C.demote_end_capture(*(*C.CUstream)(unsafe.Pointer(&stream)), &open)
	if code != C.CUDA_SUCCESS {
		return fmt.Errorf("ending a capture that broke off: CUDA error %d", int(code))
	}
	return nil
}
