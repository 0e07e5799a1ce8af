package memory

import (
	"fmt"
	"testing"
	"testing/fstest"
)

// TestFreeMemory reads the files of systems without control groups, with both kinds, and in containers.
func TestFreeMemory(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing known", nil, unknownMemory},
		{"no groups", map[string]string{"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    2048 kB\n"}, 2 * mib},
		{"damaged", map[string]string{"proc/meminfo": "MemAvailable: lots kB\n"}, unknownMemory},
		{"version 2 without a limit", map[string]string{"proc/meminfo": "MemAvailable: 2048 kB\n", "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "5\n"}, 2 * mib},
		{"version 2", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": fmt.Sprint(4 * mib), "sys/fs/cgroup/a/b/memory.current": fmt.Sprint(3 * mib),
			"sys/fs/cgroup/a/b/memory.stat": fmt.Sprint("anon 7\ninactive_file ", mib, "\n")}, 2 * mib},
		{"version 2 that has read files", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "0::/a\n",
			"sys/fs/cgroup/a/memory.max": fmt.Sprint(4 * mib), "sys/fs/cgroup/a/memory.current": fmt.Sprint(4 * mib),
			"sys/fs/cgroup/a/memory.stat": fmt.Sprint("anon 7\ninactive_file ", mib, "\nactive_file ", mib/2, "\nslab_reclaimable ", mib/4, "\nslab_unreclaimable 9\n")}, mib + mib/2 + mib/4},
		{"version 1 that has read files", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "9:memory:/a\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": fmt.Sprint(4 * mib), "sys/fs/cgroup/memory/a/memory.usage_in_bytes": fmt.Sprint(4 * mib),
			"sys/fs/cgroup/memory/a/memory.stat": fmt.Sprint("inactive_file 5\nactive_file 6\ntotal_inactive_file ", mib, "\ntotal_active_file ", mib, "\n")}, 2 * mib},
		{"a group above", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/memory.max": fmt.Sprint(4 * mib), "sys/fs/cgroup/a/memory.current": fmt.Sprint(1 * mib)}, 3 * mib},
		{"a container that sees its own group", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "0::/docker/0123\n",
			"sys/fs/cgroup/memory.max": fmt.Sprint(4 * mib), "sys/fs/cgroup/memory.current": fmt.Sprint(1 * mib)}, 3 * mib},
		{"version 1", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "9:cpu,memory:/a\n3:cpuset:/a\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": fmt.Sprint(4 * mib), "sys/fs/cgroup/memory/a/memory.usage_in_bytes": fmt.Sprint(2 * mib),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712", "sys/fs/cgroup/memory/memory.usage_in_bytes": "1"}, 2 * mib},
		{"over its limit", map[string]string{"proc/meminfo": "MemAvailable: 8192 kB\n", "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "1000", "sys/fs/cgroup/memory.current": "2000"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := freeIn(root); got != c.want {
				t.Errorf("%d bytes, want %d", got, c.want)
			}
		})
	}
	if usable(0) != leastMemory || usable(leastMemory+1) != leastMemory+1 || Free() < leastMemory {
		t.Errorf("%d bytes where nothing is said to be free, %d of one more, %d on this machine", usable(0), usable(leastMemory+1), Free())
	}
}
