package memory

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMemoryIsWatched(t *testing.T) {
	for _, c := range []struct {
		name      string
		data, gos int64
		want      bool
	}{{"taken by Go", 96, 60, true}, {"taken by others", 96, 40, false}, {"not taken", 90, 80, false}} {
		tick := make(chan time.Time, 3)
		for range 3 {
			tick <- time.Time{}
		}
		close(tick)
		calls := 0
		watchMemory(100, tick, func() int64 { return c.data }, func() int64 { return c.gos }, func(limit int64) int64 { return limit }, func(taken, limit int64) { calls++ })
		if want := map[bool]int{true: 1}[c.want]; calls != want {
			t.Errorf("%s: told %d times, want %d", c.name, calls, want)
		}
	}
	if data, gos := dataMemory(), goMemory(); data != 0 && (data < gos/2 || gos <= 0) {
		t.Errorf("%d bytes of data, %d of Go", data, gos)
	}
}

// TestMemoryThatBecomesFree holds that no process ends for want of memory that has become free since it began, that
// the limit is raised without want as well, and never beyond what the program was started with.
func TestMemoryThatBecomesFree(t *testing.T) {
	tick := make(chan time.Time, 2*raiseTicks)
	for range 2 * raiseTicks {
		tick <- time.Time{}
	}
	close(tick)
	var limits []int64
	watchMemory(100, tick, func() int64 { return 96 }, func() int64 { return 95 }, func(limit int64) int64 {
		limits = append(limits, limit)
		return limit + 50
	}, func(taken, limit int64) { t.Errorf("%d of %d are taken", taken, limit) })
	if !slices.Equal(limits, []int64{100, 150, 200}) {
		t.Errorf("limits %d were to be raised", limits)
	}
	if got := raiseTo(100, 1000); got != 100 {
		t.Errorf("a limit that is not the program's own was raised to %d", got)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &now); err != nil || runtime.GOOS != "linux" {
		return
	}
	given.set, given.limit = true, unix.Rlimit{Cur: min(now.Cur, 1<<40), Max: now.Max}
	defer func() {
		given.set, given.limit = false, unix.Rlimit{}
		debug.SetMemoryLimit(math.MaxInt64)
		if err := unix.Setrlimit(unix.RLIMIT_DATA, &now); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range []struct {
		most uint64
		want int64
	}{{1 << 38, 1 << 38}, {1 << 41, 1 << 40}, {1<<36 + 1, 1 << 36}} {
		if got := raiseTo(1<<36, c.most); uint64(c.want) <= now.Cur && got != c.want {
			t.Errorf("to %d: %d, want %d", c.most, got, c.want)
		}
	}
}
