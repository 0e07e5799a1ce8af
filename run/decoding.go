package run

import (
	"fmt"
	"time"
)

// decodeEvery is the time between two lines about images that are being decoded.
const decodeEvery = 2 * time.Second

// decoding tells how far the decoding of a folder of images has come, with the time that the rest will take at the same pace.
func decoding(path string, c Config) func(done, total int) {
	if c.Say == nil {
		return nil
	}
	begun := time.Now()
	return func(done, total int) {
		left := time.Duration(float64(time.Since(begun)) / float64(done) * float64(total-done))
		c.Say(fmt.Sprintf("%s: %d of %d images decoded, about %v left", path, done, total, left.Round(time.Second)))
	}
}
