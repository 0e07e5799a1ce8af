package tasktest

import (
	"bytes"
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
