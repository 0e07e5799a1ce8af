package cgo

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"unsafe"
)

// memory is a piece of C memory that tensors and bindings share; it is freed when the last of them lets go.
type memory struct {
	data unsafe.Pointer
	refs atomic.Int64
}

func (m *memory) retain() { m.refs.Add(1) }

func (m *memory) release() {
	if m.refs.Add(-1) == 0 {
		C.free(m.data)
	}
}

// Tensor is a CPU tensor in C memory, whose address never changes and which can be bound to sessions. Its memory lives
// until the tensor, all views of it and all bindings that it is bound in are closed.
type Tensor struct {
	mem   *memory
	data  unsafe.Pointer
	bytes int
	dtype DType
	shape []int64
	value *C.OrtValue
}

// NewTensor makes a tensor of zeros, aligned to 64 bytes. Without a shape it is a scalar. The error says which
// dimension is negative, or that there is not so much memory.
func NewTensor(t DType, shape ...int64) (*Tensor, error) {
	size, err := byteSize(t, shape)
	if err != nil {
		return nil, err
	}
	data := C.demote_alloc(C.size_t(size))
	if data == nil {
		return nil, fmt.Errorf("cannot allocate %d bytes for a tensor of %s %v", size, t, shape)
	}
	m := &memory{data: data}
	m.retain()
	defer m.release() // which frees it, if no tensor came of it
	return newTensor(m, data, size, t, shape)
}

// newTensor makes a tensor on part of a piece of memory and takes a reference to it; a failed one leaves the memory to
// its other holders.
func newTensor(m *memory, data unsafe.Pointer, size int, t DType, shape []int64) (*Tensor, error) {
	if Version() == "" {
		return nil, errNotOpen
	}
	m.retain()
	v := &Tensor{mem: m, data: data, bytes: size, dtype: t, shape: slices.Clone(shape)}
	var dims *C.int64_t
	if len(shape) > 0 {
		dims = (*C.int64_t)(unsafe.Pointer(&v.shape[0]))
	}
	err := takeError(C.demote_tensor(data, C.size_t(size), dims, C.size_t(len(shape)), C.int(t), &v.value))
	if err != nil {
		m.release()
		return nil, fmt.Errorf("tensor of %s %v: %w", t, shape, err)
	}
	live.Add(1)
	return v, nil
}

// View returns a tensor of the same type on a part of t's memory, beginning offset bytes into it. Both see the same
// elements. The error says where the part would reach beyond t.
func (t *Tensor) View(offset int, shape ...int64) (*Tensor, error) {
	if t.value == nil {
		return nil, errClosed
	}
	size, err := byteSize(t.dtype, shape)
	if err != nil {
		return nil, err
	}
	if offset < 0 || offset%t.dtype.Size() != 0 || offset > t.bytes-size {
		return nil, fmt.Errorf("view of %s %v at byte %d does not lie in a tensor of %v", t.dtype, shape, offset, t.shape)
	}
	return newTensor(t.mem, unsafe.Add(t.data, offset), size, t.dtype, shape)
}

// Type returns the element type.
func (t *Tensor) Type() DType { return t.dtype }

// Shape returns the dimensions; the caller must not change them.
func (t *Tensor) Shape() []int64 { return t.shape }

// Len returns the number of elements.
func (t *Tensor) Len() int { return t.bytes / t.dtype.Size() }

// Bytes returns the memory itself, not a copy. It must not be used after the tensor is closed.
func (t *Tensor) Bytes() []byte { return elements[byte](t, t.bytes) }

// Float32s returns the elements themselves, not a copy. It panics if they are of another type. The slice must not be
// used after the tensor is closed.
func (t *Tensor) Float32s() []float32 {
	if t.dtype != Float32 {
		panic(fmt.Sprintf("cgo: Float32s of a tensor of %s", t.dtype))
	}
	return elements[float32](t, t.bytes/4)
}

// Int64s is Float32s for int64.
func (t *Tensor) Int64s() []int64 {
	if t.dtype != Int64 {
		panic(fmt.Sprintf("cgo: Int64s of a tensor of %s", t.dtype))
	}
	return elements[int64](t, t.bytes/8)
}

func elements[T any](t *Tensor, n int) []T {
	if t.value == nil {
		panic("cgo: use of a closed tensor")
	}
	return unsafe.Slice((*T)(t.data), n)
}

// Close gives the tensor up. Closing it again does nothing.
func (t *Tensor) Close() {
	if t == nil || t.value == nil {
		return
	}
	C.demote_release_value(t.value)
	t.value = nil
	t.mem.release()
	live.Add(-1)
}

// byteSize returns the bytes of a tensor, checked against overflow.
func byteSize(t DType, shape []int64) (int, error) {
	size := int64(t.Size())
	if size == 0 {
		return 0, fmt.Errorf("no tensor can be made of %s", t)
	}
	for i, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("dimension %d of shape %v is negative", i, shape)
		}
		if d > 0 && size > math.MaxInt/d {
			return 0, fmt.Errorf("a tensor of %s %v exceeds the address space", t, shape)
		}
		size *= d
	}
	return int(size), nil
}
