package tasktest

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"gonum.org/v1/gonum/stat"

	"example.org/demote/backend"
	"example.org/demote/cgo"
)

// Use is what a process holds between two searches.
type Use struct {
	At             float64 // hours since the start
	Resident, Heap float64 // bytes
	Descriptors    float64
	Goroutines     float64
	Handles        float64 // of ONNX Runtime
}

// MeasureUse is what this process holds now, once it has given back what it can. Goroutines that are on their way out
// are waited for, as long as there are more than so many.
func MeasureUse(start time.Time, idle int) (u Use, err error) {
	runtime.GC()
	backend.Trim()
	for range 100 {
		if runtime.NumGoroutine() <= idle {
			break
		}
		time.Sleep(time.Millisecond)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return u, err
	}
	pages, err := strconv.Atoi(string(bytes.Fields(statm)[1]))
	if err != nil {
		return u, err
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return u, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Use{At: time.Since(start).Hours(), Resident: float64(pages * os.Getpagesize()), Heap: float64(m.HeapAlloc),
		Descriptors: float64(len(open)), Goroutines: float64(runtime.NumGoroutine()), Handles: float64(cgo.Live())}, nil
}

// Bounds are the most by which the measures of a Use may grow, in their own units.
type Bounds struct{ Resident, Heap, Descriptors, Goroutines, Handles float64 }

// Grown tells how each measure has grown from the first to the last, behind the first tenth, in a line each; beyond are
// those that have grown by more than they may.
func Grown(seen []Use, most Bounds) (lines, beyond []string) {
	for _, c := range []struct {
		name        string
		of          func(Use) float64
		unit, bound float64
	}{
		{"resident memory, MiB", func(u Use) float64 { return u.Resident }, 1 << 20, most.Resident},
		{"Go heap, MiB", func(u Use) float64 { return u.Heap }, 1 << 20, most.Heap},
		{"file descriptors", func(u Use) float64 { return u.Descriptors }, 1, most.Descriptors},
		{"goroutines", func(u Use) float64 { return u.Goroutines }, 1, most.Goroutines},
		{"C handles", func(u Use) float64 { return u.Handles }, 1, most.Handles},
	} {
		slope, growth := Growth(seen[len(seen)/10:], c.of)
		lines = append(lines, fmt.Sprintf("%-22s %+.3f an hour, %+.3f by the end (at most %g)", c.name, slope/c.unit, growth/c.unit, c.bound/c.unit))
		if growth > c.bound {
			beyond = append(beyond, fmt.Sprintf("%s: %+.3f by the end, more than %g", c.name, growth/c.unit, c.bound/c.unit))
		}
	}
	return lines, beyond
}

// Growth is the slope of the line of least squares through measurements, by the hour, and what it makes from the first
// to the last.
func Growth(seen []Use, of func(Use) float64) (slope, total float64) {
	var x, y []float64
	for _, u := range seen {
		x, y = append(x, u.At), append(y, of(u))
	}
	if len(x) < 3 {
		return 0, 0
	}
	_, slope = stat.LinearRegression(x, y, nil, false)
	return slope, slope * (x[len(x)-1] - x[0])
}
