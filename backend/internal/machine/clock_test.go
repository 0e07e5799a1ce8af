package machine

import (
	"testing"
	"time"

	"example.org/demote/backend/device"
)

// TestClock holds that waiting for the processor counts for nothing, unless a device computes meanwhile, and that work
// counts.
func TestClock(t *testing.T) {
	const long = 100 * time.Millisecond
	here, elsewhere := &Single{can: device.Traits{InOrder: true}}, &Single{}
	for _, c := range []struct {
		name        string
		of          *Single
		what        func()
		least, most time.Duration
	}{
		{"sleeps", here, func() { time.Sleep(long) }, 0, long / 2},
		{"works", here, func() {
			for begun := processorTime(); processorTime() < begun+long; {
			}
		}, long / 2, time.Hour},
		{"waits for a device", elsewhere, func() { time.Sleep(long) }, long, time.Hour},
	} {
		watch := c.of.startClock()
		c.what()
		if got := time.Duration(watch.seconds() * float64(time.Second)); got < c.least || got > c.most {
			t.Errorf("%s: %v, want %v to %v", c.name, got, c.least, c.most)
		}
	}
}
