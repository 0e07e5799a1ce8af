package backend

import (
	"math"
	"time"
)

// sameBits tells whether two lists of as many values are the same, bit by bit.
func sameBits(a, b []float32) bool {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

// timePart is the seconds that one run of a part takes.
func timePart(l lane, data block, part int) (float64, error) {
	start := time.Now()
	err := l.runPart(data, part)
	if err == nil {
		err = l.wait()
	}
	return time.Since(start).Seconds(), err
}
