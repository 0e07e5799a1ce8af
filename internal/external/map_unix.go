//go:build unix

package external

import (
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// A mapping is a file in memory.
type mapping struct {
	data []byte
	from *dataFile
}

// mappings are the files that mapFile has mapped.
var mappings struct {
	sync.Mutex
	all []mapping
}

// mapFile maps a file into memory, read-only. The mapping stays when the file is closed. If the file is truncated,
// reading faults, which is a panic with debug.SetPanicOnFault. ChangedAt explains it.
func mapFile(f *os.File, s *dataFile) ([]byte, error) {
	if s.info.Size() == 0 {
		return nil, nil
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(s.info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err == nil {
		mappings.Lock()
		mappings.all = append(mappings.all, mapping{data, s})
		mappings.Unlock()
	}
	return data, err
}

// mappedAt finds the mapping of an address and how far inside it is.
func mappedAt(at uintptr) (m *mapping, offset uintptr) {
	mappings.Lock()
	defer mappings.Unlock()
	for i := range mappings.all {
		m := &mappings.all[i]
		first := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
		if at >= first && at < first+uintptr(len(m.data)) {
			return m, at - first
		}
	}
	return nil, 0
}

func mappedPiece(piece []byte) (*mapping, uintptr) {
	if len(piece) == 0 {
		return nil, 0
	}
	return mappedAt(uintptr(unsafe.Pointer(unsafe.SliceData(piece))))
}

// fileOf is the file that bytes are mapped from; nil if they are in memory.
func fileOf(piece []byte) *dataFile {
	if m, _ := mappedPiece(piece); m != nil {
		return m.from
	}
	return nil
}

// ChangedAt explains a fault at an address. If the address is in a mapped file of external data, it returns a
// mistake.Err that names this truncated file, else nil.
func ChangedAt(address uintptr) error {
	if m, _ := mappedAt(address); m != nil {
		return m.from.wrong()
	}
	return nil
}

// LetGo lets the system drop the pages of a piece of a mapped file. They are read again on access. It does nothing
// with other bytes.
func LetGo(piece []byte) {
	m, from := mappedPiece(piece)
	if m == nil {
		return
	}
	page := uintptr(os.Getpagesize())
	begin := (from + page - 1) / page * page
	end := (from + uintptr(len(piece))) / page * page
	if begin < end {
		_ = syscall.Madvise(m.data[begin:end:end], syscall.MADV_DONTNEED) // it is an advice
	}
}
