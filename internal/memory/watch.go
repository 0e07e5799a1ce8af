package memory

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
	raiseTicks = 50 // after that many ticks, Watch looks for more free memory
)

// Watch calls full, once and from another goroutine, when the memory limit of this process (see Limit) is almost
// reached, mostly by Go. The next allocation would end the process with Go's own exit code, which is that of a user's
// mistake, and a stack. An allocation larger than the rest of the limit still does that. Watch does nothing without a
// limit.
func Watch(full func(taken, limit int64)) {
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &now) != nil || now.Cur > math.MaxInt64 {
		return
	}
	limit := int64(now.Cur)
	collectBelow(limit)
	if dataMemory() > 0 {
		go watchMemory(limit, time.Tick(memoryTick), dataMemory, goMemory, raiseLimit, full)
	}
}

// collectBelow lets Go collect garbage before the garbage reaches the limit.
func collectBelow(limit int64) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(limit / 5 * 4)
	}
}

func watchMemory(limit int64, tick <-chan time.Time, data, gos func() int64, raise func(limit int64) int64, full func(taken, limit int64)) {
	for n := 1; ; n++ {
		if _, ok := <-tick; !ok {
			return
		}
		if n%raiseTicks == 0 {
			limit = raise(limit)
		}
		taken := data()
		over := func() bool { return float64(taken) > memoryFull*float64(limit) && gos() > limit/2 }
		if !over() {
			continue
		}
		if limit = raise(limit); over() {
			full(taken, limit)
			return
		}
	}
}

// raiseLimit raises the limit that Limit has set, where more memory has become free since, and returns the one in
// force.
func raiseLimit(limit int64) int64 { return raiseTo(limit, mostMemory(Free()+residentMemory())) }

// raiseTo raises the limit to most bytes, but not beyond the one that the program was started with, if that is worth
// the while.
func raiseTo(limit int64, most uint64) int64 {
	given.Lock()
	defer given.Unlock()
	if !given.set {
		return limit
	}
	most = min(most, given.limit.Cur, math.MaxInt64)
	if most <= uint64(limit)+uint64(limit)/16 || unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: given.limit.Max}) != nil {
		return limit
	}
	collectBelow(int64(most))
	return int64(most)
}

// residentMemory returns the resident memory of this process, without files.
func residentMemory() int64 { return max(0, memoryPages(1)-memoryPages(2)) }

// dataMemory returns the memory of this process that counts for its limit; 0 if the system does not report it.
func dataMemory() int64 { return memoryPages(5) }

// memoryPages is one of the figures that the system has of this process, in bytes; 0 where it does not say.
func memoryPages(field int) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text)) // pages: size, resident, shared, text, library, data
	if len(fields) <= field {
		return 0
	}
	pages, err := strconv.ParseInt(fields[field], 10, 64)
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
