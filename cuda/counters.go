//go:build cuda

package cuda

import (
	"fmt"
	"sync/atomic"
)

// Counts are the handles that are open in this process. All zero after every Worker is closed, or something leaks.
type Counts struct {
	Workers, Streams, Events, Buffers, Bytes int64
}

var open struct {
	workers, streams, events, buffers, bytes atomic.Int64
}

// Live returns what is open now.
func Live() Counts {
	return Counts{open.workers.Load(), open.streams.Load(), open.events.Load(), open.buffers.Load(), open.bytes.Load()}
}

// String lists the counts.
func (c Counts) String() string {
	return fmt.Sprintf("%d workers, %d streams, %d events, %d buffers of %d bytes", c.Workers, c.Streams, c.Events, c.Buffers, c.Bytes)
}

// Traffic counts what a device was asked to move and run since it was opened.
type Traffic struct {
	UpCopies, UpBytes         int64 // host to device
	DownCopies, DownBytes     int64 // device to host
	DeviceCopies, DeviceBytes int64 // device to device
	Allocations               int64
	Launches                  int64
}

// Sub returns the traffic since an earlier look.
func (t Traffic) Sub(u Traffic) Traffic {
	return Traffic{
		t.UpCopies - u.UpCopies, t.UpBytes - u.UpBytes,
		t.DownCopies - u.DownCopies, t.DownBytes - u.DownBytes,
		t.DeviceCopies - u.DeviceCopies, t.DeviceBytes - u.DeviceBytes,
		t.Allocations - u.Allocations, t.Launches - u.Launches,
	}
}
