//go:build cuda

package cuda

import (
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"
)

const (
	// blockThreads is the number of threads in a block of every launch: a multiple of the warp, and full occupancy on
	// every capability from 7.5 on for kernels of at most 32 registers (docs/gpu.md).
	blockThreads = 256
	// blocksPerMultiprocessor bounds the grid: 8 blocks of 256 are the 2048 threads that a multiprocessor holds at
	// most, and the kernels loop over what is left.
	blocksPerMultiprocessor = 8
	maxGridY                = 65535
)

// arg is a kernel argument in a slot of 8 bytes. gorgonia.org/cu reads 8 bytes behind every argument's address,
// whatever its type, so a smaller variable would be read beyond its end; the driver then takes the low bytes that the
// parameter has.
type arg uint64

// Does not compile if a slot is not 8 bytes.
var _ = [1]struct{}{}[unsafe.Sizeof(arg(0))-8]

func pointerArg(p uintptr) arg   { return arg(p) }
func uint64Arg(v int) arg        { return arg(v) }
func uint32Arg(v int) arg        { return arg(uint32(v)) }
func float32Arg(v float32) arg   { return arg(math.Float32bits(v)) }
func boolArg(v bool) arg         { return map[bool]arg{true: 1}[v] }
func ceilDiv(a, b int) int       { return (a + b - 1) / b }
func clampInt(v, lo, hi int) int { return max(lo, min(hi, v)) }

// A Launch is a kernel with its shape and arguments, ready to be put into a stream any number of times without
// allocating on the Go side. The buffers that it was made with must be open whenever it runs.
type Launch struct {
	d            *Device
	name         string
	function     cu.Function
	gridX, gridY int
	params       []unsafe.Pointer // into slots
	slots        []arg
}

// newLaunch prepares a launch of blocks of blockThreads.
func (d *Device) newLaunch(name string, gridX, gridY int, args ...arg) *Launch {
	f, ok := d.kernels.functions[name]
	if !ok {
		panic("cuda: no kernel " + name)
	}
	l := &Launch{d: d, name: name, function: f, gridX: gridX, gridY: gridY, slots: args, params: make([]unsafe.Pointer, len(args))}
	for i := range l.slots {
		l.params[i] = unsafe.Pointer(&l.slots[i])
	}
	return l
}

// gridFor returns the number of blocks for a number of threads: enough for all, and no more than the GPU holds at once.
func (d *Device) gridFor(threads int) int {
	return clampInt(ceilDiv(threads, blockThreads), 1, d.MaxBlocks())
}

// Run puts the kernel into the stream. A refused launch is an error here; a kernel that fails shows at a later wait.
func (l *Launch) Run(s *Stream) error {
	l.d.traffic.Launches++
	return l.d.checkOn("launching ", l.name, 0, l.function.Launch(l.gridX, l.gridY, 1, blockThreads, 1, 1, 0, s.handle, l.params))
}

// SetAddress replaces argument i of the kernel, counted from 0, by another address. Its buffer must have at least as
// many elements as the buffer that the launch was made with. Launches that are in a stream already keep the old
// address.
func (l *Launch) SetAddress(i int, address uintptr) { l.slots[i] = pointerArg(address) }

// Limit replaces argument i of the kernel, a 32-bit count, by the smaller count n.
func (l *Launch) Limit(i, n int) { l.slots[i] = uint32Arg(n) }

// String describes the launch.
func (l *Launch) String() string {
	return fmt.Sprintf("%s<<<(%d, %d), %d>>>", l.name, l.gridX, l.gridY, blockThreads)
}

// need panics unless a buffer has at least n elements: a mistake of the program, which on a GPU would be a silent
// write elsewhere.
func need[T element](kernel string, b *Buffer[T], n int) {
	if b.n < n {
		panic(fmt.Sprintf("cuda: %s needs %d elements of %s, which has %d", kernel, n, b.name, b.n))
	}
}
