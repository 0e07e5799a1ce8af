package far

import (
	"syscall"
	"time"
)

// A thread that sleeps wakes as much later as the kernel takes to be exact enough.
const slack = 50 * time.Microsecond

// nap sleeps for less than a millisecond, which time.Sleep takes for a whole one where nothing else is to be done.
func nap(d time.Duration) {
	if d > slack {
		left := syscall.NsecToTimespec(int64(d - slack))
		_ = syscall.Nanosleep(&left, nil) // a signal ends it early
	}
}
