//go:build cuda

package cuda

import (
	"fmt"
	"runtime"
	"unsafe"

	"gorgonia.org/cu"
)

// Upload copies all of src to the start of the buffer in the stream and waits for it. For set-up: a trial uses
// UploadPinned.
func (b *Buffer[T]) Upload(s *Stream, src []T) error {
	if len(src) == 0 {
		return nil
	}
	b.fits(len(src))
	var pin runtime.Pinner // the driver may read until Synchronize returns
	pin.Pin(&src[0])
	defer pin.Unpin()
	if err := b.UploadPinned(s, unsafe.Pointer(&src[0]), len(src)); err != nil {
		return err
	}
	return s.Synchronize()
}

// Download copies the first len(dst) elements to dst in the stream and waits for it.
func (b *Buffer[T]) Download(s *Stream, dst []T) error {
	if len(dst) == 0 {
		return nil
	}
	b.fits(len(dst))
	var pin runtime.Pinner
	pin.Pin(&dst[0])
	defer pin.Unpin()
	if err := b.DownloadPinned(s, unsafe.Pointer(&dst[0]), len(dst)); err != nil {
		return err
	}
	return s.Synchronize()
}

// UploadPinned puts a copy of n elements at host to the start of the buffer into the stream. host is page-locked memory
// (cgo.Pinned), which must not change before the stream has done the copy; with other memory the call may wait.
func (b *Buffer[T]) UploadPinned(s *Stream, host unsafe.Pointer, n int) error {
	b.fits(n)
	size := int64(n) * int64(unsafe.Sizeof(*new(T)))
	b.d.traffic.UpCopies++
	b.d.traffic.UpBytes += size
	return b.d.checkOn("copying to ", b.name, size, cu.MemcpyHtoDAsync(b.address, host, size, s.handle))
}

// DownloadPinned puts a copy of the first n elements to host into the stream. host is page-locked memory (cgo.Pinned),
// which must not be read before the stream has done the copy; with other memory the call may wait.
func (b *Buffer[T]) DownloadPinned(s *Stream, host unsafe.Pointer, n int) error {
	b.fits(n)
	size := int64(n) * int64(unsafe.Sizeof(*new(T)))
	b.d.traffic.DownCopies++
	b.d.traffic.DownBytes += size
	return b.d.checkOn("copying from ", b.name, size, cu.MemcpyDtoHAsync(host, b.address, size, s.handle))
}

// CopyFrom puts a copy of all of src to the start of the buffer into the stream. The two do not overlap.
func (b *Buffer[T]) CopyFrom(s *Stream, src *Buffer[T]) error {
	b.fits(src.n)
	if src.n == 0 {
		return nil
	}
	b.d.traffic.DeviceCopies++
	b.d.traffic.DeviceBytes += src.Bytes()
	return b.d.checkOn("copying on the device to ", b.name, src.Bytes(), cu.MemcpyDtoDAsync(b.address, src.address, src.Bytes(), s.handle))
}

// Clear puts setting every byte of the buffer to 0 into the stream.
func (b *Buffer[T]) Clear(s *Stream) error {
	if b.n == 0 {
		return nil
	}
	return b.d.checkOn("clearing ", b.name, b.Bytes(), cu.MemsetD8Async(b.address, 0, b.Bytes(), s.handle))
}

// fits panics if n elements do not lie in the buffer.
func (b *Buffer[T]) fits(n int) {
	if n < 0 || n > b.n {
		panic(fmt.Sprintf("cuda: %d elements do not fit into %s, which has %d", n, b.name, b.n))
	}
}

// CopyAt puts a copy of n elements of src, from element first on, to element at of the buffer into the stream. The two
// do not overlap.
func (b *Buffer[T]) CopyAt(s *Stream, at int, src *Buffer[T], first, n int) error {
	b.fits(at + n)
	src.fits(first + n)
	if n == 0 {
		return nil
	}
	size := int64(unsafe.Sizeof(*new(T)))
	b.d.traffic.DeviceCopies++
	b.d.traffic.DeviceBytes += int64(n) * size
	return b.d.checkOn("copying on the device to ", b.name, int64(n)*size,
		cu.MemcpyDtoDAsync(b.address+cu.DevicePtr(int64(at)*size), src.address+cu.DevicePtr(int64(first)*size), int64(n)*size, s.handle))
}
