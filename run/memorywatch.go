package run

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// How often the memory is looked at, and the share of the limit from which there is none left.
const (
	memoryTick = 20 * time.Millisecond
	memoryFull = 0.95
)

// WatchMemory calls full, once and from another goroutine, when the memory that this process may have (see LimitMemory) is
// taken, most of it by Go: the next allocation would end the process with Go's own exit code, that of a mistake, and a stack.
// One allocation that is larger than what is left still does. It does nothing where there is no limit.
func WatchMemory(full func(taken, limit int64)) {
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &now) != nil || now.Cur > math.MaxInt64 {
		return
	}
	limit := int64(now.Cur)
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(limit / 5 * 4) // garbage is collected before it is what there is no room for
	}
	if dataMemory() > 0 {
		go watchMemory(limit, time.Tick(memoryTick), dataMemory, goMemory, full)
	}
}

func watchMemory(limit int64, tick <-chan time.Time, data, gos func() int64, full func(taken, limit int64)) {
	for range tick {
		if taken := data(); float64(taken) > memoryFull*float64(limit) && gos() > limit/2 {
			full(taken, limit)
			return
		}
	}
}

// dataMemory is what counts for the limit on the memory of this process; 0 where the system does not say.
func dataMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text)) // pages: size, resident, shared, text, library, data
	if len(fields) < 6 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[5], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// goMemory is what Go has of that.
func goMemory() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
