//go:build unix

package onnx

import (
	"os"
	"syscall"
)

// mapFile maps a file into memory, read-only. The file may be closed; the mapping stays.
func mapFile(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	return syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
}
