//go:build cuda

package cgo

/*
#include "cuda_bridge.h"
*/
import "C"

import (
	"fmt"
	"slices"
	"unsafe"
)

// HostReadable is the device number of memory that the host may read as well: the emulated device's in the mode
// "shared".
const HostReadable = -1

// DeviceTensor is a tensor on device memory that belongs to somebody else and must outlive it and everything that it is
// bound in. The host cannot read its elements.
type DeviceTensor struct {
	t Tensor // without memory of its own; never returned, so that no caller reads its elements
}

// NewDeviceTensor makes a tensor on the device memory at an address of GPU device (or HostReadable). Nothing is copied.
func NewDeviceTensor(address uintptr, device int, t DType, shape ...int64) (*DeviceTensor, error) {
	if Version() == "" {
		return nil, errNotOpen
	}
	size, err := byteSize(t, shape)
	if err != nil {
		return nil, err
	}
	v := &DeviceTensor{Tensor{dtype: t, shape: slices.Clone(shape), bytes: size}}
	var dims *C.int64_t
	if len(shape) > 0 {
		dims = (*C.int64_t)(unsafe.Pointer(&v.t.shape[0]))
	}
	err = takeError(C.demote_cuda_tensor(C.CUdeviceptr(address), C.size_t(size), dims, C.size_t(len(shape)), C.int(t), C.int(device), &v.t.value))
	if err != nil {
		return nil, fmt.Errorf("device tensor of %s %v: %w", t, shape, err)
	}
	live.Add(1)
	return v, nil
}

// Type returns the element type.
func (t *DeviceTensor) Type() DType { return t.t.dtype }

// Shape returns the dimensions; the caller must not change them.
func (t *DeviceTensor) Shape() []int64 { return t.t.shape }

// Bytes returns the size in bytes.
func (t *DeviceTensor) Bytes() int { return t.t.bytes }

// Close gives the tensor up; the memory stays its owner's. Closing it again does nothing.
func (t *DeviceTensor) Close() {
	if t == nil || t.t.value == nil {
		return
	}
	C.demote_release_value(t.t.value)
	t.t.value = nil
	live.Add(-1)
}

// BindDevice binds a device tensor to a slot, in place of what was bound there. The tensor may be closed while it is
// bound; its memory must outlive the binding. Bind and BindDevice may take turns on a slot. A host tensor bound to a
// session on the CUDA provider would be copied once, at Bind, and later changes of it not be seen.
func (b *Binding) BindDevice(at Slot, t *DeviceTensor) error {
	if b.c == nil || t.t.value == nil {
		return errClosed
	}
	s := &b.slots[at]
	if s.bound == &t.t {
		return nil
	}
	if p := b.port(at); !p.fits(&t.t) {
		return fmt.Errorf("%s: a device tensor of %s %v does not fit %s %v", b.describe(at), t.t.dtype, t.t.shape, p.Type, p.Dims)
	}
	if text := C.demote_bind(b.c, C.bool(s.output), s.name, t.t.value); text != nil {
		return fmt.Errorf("%s: %w", b.describe(at), takeError(text))
	}
	if s.mem != nil {
		s.mem.release()
	}
	s.bound, s.mem = &t.t, nil
	return nil
}
