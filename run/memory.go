package run

import (
	"os"
	"strconv"
	"strings"
)

// cache is the memory for stored activations: what was asked for, else a quarter of what is free.
func (s *searching) cache() int64 {
	if s.config.Cache != 0 {
		return max(0, s.config.Cache)
	}
	return freeMemory() / 4
}

// freeMemory is what the system says can still be had, in bytes; 4 GiB where it does not say.
func freeMemory() int64 {
	const unknown = 4 << 30
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return unknown
	}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			if kib, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	return unknown
}
