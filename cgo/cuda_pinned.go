//go:build cuda

package cgo

/*
#cgo LDFLAGS: -lcuda
#include <stdlib.h>
#include "cuda_bridge.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Pinned is page-locked host memory, which the device copies from and to while the host goes on. gorgonia.org/cu cannot
// allocate it. What it holds at first is undefined. Where the system has no more of it, it is ordinary memory, for
// which the same copies wait.
type Pinned struct {
	data     unsafe.Pointer
	bytes    int
	ordinary bool
}

// NewPinned allocates page-locked memory, at least one byte, or ordinary memory if the driver is out of it. It must be
// called on the device worker's thread.
func NewPinned(bytes int) (*Pinned, error) {
	p := &Pinned{bytes: bytes}
	code := C.demote_pinned(C.size_t(max(1, bytes)), &p.data)
	if code == C.CUDA_ERROR_OUT_OF_MEMORY {
		p.data, p.ordinary, code = C.malloc(C.size_t(max(1, bytes))), true, C.CUDA_SUCCESS
	}
	if code != C.CUDA_SUCCESS {
		return nil, fmt.Errorf("allocating %d bytes of page-locked memory: CUDA error %d", bytes, code)
	}
	live.Add(1)
	return p, nil
}

// Pointer returns the address, for copies by the device.
func (p *Pinned) Pointer() unsafe.Pointer { return p.data }

// Bytes returns the memory itself. It must not be used after Close, nor read before a copy into it has been waited for.
func (p *Pinned) Bytes() []byte {
	if p.data == nil {
		panic("cgo: use of closed page-locked memory")
	}
	return unsafe.Slice((*byte)(p.data), p.bytes)
}

// Close frees the memory, on the device worker's thread. Closing it again does nothing. After a lost context the driver
// has freed it.
func (p *Pinned) Close() error {
	if p == nil || p.data == nil {
		return nil
	}
	code := C.int(C.CUDA_SUCCESS)
	if p.ordinary {
		C.free(p.data)
	} else {
		code = C.demote_free_pinned(p.data)
	}
	p.data = nil
	live.Add(-1)
	if code != C.CUDA_SUCCESS {
		return fmt.Errorf("freeing %d bytes of page-locked memory: CUDA error %d", p.bytes, code)
	}
	return nil
}
