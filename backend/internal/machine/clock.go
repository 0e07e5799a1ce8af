package machine

import (
	"time"

	"golang.org/x/sys/unix"
)

// A clock tells what has been spent since it was started on a device that computes on this processor: the time that has
// passed, or the processor time of this process where that is less. So other work on the machine does not use up what
// the choice of cuts may take, and without cuts a search takes several times as long. On any other device, which this
// process waits for, it is the time that has passed.
type clock struct {
	begun time.Time
	spent time.Duration // processor time
	waits bool
}

// startClock starts a clock for this device.
func (e *Single) startClock() clock { return clock{time.Now(), processorTime(), !e.can.InOrder} }

// seconds is what has been spent since.
func (c clock) seconds() float64 {
	passed := time.Since(c.begun)
	if now := processorTime(); !c.waits && now > 0 {
		passed = min(passed, now-c.spent)
	}
	return passed.Seconds()
}

// processorTime is that of this process, over all threads; 0 if the system does not report it.
func processorTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
