//go:build cuda

package cuda

import (
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"

	"example.org/demote/quant"
)

// element is what a buffer may hold: types whose layout Go and the kernels share.
type element interface {
	float32 | int8 | uint8 | int16 | uint16 | int32 | uint32 | int64 | uint64 | quant.Params | WeightSpan
}

// A Buffer is device memory for n elements, or a view of a part of one. What new memory holds is undefined.
type Buffer[T element] struct {
	d       *Device
	name    string
	address cu.DevicePtr
	n       int
	owned   bool // a view frees nothing
	live    bool
}

// NewBuffer allocates device memory; name is for error texts. The address is a multiple of 256. A buffer of 0 elements
// takes no memory and has address 0. The error is ErrOutOfMemory, with the sizes, where it does not fit; the device
// works on.
func NewBuffer[T element](d *Device, name string, n int) (*Buffer[T], error) {
	size := int(unsafe.Sizeof(*new(T)))
	if n < 0 || n > math.MaxInt/size {
		panic(fmt.Sprintf("cuda: buffer %s of %d elements", name, n))
	}
	b := &Buffer[T]{d: d, name: name, n: n, owned: true, live: true}
	if n > 0 {
		p, err := cu.MemAlloc(int64(n * size))
		if err != nil {
			return nil, d.allocationError(name, int64(n*size), err)
		}
		b.address = p
		d.traffic.Allocations++
	}
	d.open[b] = struct{}{}
	open.buffers.Add(1)
	open.bytes.Add(int64(n * size))
	return b, nil
}

// allocationError adds the free memory to an error, as far as the device still answers.
func (d *Device) allocationError(name string, bytes int64, err error) error {
	wrapped := d.checkOn("allocating ", name, bytes, err)
	if e, ok := wrapped.(*callError); ok && e.Code == codeOutOfMemory {
		e.Free, _, _ = cu.MemInfo()
	}
	return wrapped
}

// Len returns the number of elements.
func (b *Buffer[T]) Len() int { return b.n }

// Bytes returns the size in bytes.
func (b *Buffer[T]) Bytes() int64 { return int64(b.n) * int64(unsafe.Sizeof(*new(T))) }

// Address returns the device address, for kernels and for tensors on this memory.
func (b *Buffer[T]) Address() uintptr { return b.address.Uintptr() }

// View returns the n elements from first on. It does not keep the memory alive and must not outlive its buffer. It
// panics if the part does not lie in the buffer.
func (b *Buffer[T]) View(first, n int) *Buffer[T] {
	if first < 0 || n < 0 || first > b.n-n {
		panic(fmt.Sprintf("cuda: view [%d, %d+%d) of %s, which has %d elements", first, first, n, b.name, b.n))
	}
	at := b.address + cu.DevicePtr(first)*cu.DevicePtr(unsafe.Sizeof(*new(T)))
	return &Buffer[T]{d: b.d, name: b.name, address: at, n: n}
}

// Reinterpret returns a view of all of a buffer as elements of another type. It panics if its bytes are no whole number
// of them.
func Reinterpret[T, U element](b *Buffer[U]) *Buffer[T] {
	size := int64(unsafe.Sizeof(*new(T)))
	if b.Bytes()%size != 0 {
		panic(fmt.Sprintf("cuda: %s has %d bytes, which are no elements of %d", b.name, b.Bytes(), size))
	}
	return &Buffer[T]{d: b.d, name: b.name, address: b.address, n: int(b.Bytes() / size)}
}

// Close frees the memory; the driver waits for work that uses it. Closing again, or closing a view, does nothing.
func (b *Buffer[T]) Close() error {
	if b == nil || !b.owned || !b.live {
		return nil
	}
	b.live = false
	delete(b.d.open, b)
	open.buffers.Add(-1)
	open.bytes.Add(-b.Bytes())
	if b.n == 0 {
		return nil
	}
	return b.d.checkOn("freeing ", b.name, b.Bytes(), cu.MemFree(b.address))
}
