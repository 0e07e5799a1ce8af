package fleet

import (
	"runtime"
	"syscall"
)

// giveWay lets others run between two blocks: the goroutine that sends what has just been answered, and the threads
// that wait for a processor, here and in other processes, to hear of it or to say that the lease is over. Where all
// processors compute they would wait for a block to end, each at each step of the way.
func giveWay() {
	runtime.Gosched()
	_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0)
}
