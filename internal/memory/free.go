package memory

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// unknownMemory is the assumed free memory if the system does not report it.
const unknownMemory = 4 << 30

// leastMemory is what a run may count on in bytes, whatever the system says: it takes more itself before it asks, and
// a control group's statistics lag behind its use, by which nothing at all seems free for a moment.
const leastMemory = 256 << 20

// Free returns the free memory of the system and of the control groups of this process, in bytes, but at least
// leastMemory.
func Free() int64 { return usable(freeIn(os.DirFS("/"))) }

func usable(free int64) int64 { return max(leastMemory, free) }

// freeIn is what the files of a root folder say is free.
func freeIn(root fs.FS) int64 {
	free := int64(-1)
	for _, line := range linesOf(root, "proc/meminfo") {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				free = kib << 10
			}
		}
	}
	if free < 0 {
		return unknownMemory
	}
	for _, line := range linesOf(root, "proc/self/cgroup") { // hierarchy:controllers:path
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 {
			continue
		}
		switch {
		case fields[1] == "":
			free = min(free, leftIn(root, "sys/fs/cgroup", fields[2], "memory.max", "memory.current"))
		case strings.Contains(","+fields[1]+",", ",memory,"):
			free = min(free, leftIn(root, "sys/fs/cgroup/memory", fields[2], "memory.limit_in_bytes", "memory.usage_in_bytes"))
		}
	}
	return free
}

// leftIn is the least that a control group and those above it leave. In a container the path may be
// that of the host, of which only the mount point is seen.
func leftIn(root fs.FS, mount, group, limit, used string) int64 {
	least := int64(1<<63 - 1)
	for group = path.Clean("/" + group); ; group = path.Dir(group) {
		folder := path.Join(mount, group)
		most, ok := number64(root, path.Join(folder, limit))
		if now, there := number64(root, path.Join(folder, used)); ok && there {
			least = min(least, max(0, most-now+reclaimable(root, folder)))
		}
		if group == "/" {
			return least
		}
	}
}

// reclaimable is what a group's files and the system's notes on them take in memory, and give back where it is
// wanted. Version 1 has the sums with the groups below under names of their own.
func reclaimable(root fs.FS, folder string) int64 {
	var own, total int64
	for _, line := range linesOf(root, path.Join(folder, "memory.stat")) {
		name, value, _ := strings.Cut(line, " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "inactive_file", "active_file", "slab_reclaimable":
			own += n
		case "total_inactive_file", "total_active_file":
			total += n
		}
	}
	return max(own, total)
}

// number64 reads a file with one number; false for anything else, such as max.
func number64(root fs.FS, name string) (int64, bool) {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n, err == nil
}

func linesOf(root fs.FS, name string) []string {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil
	}
	return strings.Split(string(data), "\n")
}

// mostMemory returns the limit for a process with that many free bytes.
func mostMemory(bytes int64) uint64 { return uint64(bytes) / 4 * 5 }

// Limit limits the memory of this process to the free memory, and a quarter more for memory that it reserves and never
// touches. So a network that needs far more ends with an error, and the system does not kill the process. Metric
// commands do not inherit the limit. Limit does nothing if the system has no such limit, or if a lower one is set.
// Watch raises the limit when more memory becomes free.
func Limit() {
	if runtime.GOOS != "linux" {
		return
	}
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &now) != nil {
		return
	}
	most := mostMemory(Free())
	if most < now.Cur {
		given.Lock()
		defer given.Unlock()
		if !given.set {
			given.set, given.limit = true, now
		}
		now.Cur = most
		_ = unix.Setrlimit(unix.RLIMIT_DATA, &now) // without it all goes well but in the worst case
	}
}

// Left returns the memory that this process can still get: the free memory, or the rest of its own limit on data.
func Left() int64 {
	free := Free()
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &limit) == nil && limit.Cur < math.MaxInt64 {
		free = min(free, max(0, int64(limit.Cur)-dataMemory()))
	}
	return free
}

// Text formats a number of bytes for the user.
func Text(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}
