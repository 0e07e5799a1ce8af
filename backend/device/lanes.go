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

// inRow is how many runs of a part TimeQueued times together.
const inRow = 4

// TimeQueued is the seconds that one run of a part takes on a device with a queue, where others are in front of it and
// behind it: what the device takes from one mark to another, or what the host takes to ask for it, where that is more.
// A wait for the queue is not in it, since trials do not wait for each part. It is called inside Do.
func TimeQueued(l Lane, data Block, part int) (float64, error) {
	var asked, ran time.Duration
	run := func() error { return l.RunPart(data, part) }
	row := func() (err error) {
		start := time.Now()
		for range inRow {
			if err == nil {
				err = run()
			}
		}
		asked = time.Since(start)
		return err
	}
	last := func() error {
		start := time.Now()
		err := l.Reach()
		ran = time.Since(start)
		return err
	}
	for _, step := range []func() error{l.Wait, run, l.Mark, row, l.Mark, l.Reach, last} {
		if err := step(); err != nil {
			return 0, err
		}
	}
	return max(asked, ran).Seconds() / inRow, nil
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
