package device

import (
	"math"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"example.org/demote/crash"
)

// SameBits tells whether two lists of as many values are the same, bit by bit: 0 and -0 differ, and a NaN equals
// itself. It panics if b is the shorter one.
func SameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

// TimePart is the seconds that one run of a part takes, until the lane has done it. It is called inside Do.
func TimePart(l Lane, data Block, part int) (float64, error) {
	start := time.Now()
	err := l.RunPart(data, part)
	if err == nil {
		err = l.Wait()
	}
	return time.Since(start).Seconds(), err
}

// OnLanes calls f for several lanes at once, each from a goroutine of its own, and returns the first error once all
// have ended. A panic of f, and a fault of reading a file that is mapped, is such an error: a *crash.Error.
func OnLanes(lanes []Lane, f func(at int, l Lane) error) error {
	var all errgroup.Group
	for at, l := range lanes {
		all.Go(func() (err error) {
			defer crash.Catch(&err)
			defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // weights may lie in a file that is mapped
			return f(at, l)
		})
	}
	return all.Wait()
}
