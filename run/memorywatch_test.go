package run

import (
	"testing"
	"time"
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
		watchMemory(100, tick, func() int64 { return c.data }, func() int64 { return c.gos }, func(taken, limit int64) { calls++ })
		if want := map[bool]int{true: 1}[c.want]; calls != want {
			t.Errorf("%s: told %d times, want %d", c.name, calls, want)
		}
	}
	if data, gos := dataMemory(), goMemory(); data != 0 && (data < gos/2 || gos <= 0) {
		t.Errorf("%d bytes of data, %d of Go", data, gos)
	}
}
