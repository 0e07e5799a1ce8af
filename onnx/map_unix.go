//go:build unix

package onnx

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// mappings are the files that mapFile has mapped.
var mappings struct {
	sync.Mutex
	all [][]byte
}

// mapFile maps a file into memory, read-only. The file may be closed; the mapping stays.
func mapFile(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err == nil {
		mappings.Lock()
		mappings.all = append(mappings.all, data)
		mappings.Unlock()
	}
	return data, err
}

// letGo tells the system that a piece of a mapped file is not needed for now: its pages leave the memory and are read again when
// they are touched. Bytes of another kind are left alone.
func letGo(piece []byte) {
	mappings.Lock()
	defer mappings.Unlock()
	for _, data := range mappings.all {
		first := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
		from := uintptr(unsafe.Pointer(unsafe.SliceData(piece)))
		if len(piece) == 0 || from < first || from >= first+uintptr(len(data)) {
			continue
		}
		page := uintptr(os.Getpagesize())
		begin := (from - first + page - 1) / page * page
		end := (from - first + uintptr(len(piece))) / page * page
		if begin < end {
			_ = syscall.Madvise(data[begin:end:end], syscall.MADV_DONTNEED) // it is an advice
		}
		return
	}
}
